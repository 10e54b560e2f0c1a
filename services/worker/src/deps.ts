import type { TaskJob } from '@tiercel/contracts';
import type { Clock, LogLine, Metric, TaskResult } from '@tiercel/model';
import type { Bus, HintRouter, Queue } from '@tiercel/queue';
import type { ExecutionStore } from '@tiercel/store';

export interface Log {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Where what a running task says goes, in batches and in order. */
export interface TaskSink {
  onLog(lines: readonly LogLine[]): void | Promise<void>;
  onMetrics(metrics: readonly Metric[]): void | Promise<void>;
}

export interface WorkerDeps {
  /** Of a fixed length: no worker's id may be the beginning of another's (leases are ended by it). */
  readonly id: string;
  readonly workerGroup: string;
  readonly store: ExecutionStore;
  readonly queue: Queue;
  readonly bus: Bus;
  readonly router: HintRouter;
  readonly clock: Clock;
  readonly log: Log;
  /** Runs one attempt; a failure is a result. The signal aborts with a KillReason. */
  readonly runAttempt: (job: TaskJob, signal: AbortSignal, sink: TaskSink) => Promise<TaskResult>;
  readonly limits?: Partial<WorkerLimits>;
}

export interface WorkerLimits {
  /** Tasks at a time. */
  readonly capacity: number;
  readonly leaseMs: number;
  readonly renewMs: number;
  /** A worker that has not reached the store for so long kills its tasks, ms. */
  readonly cutOffMs: number;
  /** A task that outlives this is reported as RUNNING, ms. */
  readonly announceAfterMs: number;
  /** How long log lines are gathered before they are written, ms. */
  readonly logFlushMs: number;
  /** Lines that may wait to be written before the task has to wait. */
  readonly logBuffer: number;
  readonly retryMs: number;
}

export const DEFAULT_LIMITS: WorkerLimits = {
  capacity: 32,
  leaseMs: 9_000,
  renewMs: 3_000,
  cutOffMs: 60_000,
  announceAfterMs: 50,
  logFlushMs: 200,
  logBuffer: 5_000,
  retryMs: 250,
};
