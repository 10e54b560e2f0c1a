import type { ExecutionHint, TaskJob } from '@tiercel/contracts';
import type { QueueItem } from '../port.ts';

export type { Consumer, Messaging, Queue, QueueItem } from '../port.ts';
export type TaskMessage = TaskJob;

export const aHint = (executionId: string): ExecutionHint => ({
  v: 1,
  kind: 'look',
  tenant: 'main',
  partition: 0,
  executionId,
});

/** A job that can be told from others by the id of its task run. */
export const aTask = (taskRunId: string, change: Partial<TaskJob> = {}): TaskJob => ({
  v: 1,
  kind: 'task',
  tenant: 'main',
  partition: 0,
  workerGroup: 'default',
  executionId: 'e',
  namespace: 'company.team',
  flowId: 'a-flow',
  flowRevision: 1,
  taskRunSeq: 0,
  taskRunId,
  dispatch: 1,
  attempt: 0,
  taskRunStart: 0,
  task: { id: 't', type: 'x' },
  variables: {},
  ...change,
});

/** Jobs with their ids: the prefix and a number. */
export const items = (prefix: string, count: number): QueueItem<TaskJob>[] =>
  Array.from({ length: count }, (_, i) => ({ id: `${prefix}${i}`, message: aTask(`${prefix}${i}`) }));
