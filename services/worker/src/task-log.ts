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
  private measured: MetricRow[] = [];
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
      if (!isUnavailable(error)) await this.writeApart({ logs: lines, metrics: [] });
      else {
        this.deps.log.warn({ executionId: this.job.executionId, error }, 'log lines could not be written yet');
        this.putBack({ logs: lines, metrics: [] });
      }
    }
    if (this.lines.length > 0)
      this.pendingFlush ??= this.deps.clock.after(this.limits.logFlushMs, () => void this.flush());
  }

  /** Keys make a repeat harmless. Only a task that does not wait for room loses its oldest lines: memory is not a store. */
  private putBack({ logs, metrics }: LogRest): void {
    this.lines = [...logs, ...this.lines].slice(-4 * this.limits.logBuffer);
    this.measured = [...metrics, ...this.measured];
  }

  /**
   * Writes lines and metrics some of which can never be written, in parts, until those stand alone; they are left out. What
   * could not be written because the store is away is in `rest()` again.
   */
  async writeApart(rest: LogRest): Promise<void> {
    const { logs, metrics } = rest;
    if (logs.length + metrics.length === 0) return;
    try {
      await this.deps.store.appendLogs(logs, metrics);
    } catch (error) {
      if (isUnavailable(error)) {
        this.putBack(rest);
        return;
      }
      if (logs.length + metrics.length === 1) {
        const what = logs.length === 1 ? 'log line' : 'metric';
        this.deps.log.error(
          { executionId: this.job.executionId, error },
          `a ${what} can never be written and is left out`,
        );
        return;
      }
      for (const part of partsOf(rest)) await this.writeApart(part);
    }
  }

  /** Takes what is left, for the result to carry. */
  async rest(): Promise<LogRest> {
    this.cancelFlush();
    await this.flushing;
    this.cancelFlush();
    const rest = { logs: this.lines, metrics: this.measured };
    this.lines = [];
    this.measured = [];
    return rest;
  }
}

export interface LogRest {
  readonly logs: readonly LogRow[];
  readonly metrics: readonly MetricRow[];
}

/** Lines and metrics by themselves; of one kind, the halves. */
function partsOf({ logs, metrics }: LogRest): readonly LogRest[] {
  if (logs.length > 0 && metrics.length > 0)
    return [
      { logs, metrics: [] },
      { logs: [], metrics },
    ];
  const [l, m] = [logs.length >> 1, metrics.length >> 1];
  return [
    { logs: logs.slice(0, l), metrics: metrics.slice(0, m) },
    { logs: logs.slice(l), metrics: metrics.slice(m) },
  ];
}

const LINES_PER_WRITE = 2_000;

/** Whether the same call may succeed later. Anything else, also what nobody has foreseen, would fail for ever. */
export const isUnavailable = (error: unknown): boolean => error instanceof StoreError && error.code === 'unavailable';
