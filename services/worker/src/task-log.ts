import type { TaskJob } from '@tiercel/contracts';
import type { LogLine, Metric } from '@tiercel/model';
import type { LogRow, MetricRow } from '@tiercel/store';
import type { TaskSink, WorkerDeps, WorkerLimits } from './deps.ts';

/**
 * Log and metrics of one running task: numbered as they come, written in batches, the rest with the result. A task that logs
 * faster than the store takes it has to wait; so memory stays bounded.
 */
export class TaskLog implements TaskSink {
  private readonly job: TaskJob;
  private readonly deps: Pick<WorkerDeps, 'store' | 'clock' | 'bus' | 'log'>;
  private readonly limits: WorkerLimits;
  private lines: LogRow[] = [];
  private readonly measured: MetricRow[] = [];
  private number = 0;
  private metricNumber = 0;
  private pendingFlush: (() => void) | undefined;
  private flushing: Promise<void> | undefined;

  constructor(job: TaskJob, deps: Pick<WorkerDeps, 'store' | 'clock' | 'bus' | 'log'>, limits: WorkerLimits) {
    this.job = job;
    this.deps = deps;
    this.limits = limits;
  }

  onLog(lines: readonly LogLine[]): void | Promise<void> {
    const { job } = this;
    for (const line of lines) {
      this.lines.push({
        ...line,
        ...this.identity(),
        attempt: job.attempt,
        number: this.number++,
      });
    }
    this.pendingFlush ??= this.deps.clock.after(this.limits.logFlushMs, () => void this.flush());
    if (this.lines.length >= this.limits.logBuffer) return this.flush();
    return undefined;
  }

  onMetrics(metrics: readonly Metric[]): void {
    for (const metric of metrics) this.measured.push({ ...metric, ...this.identity(), number: this.metricNumber++ });
  }

  private identity(): Omit<MetricRow, keyof Metric | 'number'> {
    const { job } = this;
    return {
      tenant: job.tenant,
      namespace: job.namespace,
      flowId: job.flowId,
      executionId: job.executionId,
      taskRunSeq: job.taskRunSeq,
      dispatch: job.dispatch,
      taskId: job.task.id,
      taskRunId: job.taskRunId,
    };
  }

  private cancelFlush(): void {
    this.pendingFlush?.();
    this.pendingFlush = undefined;
  }

  /** Writes what waits. Lines that could not be written wait for the next time, or go with the result. */
  private flush(): Promise<void> {
    this.cancelFlush();
    this.flushing ??= this.write().finally(() => {
      this.flushing = undefined;
    });
    return this.flushing;
  }

  private async write(): Promise<void> {
    const lines = this.lines.splice(0, 2_000);
    if (lines.length === 0) return;
    try {
      await this.deps.store.appendLogs(lines, []);
      this.deps.bus.publish('logs', { executionId: this.job.executionId });
    } catch (error) {
      this.deps.log.warn({ executionId: this.job.executionId, error }, 'log lines could not be written yet');
      // Keys make a repeat harmless. The oldest go first when the store stays away: memory is not a store.
      this.lines = [...lines, ...this.lines].slice(-this.limits.logBuffer);
    }
    if (this.lines.length > 0) this.pendingFlush ??= this.deps.clock.after(this.limits.logFlushMs, () => void this.flush());
  }

  /** What is left for the result to carry. */
  async rest(): Promise<{ readonly logs: readonly LogRow[]; readonly metrics: readonly MetricRow[] }> {
    this.cancelFlush();
    await this.flushing;
    this.cancelFlush();
    return { logs: this.lines, metrics: this.measured };
  }
}

