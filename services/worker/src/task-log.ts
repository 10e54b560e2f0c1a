import type { TaskJob } from '@tiercel/contracts';
import type { LogLine, Metric } from '@tiercel/model';
import { StoreError, type LogRow, type MetricRow } from '@tiercel/store';
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
  /** Nobody wants the log any more; whoever waits for room in it may go on. */
  private released = false;

  constructor(job: TaskJob, deps: Pick<WorkerDeps, 'store' | 'clock' | 'bus' | 'log'>, limits: WorkerLimits) {
    this.job = job;
    this.deps = deps;
    this.limits = limits;
  }

  onLog(lines: readonly LogLine[]): void | Promise<void> {
    for (const line of lines) this.lines.push(this.row(line));
    this.pendingFlush ??= this.deps.clock.after(this.limits.logFlushMs, () => void this.flush());
    return this.lines.length >= this.limits.logBuffer ? this.room() : undefined;
  }

  /** Resolves when there is room again, however long the store is away. */
  private async room(): Promise<void> {
    while (this.lines.length >= this.limits.logBuffer && !this.released) {
      const before = this.lines.length;
      await this.flush();
      if (this.lines.length >= before)
        await new Promise<void>((resolve) => this.deps.clock.after(this.limits.retryMs, resolve));
    }
  }

  /** Ends all waiting. */
  release(): void {
    this.released = true;
  }

  onMetrics(metrics: readonly Metric[]): void {
    for (const metric of metrics) this.measured.push({ ...metric, ...this.identity(), number: this.metricNumber++ });
  }

  /** Written out: with spreads, a line costs several times as much, and there are many of them. */
  private row({ level, timestamp, message, thread }: LogLine): LogRow {
    const { job } = this;
    return {
      level,
      timestamp,
      message,
      ...(thread !== undefined && { thread }),
      tenant: job.tenant,
      namespace: job.namespace,
      flowId: job.flowId,
      executionId: job.executionId,
      taskRunSeq: job.taskRunSeq,
      dispatch: job.dispatch,
      taskId: job.task.id,
      taskRunId: job.taskRunId,
      attempt: job.attempt,
      number: this.number++,
    };
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
    const lines = this.lines.splice(0, LINES_PER_WRITE);
    if (lines.length === 0) return;
    try {
      await this.deps.store.appendLogs(lines, []);
      this.deps.bus.publish('logs', { executionId: this.job.executionId });
    } catch (error) {
      if (isBadData(error)) await this.writeApart(lines);
      else {
        this.deps.log.warn({ executionId: this.job.executionId, error }, 'log lines could not be written yet');
        this.putBack(lines);
      }
    }
    if (this.lines.length > 0)
      this.pendingFlush ??= this.deps.clock.after(this.limits.logFlushMs, () => void this.flush());
  }

  /** Keys make a repeat harmless. Only a task that does not wait for room loses its oldest lines: memory is not a store. */
  private putBack(lines: readonly LogRow[]): void {
    this.lines = [...lines, ...this.lines].slice(-4 * this.limits.logBuffer);
  }

  /** Writes lines some of which can never be written, in halves, until those stand alone; they are left out. */
  async writeApart(lines: readonly LogRow[]): Promise<void> {
    if (lines.length === 0) return;
    try {
      await this.deps.store.appendLogs(lines, []);
    } catch (error) {
      if (!isBadData(error)) {
        this.putBack(lines);
        return;
      }
      if (lines.length === 1) {
        this.deps.log.error(
          { executionId: this.job.executionId, error },
          'a log line can never be written and is left out',
        );
        return;
      }
      const middle = lines.length >> 1;
      await this.writeApart(lines.slice(0, middle));
      await this.writeApart(lines.slice(middle));
    }
  }

  /** What is left for the result to carry. */
  async rest(): Promise<{ readonly logs: readonly LogRow[]; readonly metrics: readonly MetricRow[] }> {
    this.cancelFlush();
    await this.flushing;
    this.cancelFlush();
    return { logs: this.lines, metrics: this.measured };
  }
}

const LINES_PER_WRITE = 2_000;

const isBadData = (error: unknown): boolean => error instanceof StoreError && error.code === 'bad-data';
