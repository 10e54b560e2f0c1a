import type { TaskJob } from '@tiercel/contracts';
import type { FlowGraph, ServerVariables } from '@tiercel/engine';
import type { IoCall, IoResult, RenderEnv } from '@tiercel/expressions';
import type { Clock, Execution, LogLine, Metric, TaskResult } from '@tiercel/model';
import type { Bus, HintRouter, Queue } from '@tiercel/queue';
import type { ExecutionStore } from '@tiercel/store';

/** Log of the service, as far as the executor needs it. */
export interface Log {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What an inline task leaves: its result and what it said. */
export interface InlineReport {
  readonly result: TaskResult;
  readonly logs: readonly LogLine[];
  readonly metrics: readonly Metric[];
}

export interface ExecutorDeps {
  readonly id: string;
  readonly store: ExecutionStore;
  readonly queue: Queue;
  readonly bus: Bus;
  readonly router: HintRouter;
  readonly clock: Clock;
  readonly log: Log;
  /** The compiled revision; undefined when there is none, or it no longer parses. */
  readonly graph: (execution: Execution) => Promise<FlowGraph | undefined> | FlowGraph | undefined;
  /** Runs a task of the inline lane. `variables` may hold lazy maps. Never throws: a failure is a result. */
  readonly runInline: (job: TaskJob) => Promise<InlineReport>;
  /** Performs what the engine's own expressions need. */
  readonly perform: (calls: readonly IoCall[], execution: Execution) => Promise<ReadonlyMap<string, IoResult>>;
  readonly env: Omit<RenderEnv, 'now' | 'memo'>;
  readonly server: ServerVariables;
  readonly limits?: Partial<ExecutorLimits>;
}

export interface ExecutorLimits {
  /** Task runs that one step may start before it commits. */
  readonly runsPerStep: number;
  /** Time that inline tasks of one step may take before it commits, ms. */
  readonly inlineMs: number;
  /** Task runs of idle executions kept in memory, over all executions. */
  readonly cachedTaskRuns: number;
  /** Hints in hand at a time: those that wait for a commit must not keep others waiting. */
  readonly concurrency: number;
  /** How long a service waits before it asks a store again that was away, ms. */
  readonly retryMs: number;
}

export const DEFAULT_LIMITS: ExecutorLimits = {
  runsPerStep: 500,
  inlineMs: 50,
  cachedTaskRuns: 50_000,
  concurrency: 4_000,
  retryMs: 250,
};
