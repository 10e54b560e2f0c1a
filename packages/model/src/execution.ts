import type { State, StateHistory } from './states.ts';

/** Any JSON value. Values of expressions are reduced to this before they are stored. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export interface Label {
  readonly key: string;
  readonly value: string;
}

/** Who started an execution (execution-semantics.md §11.7). */
export interface ExecutionTrigger {
  readonly id: string;
  readonly type: string;
  readonly variables?: JsonObject;
}

/** An execution without its task runs (execution-semantics.md §1.2). Dates in ms since 1970. */
export interface Execution {
  readonly id: string;
  readonly tenant: string;
  readonly namespace: string;
  readonly flowId: string;
  readonly flowRevision: number;
  readonly history: StateHistory;
  readonly inputs?: JsonObject;
  readonly outputs?: JsonObject;
  readonly labels: readonly Label[];
  readonly variables?: JsonObject;
  readonly trigger?: ExecutionTrigger;
  readonly parentId?: string;
  readonly originalId: string;
  /** Counts restarts from 1. */
  readonly attemptNumber: number;
  readonly originalCreatedDate: number;
  /** The start is delayed until then. */
  readonly scheduleDate?: number;
}

/** One attempt of a task run; keeps the raw result (execution-semantics.md §2.4). */
export interface Attempt {
  readonly history: StateHistory;
  readonly logFile?: string;
}

/**
 * A task run (execution-semantics.md §1.3). `seq` is its place in the execution's list, from 0; the id is derived
 * from it (`taskRunIdOf`).
 */
export interface TaskRun {
  readonly seq: number;
  readonly id: string;
  readonly taskId: string;
  /** `seq` of the flowable task run that it is inside; absent at the root. */
  readonly parent?: number;
  /** Iteration value as text, only for direct children of a loop. */
  readonly value?: string;
  /** Index of the value in the loop's list, only with `value`. */
  readonly item?: number;
  /** Which list of the parent it comes from; error branches never change the parent's result. */
  readonly branch: Branch;
  readonly history: StateHistory;
  readonly attempts: readonly Attempt[];
  readonly outputs?: JsonObject;
  /** What a flowable decided when it started (values of a loop, branch taken); never shown to users. */
  readonly plan?: JsonObject;
  /** Raised at each dispatch, retry and restart, never reset; identifies jobs, leases and results. 0: never dispatched. */
  readonly dispatch: number;
  /** A job with this dispatch number has been handed out, and its result has not come. */
  readonly sent: boolean;
  readonly workerGroup?: string;
}

export type Branch = 'main' | 'errors';

/** A row of the log. `timestamp` in ms since 1970. */
export interface LogLine {
  readonly level: LogLevel;
  readonly timestamp: number;
  readonly message: string;
  readonly thread?: string;
}

export const LOG_LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const logLevelRank = (level: LogLevel): number => LOG_LEVELS.indexOf(level);

/** A metric of a task run; timers in ms (execution-semantics.md §4.5). */
export interface Metric {
  readonly type: 'counter' | 'timer';
  readonly name: string;
  readonly value: number;
  readonly tags?: Readonly<Record<string, string>>;
  readonly timestamp: number;
}

/** How a worker (or the inline lane) reports the end of one attempt. */
export interface TaskResult {
  readonly state: Extract<State, 'SUCCESS' | 'WARNING' | 'FAILED' | 'KILLED'>;
  /** When the attempt began and ended, ms since 1970. */
  readonly started: number;
  readonly ended: number;
  readonly outputs?: JsonObject;
  /** Why it failed, one line, for people. */
  readonly error?: string;
}
