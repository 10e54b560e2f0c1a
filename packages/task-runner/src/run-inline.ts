import type { TaskJob } from '@tiercel/contracts';
import type { LogLine, Metric, TaskResult } from '@tiercel/model';
import { runAttempt } from './run-attempt.ts';
import type { AttemptServices } from './services.ts';

/** What an attempt in the inline lane leaves for the step's commit. */
export interface InlineReport {
  readonly result: TaskResult;
  readonly logs: readonly LogLine[];
  readonly metrics: readonly Metric[];
}

/**
 * Runs one attempt of a task of the inline lane and gathers what it says; its work is bounded, so memory is too. Nobody
 * can kill it. Never throws: a failure is a result.
 */
export async function runInline(job: TaskJob, services: AttemptServices): Promise<InlineReport> {
  let logs: readonly LogLine[] = [];
  let metrics: readonly Metric[] = [];
  const result = await runAttempt(job, services, undefined, {
    onLog: (lines) => {
      logs = logs.length === 0 ? lines : [...logs, ...lines];
    },
    onMetrics: (all) => {
      metrics = all;
    },
  });
  return { result, logs, metrics };
}
