import type { Execution, ExecutionEvent, JsonObject, Task } from '@tiercel/model';

/**
 * The catalogue of queue messages. A message is a hint: everything in it can be rebuilt from rows, and it may come
 * twice, late or never (docs/guarantees.md). Each carries schema version, tenant, partition, worker group and trace context.
 */
export interface MessageHead {
  readonly v: 1;
  readonly tenant: string;
  /** 0 to 63, of the execution (model `partitionOf`). */
  readonly partition: number;
  /** W3C `traceparent`, when a trace is on. */
  readonly trace?: string;
}

/** "Look at this execution." `created` and `events` are copies of rows, to save a read; the rows decide. */
export interface ExecutionHint extends MessageHead {
  readonly kind: 'look';
  readonly executionId: string;
  /** Copy of the row of an execution that was just made (version 0, no task runs, nothing in its inbox). */
  readonly created?: Execution;
  /** Copies of inbox rows with their ids. */
  readonly events?: readonly InboxCopy[];
  /** The reconciler asks: jobs without lease or result are to be sent again. */
  readonly resend?: boolean;
  /** Set when an executor passed the hint on to the owner of the partition; it is handled where it arrives then. */
  readonly passedOn?: boolean;
}

export interface InboxCopy {
  /** Id of the inbox row. */
  readonly id: string;
  readonly event: ExecutionEvent;
}

/** A task to run. Identified by execution, task run and dispatch number. */
export interface TaskJob extends MessageHead {
  readonly kind: 'task';
  readonly workerGroup: string;
  readonly executionId: string;
  readonly namespace: string;
  readonly flowId: string;
  readonly flowRevision: number;
  readonly taskRunSeq: number;
  readonly taskRunId: string;
  readonly dispatch: number;
  /** Number of earlier attempts, 0 for the first. */
  readonly attempt: number;
  readonly value?: string;
  readonly parentTaskRunId?: string;
  /** When the task run was created, ms since 1970. */
  readonly taskRunStart: number;
  /** The task as written in the flow. */
  readonly task: Task;
  /** What the task's own expressions refer to (expressions.md §13), plain JSON. */
  readonly variables: JsonObject;
  /** The variables can hold encrypted values: who runs the task decrypts them, so that no queue has them in clear. */
  readonly sealed?: boolean;
  /** The expressions are dynamic: the worker fetches the execution and builds all variables. */
  readonly fetchVariables?: boolean;
}

/** Job id of a task: unique per dispatch, without `:`. */
export const taskJobId = (job: Pick<TaskJob, 'taskRunId' | 'dispatch'>): string => `${job.taskRunId}-${job.dispatch}`;

/** Name of the queue of a worker group; `default` when a task names none. */
export const taskQueue = (workerGroup: string): string => `tasks-${workerGroup}`;
/** Name of the queue of one executor. */
export const executorQueue = (executorId: string): string => `executor-${executorId}`;
export const DEFAULT_WORKER_GROUP = 'default';

/** What goes over the bus. Losing any of it is harmless: readers re-read. */
export interface BusTopics {
  /** After each commit of an execution. */
  readonly execution: { readonly executionId: string; readonly version: number; readonly ended: boolean };
  /** New log lines of an execution are in the store. */
  readonly logs: { readonly executionId: string };
  /** The tasks of this execution that run on workers are to be killed. */
  readonly kill: { readonly executionId: string };
  /** A flow has a new revision. */
  readonly flow: { readonly tenant: string; readonly namespace: string; readonly flowId: string };
  /** A member of the cluster came or left in an orderly way. */
  readonly members: { readonly memberId: string };
  /** An operation was applied or refused. */
  readonly operation: { readonly operationId: string };
}
export type BusTopic = keyof BusTopics;
