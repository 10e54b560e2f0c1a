import { analyse, type TemplateUse } from '@tiercel/expressions';
import type { FlowInput } from '@tiercel/model';
import type { Reader } from '../reader.ts';

type ById = ReadonlyMap<string, FlowInput>;

/**
 * The inputs that others depend on are there, and none depends on itself in the end (execution-semantics.md §10.3, §10.10). Warns of
 * conditions that look at an input which is not listed: they see only those that are.
 */
export function checkInputDependencies(reader: Reader, inputs: readonly FlowInput[]): void {
  const byId = new Map(inputs.map((input) => [input.id, input]));
  inputs.forEach((input, index) => {
    const listed = input.dependsOn?.inputs ?? [];
    listed.forEach((id, position) => {
      if (byId.has(id)) return;
      const place = reader.document.place(['inputs', index, 'dependsOn', 'inputs', position]);
      reader.constraint(
        [],
        `Invalid Flow: Input with id '${input.id}' depends on a non-existent input '${id}'.`,
        place,
      );
    });
    warnOfUnlisted(reader, input, byId);
  });
  reportCycles(reader, inputs, byId);
}

/** More inputs than these are not looked at for a way back to themselves: nobody reads so many problems. */
const MAX_REPORTED = 100;

function reportCycles(reader: Reader, inputs: readonly FlowInput[], byId: ById): void {
  for (const input of unordered(inputs, byId).slice(0, MAX_REPORTED)) {
    const cycle = wayBack(input, byId);
    if (cycle === undefined) continue;
    const place = reader.document.place(['inputs', inputs.indexOf(input), 'dependsOn']);
    const message = `Invalid Flow: Cycle dependency detected for input with id '${input.id}': [${cycle.join(', ')}]`;
    reader.constraint([], message, place);
  }
}

/** The inputs that stay when all are taken away whose dependencies are gone: those on a cycle, and those that depend on one. */
function unordered(inputs: readonly FlowInput[], byId: ById): readonly FlowInput[] {
  const dependants = new Map<string, string[]>();
  const open = new Map<string, number>();
  for (const { id, dependsOn } of inputs) {
    const known = (dependsOn?.inputs ?? []).filter((other) => byId.has(other));
    open.set(id, known.length);
    for (const other of known) {
      const list = dependants.get(other);
      if (list === undefined) dependants.set(other, [id]);
      else list.push(id);
    }
  }
  const ready = [...open].filter(([, count]) => count === 0).map(([id]) => id);
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    open.delete(id);
    for (const other of dependants.get(id) ?? []) {
      const left = (open.get(other) ?? 0) - 1;
      open.set(other, left);
      if (left === 0) ready.push(other);
    }
  }
  return inputs.filter(({ id }) => open.has(id));
}

/** The ids on the shortest way from an input back to itself. */
function wayBack(start: FlowInput, byId: ById): readonly string[] | undefined {
  const from = new Map<string, string>();
  const queue = [start.id];
  for (let at = 0; at < queue.length; at++) {
    const id = queue[at]!;
    for (const other of byId.get(id)?.dependsOn?.inputs ?? []) {
      if (other === start.id) return wayTo(id, from);
      if (from.has(other) || !byId.has(other)) continue;
      from.set(other, id);
      queue.push(other);
    }
  }
  return undefined;
}

function wayTo(end: string, from: ReadonlyMap<string, string>): readonly string[] {
  const way: string[] = [];
  for (let id: string | undefined = end; id !== undefined; id = from.get(id)) way.push(id);
  return way.toReversed();
}

function warnOfUnlisted(reader: Reader, input: FlowInput, byId: ById): void {
  const listed = new Set(input.dependsOn?.inputs);
  for (const id of namesIn(input.dependsOn?.condition ?? '', byId)) {
    if (listed.has(id)) continue;
    reader.warn(
      () =>
        `input \`${input.id}\`: its condition reads \`inputs.${id}\`, which is not in \`dependsOn.inputs\` and is unknown there`,
    );
  }
}

/** The inputs that a condition reads by their names. */
function namesIn(condition: string, byId: ById): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const [root, ...steps] of pathsOf(condition)) {
    if (root !== 'inputs') continue;
    let id = '';
    for (const step of steps) {
      if (typeof step !== 'string') break;
      id = id === '' ? step : `${id}.${step}`;
      if (byId.has(id)) ids.add(id);
    }
  }
  return ids;
}

function pathsOf(condition: string): TemplateUse['paths'] {
  try {
    return analyse(condition).paths;
  } catch {
    // Its syntax error is told as such.
    return [];
  }
}
