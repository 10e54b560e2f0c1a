import type { FlowInput } from '@tiercel/model';

/** An input with its place in the flow and the inputs that it depends on. */
export interface OrderedInput {
  readonly input: FlowInput;
  readonly index: number;
  /** Ids of other inputs of the flow; unknown ones and its own are no dependencies (execution-semantics.md §10.2). */
  readonly dependencies: readonly string[];
}

/** Inputs in the order of the flow, each after those that it depends on. A cycle, which the parser refuses, is cut somewhere. */
export function inOrder(inputs: readonly FlowInput[]): readonly OrderedInput[] {
  const byId = new Map(
    inputs.map((input, index): [string, OrderedInput] => [input.id, { input, index, dependencies: [] }]),
  );
  for (const [id, entry] of byId) {
    const dependencies = (entry.input.dependsOn?.inputs ?? []).filter((other) => other !== id && byId.has(other));
    byId.set(id, { ...entry, dependencies });
  }
  const order: OrderedInput[] = [];
  const seen = new Set<string>();
  for (const { id } of inputs) {
    // With a stack of its own: a chain can be longer than that of the platform.
    const stack = [{ id, next: 0 }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const entry = byId.get(top.id)!;
      if (top.next === 0 && seen.has(top.id)) stack.pop();
      else if (top.next < entry.dependencies.length) {
        seen.add(top.id);
        stack.push({ id: entry.dependencies[top.next++]!, next: 0 });
      } else {
        seen.add(top.id);
        order.push(entry);
        stack.pop();
      }
    }
  }
  return order;
}
