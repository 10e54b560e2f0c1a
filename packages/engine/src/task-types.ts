import type { Task } from '@tiercel/model';

/** What the engine must know of the task types that plugins bring. */
export interface TaskTypes {
  /** The name under which a type or alias is defined; undefined: no such type. */
  canonical(type: string): string | undefined;
  /** Where a task of this canonical type runs, for types that the engine does not interpret itself. */
  lane(type: string): 'inline' | 'worker';
}

/** Group of a task that names none. */
export const DEFAULT_GROUP = 'default';

export const workerGroupOf = (task: Task): string => task.workerGroup?.key ?? DEFAULT_GROUP;
