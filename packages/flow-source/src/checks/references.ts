import type { PathStep, TemplateUse } from '@tiercel/expressions';
import { nearestNames } from '@tiercel/model';
import type { Path } from '../problem.ts';
import type { Reader } from '../reader.ts';
import type { PlacedTask } from '../sections/tasks.ts';

/** What expressions of a flow can refer to. */
export interface References {
  /** What is wrong with the paths that a text at a place surely reads: one sentence each, made when it is asked for. */
  problems(use: TemplateUse, at: Path): readonly (() => string)[];
}

/** Flowables that run their tasks one after the other, by the last word of their type. */
const SEQUENTIAL: ReadonlySet<string> = new Set([
  'Sequential',
  'If',
  'Switch',
  'WorkingDirectory',
  'AllowFailure',
  'Pause',
]);
/** Flowables that run their tasks again and again: what stands later may have run in an earlier round. */
const LOOPS = /\.(?:ForEach|ForEachItem|EachSequential|EachParallel|WaitFor|LoopUntil)$/;
const ROOT_LISTS: ReadonlySet<unknown> = new Set(['tasks', 'errors', 'finally', 'afterExecution']);

export interface Names {
  readonly tasks: readonly PlacedTask[];
  readonly inputs: readonly { readonly id: string }[];
  readonly variables: unknown;
}

/**
 * Finds names in expressions that a flow does not have, and outputs of tasks that cannot have run yet. Only what is read for
 * sure counts: a name behind `??` or a condition may well be absent.
 */
export function createReferences(reader: Reader, { tasks, inputs, variables }: Names): References {
  const placed = new Map<string, PlacedTask>();
  for (const one of tasks) {
    const { id } = one.task;
    if (typeof id === 'string' && !placed.has(id)) placed.set(id, one);
  }
  const byPath = new Map(tasks.map((one) => [keyOf(one.path), one]));
  const ids = new Set(placed.keys());
  const known: Readonly<Record<string, ReadonlySet<string>>> = {
    outputs: ids,
    tasks: ids,
    // Ids with dots nest.
    inputs: new Set(inputs.map(({ id }) => id.split('.', 1)[0]!)),
    vars: new Set(typeof variables === 'object' && variables !== null ? Object.keys(variables) : []),
  };
  const isLoop = (path: Path): boolean =>
    path.some((_, length) => LOOPS.test(String(byPath.get(keyOf(path.slice(0, length)))?.task['type'])));
  const later = (at: Path, of: Path): boolean => {
    const fork = at.findIndex((step, index) => step !== of[index]);
    const [here, there] = [at[fork], of[fork]];
    if (typeof here !== 'number' || typeof there !== 'number' || there < here) return false;
    const list = at.slice(0, fork);
    return inOrder(list, byPath, reader) && !isLoop(at.slice(0, fork));
  };
  return {
    problems: (use, at) =>
      use.needed.flatMap((path) => {
        const [root, name] = path;
        if (typeof root !== 'string' || typeof name !== 'string' || !Object.hasOwn(known, root)) return [];
        const names = known[root]!;
        if (!names.has(name)) return [() => unknownName(root, name, names)];
        const task = root === 'outputs' ? placed.get(name) : undefined;
        return task !== undefined && later(at, task.path) ? [() => tooEarly(path, name)] : [];
      }),
  };
}

const keyOf = (path: Path): string => JSON.stringify(path);

/** Whether the tasks of a list run in their order. */
function inOrder(list: Path, byPath: ReadonlyMap<string, PlacedTask>, reader: Reader): boolean {
  if (list.length === 1) return ROOT_LISTS.has(list[0]);
  for (let length = list.length - 1; length > 0; length--) {
    const owner = byPath.get(keyOf(list.slice(0, length)));
    if (owner === undefined) continue;
    const type = reader.registry.canonical(String(owner.task['type'])) ?? '';
    return SEQUENTIAL.has(type.slice(type.lastIndexOf('.') + 1));
  }
  return false;
}

const WHAT: Readonly<Record<string, string>> = {
  outputs: 'task',
  tasks: 'task',
  inputs: 'input',
  vars: 'variable',
};

function unknownName(root: string, name: string, names: Iterable<string>): string {
  const [nearest] = nearestNames(name, names);
  const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
  return `this flow has no ${WHAT[root] ?? root} "${name}", so \`${root}.${name}\` will not be found${hint}`;
}

const tooEarly = (path: readonly PathStep[], name: string): string =>
  `\`${path.filter((step) => typeof step === 'string').join('.')}\` is not there yet: the task "${name}" runs later`;
