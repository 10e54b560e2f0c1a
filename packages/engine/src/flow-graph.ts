import type { Branch, Flow, Task } from '@tiercel/model';
import { analyseStructure, type TemplateUse } from '@tiercel/expressions';
import { flowableOf, type Flowable } from './flowables/index.ts';
import { prepareInputs, type PreparedInputs } from './input-variables.ts';
import type { TaskTypes } from './task-types.ts';

/** A task with what the engine needs to know of it, found once per flow revision. */
export interface TaskNode {
  readonly task: Task;
  /** Canonical type; the one written when it is unknown. */
  readonly type: string;
  readonly flowable: Flowable | undefined;
  readonly lane: 'inline' | 'worker';
  /** What its own expressions touch. Undefined: one of them does not even parse, so it fails when it runs. */
  readonly use: TemplateUse | undefined;
  /** Enclosing flowable; undefined at the root. */
  readonly parent: TaskNode | undefined;
  /** Whether the task stands, at any depth, below an `errors` list. */
  readonly inErrors: boolean;
}

/** A flow revision prepared for the engine. Immutable, shared by all its executions. */
export interface FlowGraph {
  readonly flow: Flow;
  readonly inputs: PreparedInputs;
  node(taskId: string): TaskNode | undefined;
}

/** Prepares a flow. Cost is linear in the size of the flow. */
export function compileFlow(flow: Flow, types: TaskTypes): FlowGraph {
  const nodes = new Map<string, TaskNode>();
  const visit = (task: Task, parent: TaskNode | undefined, branch: Branch): void => {
    const type = types.canonical(task.type) ?? task.type;
    const flowable = flowableOf(type);
    const use = flowable === undefined ? useOf(task) : undefined;
    const node: TaskNode = {
      task,
      type,
      flowable,
      lane: flowable === undefined && runsInline(task, types.lane(type), use) ? 'inline' : 'worker',
      use,
      parent,
      inErrors: branch === 'errors' || parent?.inErrors === true,
    };
    nodes.set(task.id, node);
    for (const child of flowable?.lists(task) ?? []) visit(child, node, 'main');
    for (const child of errorTasks(task)) visit(child, node, 'errors');
  };
  for (const task of flow.tasks) visit(task, undefined, 'main');
  for (const task of flow.errors) visit(task, undefined, 'errors');
  return { flow, inputs: prepareInputs(flow.inputs), node: (taskId) => nodes.get(taskId) };
}

/** The local error branch of a flowable. */
export const errorTasks = (task: Task): readonly Task[] =>
  Array.isArray(task['errors']) ? (task['errors'] as Task[]) : [];

function useOf(task: Task): TemplateUse | undefined {
  try {
    return analyseStructure(task);
  } catch {
    return undefined; // Its rendering will fail with the place and the reason, in the task's own log.
  }
}

/**
 * The inline lane takes bounded work only: a worker group, a timeout, or an expression that needs I/O (or may, being
 * dynamic) sends the task to a worker as any other.
 */
const runsInline = (task: Task, lane: 'inline' | 'worker', use: TemplateUse | undefined): boolean =>
  lane === 'inline' &&
  task.workerGroup === undefined &&
  task.timeout === undefined &&
  (use === undefined || (!use.io && !use.dynamic));
