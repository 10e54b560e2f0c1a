import type { Flow, Task } from '@tiercel/model';
import type { Path } from './problem.ts';
import { isRawMap } from './reader.ts';

/**
 * Properties of flowable tasks that hold tasks: a list of tasks, a list of maps with a `task` (Dag), or a map of lists
 * (`cases` of Switch).
 */
export const NESTED_TASK_PROPERTIES = ['tasks', 'then', 'else', 'cases', 'defaults', 'errors', 'finally'] as const;

export interface NestedTask {
  readonly task: unknown;
  /** From the task that holds it. */
  readonly path: Path;
}

/** The direct children of a task, whatever branch they are in. Only properties for which `has` holds are looked at. */
export function childTasks(
  task: Readonly<Record<string, unknown>>,
  has: (property: string) => boolean,
): readonly NestedTask[] {
  return NESTED_TASK_PROPERTIES.filter((property) => has(property)).flatMap((property) =>
    inProperty(task[property], [property]),
  );
}

function inProperty(value: unknown, path: Path): readonly NestedTask[] {
  if (Array.isArray(value)) return value.map((item: unknown, index) => inItem(item, [...path, index]));
  if (!isRawMap(value)) return [];
  return Object.entries(value).flatMap(([key, list]) => (Array.isArray(list) ? inProperty(list, [...path, key]) : []));
}

/** An entry of a Dag wraps its task; every other list holds tasks. */
const inItem = (item: unknown, path: Path): NestedTask =>
  isRawMap(item) && !('type' in item) && isRawMap(item['task'])
    ? { task: item['task'], path: [...path, 'task'] }
    : { task: item, path };

/** Every list of tasks that a flow has, joined; those inside tasks are not. */
export const allTasks = (flow: Flow): readonly Task[] => [
  ...flow.tasks,
  ...flow.errors,
  ...(flow.finally ?? []),
  ...(flow.afterExecution ?? []),
  ...(flow.listeners ?? []).flatMap(({ tasks }) => tasks),
];

/** The task with an id, wherever it stands in lists of tasks; the first of several. */
export function findTask(tasks: readonly unknown[], id: string): Readonly<Record<string, unknown>> | undefined {
  for (const task of tasks) {
    if (!isRawMap(task)) continue;
    if (task['id'] === id) return task;
    const below = findTask(
      childTasks(task, () => true).map((child) => child.task),
      id,
    );
    if (below !== undefined) return below;
  }
  return undefined;
}
