import type { PlacedTask } from '../sections/tasks.ts';
import type { Reader } from '../reader.ts';
import { calledFlow } from '../subflows.ts';

/** A flow that starts itself by name would never end (execution-semantics.md §10.10). Names with expressions cannot be told. */
export function checkRecursion(
  reader: Reader,
  flow: { readonly namespace: string; readonly id: string },
  tasks: readonly PlacedTask[],
): void {
  for (const { task, path } of tasks) {
    const called = calledFlow(task);
    if (called?.namespace === flow.namespace && called.id === flow.id) {
      const place = reader.document.place([...path, 'flowId']);
      reader.constraint([], `Invalid Flow: Recursive call to flow [${flow.namespace}.${flow.id}]`, place);
    }
  }
}
