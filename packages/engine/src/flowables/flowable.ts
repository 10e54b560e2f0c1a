import type { JsonObject, Task } from '@tiercel/model';
import type { Frame } from '../frame.ts';

/** Renders the properties that decide what a flowable does. All of them may throw NeedsIo or ExpressionError. */
export interface Renderer {
  text(template: string): string;
  /** The value itself when the template is one expression, its text otherwise. */
  value(template: string): unknown;
  structure(value: unknown): unknown;
}

/** A run to be created: a task and, in loops, the iteration that it belongs to. */
export interface NextRun {
  readonly task: Task;
  readonly item?: number;
  readonly value?: string;
}

/** What a flowable decided when it started. */
export interface Plan {
  /** Kept with the task run, so that later steps and restarts go by it. Undefined: nothing to remember. */
  readonly plan?: JsonObject;
  readonly outputs?: JsonObject;
}

/**
 * A task that the engine interprets: it decides which of its children run next (execution-semantics.md §6). One file each;
 * a new flowable is one such object, added to the table in `index.ts`.
 */
export interface Flowable {
  readonly type: string;
  /** All tasks of its main lists, of every branch, as written (for looking tasks up; disabled ones included). */
  lists(task: Task): readonly Task[];
  /** Decides, once, when the task run starts. Throws to fail it. */
  start(task: Task, render: Renderer): Plan;
  /** The enabled tasks of the main branch that the plan chose. */
  children(task: Task, plan: JsonObject | undefined): readonly Task[];
  /** Which main runs are created next; called whenever a child ended. Cost: what it answers, not what there is. */
  next(frame: Frame, limit: number): readonly NextRun[];
  /** How many main runs the plan will have in all; 0 resolves at once. */
  total(task: Task, plan: JsonObject | undefined): number;
  /** Called for each main child when bookkeeping is rebuilt from rows, in order of creation. */
  recall?(frame: Frame): void;
}

/** Property that holds a list of tasks; absent: none. */
export const taskList = (task: Task, property: string): readonly Task[] => {
  const list = task[property];
  return Array.isArray(list) ? (list as Task[]) : [];
};

export const enabled = (tasks: readonly Task[]): readonly Task[] =>
  tasks.every((task) => task.disabled !== true) ? tasks : tasks.filter((task) => task.disabled !== true);
