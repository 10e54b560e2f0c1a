import type { TaskJob } from '@tiercel/contracts';
import { derivedId, type ExecutionEvent, type TaskResult } from '@tiercel/model';
import type { TaskReport } from '@tiercel/store';
import type { WorkerDeps, WorkerLimits } from './deps.ts';
import { isUnavailable, TaskLog } from './task-log.ts';

/** Why a running task is stopped. `killed`: its execution is; `lost`: it is no longer ours, and nobody wants its result. */
export class KillReason extends Error {
  readonly kind: 'killed' | 'lost';
  constructor(kind: 'killed' | 'lost', message: string) {
    super(message);
    this.name = 'KillReason';
    this.kind = kind;
  }
}

/** One task that this worker holds the lease of, from its start to the moment its result is durable. */
export class RunningTask {
  readonly job: TaskJob;
  private readonly deps: WorkerDeps;
  private readonly limits: WorkerLimits;
  private readonly controller = new AbortController();
  private readonly log: TaskLog;
  private ended = false;
  private abandoned = false;

  constructor(job: TaskJob, deps: WorkerDeps, limits: WorkerLimits) {
    this.job = job;
    this.deps = deps;
    this.limits = limits;
    this.log = new TaskLog(job, deps, limits);
  }

  /** Stops the task; the first reason counts. */
  stop(reason: KillReason): void {
    this.controller.abort(reason);
    // Nobody reads the log of a task that is not ours: it must not wait for room in it.
    if (reason.kind === 'lost') this.log.release();
  }

  /** The worker stops: the task is given up, and so is a result that could not be written yet. */
  abandon(): void {
    this.abandoned = true;
    this.stop(new KillReason('lost', 'the worker stops'));
  }

  /**
   * Runs the task to its end and reports it; `onEnd` is called in between. Resolves when the result is durable, or nobody
   * wants it.
   */
  async run(onEnd: () => void = () => undefined): Promise<void> {
    const { clock } = this.deps;
    const started = clock.now();
    const announced = clock.after(this.limits.announceAfterMs, () => void this.announceStart(started));
    let result: TaskResult;
    try {
      result = await this.deps.runAttempt(this.job, this.controller.signal, this.log);
    } catch (error) {
      this.deps.log.error(
        { executionId: this.job.executionId, taskRunId: this.job.taskRunId, error },
        'running a task failed',
      );
      result = { state: 'FAILED', started, ended: clock.now(), error: messageOf(error) };
    }
    this.ended = true;
    announced();
    onEnd();
    if (this.isLost()) return;
    await this.report(result);
  }

  private isLost(): boolean {
    const { reason } = this.controller.signal as { reason: unknown };
    return reason instanceof KillReason && reason.kind === 'lost';
  }

  /** Tells that the task runs. Not repeated when it fails: the result tells it as well. */
  private async announceStart(date: number): Promise<void> {
    if (this.ended) return;
    const { job } = this;
    const started = { kind: 'task-started', taskRunSeq: job.taskRunSeq, dispatch: job.dispatch, date } as const;
    try {
      await this.send(started, { logs: [], metrics: [] });
    } catch (error) {
      this.deps.log.warn({ executionId: job.executionId, error }, 'could not tell that a task runs');
    }
  }

  /**
   * Reports the result until it is durable: no task runs again because its result was lost. A lease that was lost meanwhile
   * changes nothing: the result may still come before the executor has taken note of that, and is dropped if not.
   */
  private async report(result: TaskResult): Promise<void> {
    const { job } = this;
    let present = result;
    let rest = await this.log.rest();
    while (!this.abandoned) {
      const event = {
        kind: 'task-result',
        taskRunSeq: job.taskRunSeq,
        dispatch: job.dispatch,
        result: present,
      } as const;
      try {
        await this.send(event, rest);
        return;
      } catch (error) {
        if (!isUnavailable(error)) {
          // Something in it can never be written: first without log and metrics, which go in parts; then without its outputs.
          if (rest.logs.length + rest.metrics.length > 0) {
            await this.log.writeApart(rest);
            rest = await this.log.rest();
            // The store has gone away meanwhile.
            if (rest.logs.length + rest.metrics.length > 0) await this.pause();
          } else if (present !== result) {
            this.deps.log.error(
              { executionId: job.executionId, error },
              'a result can never be written; the task is given up',
            );
            return;
          } else
            present = {
              state: 'FAILED',
              started: result.started,
              ended: result.ended,
              error: `The result of this task could not be stored: ${messageOf(error).slice(0, 1000)}`,
            };
          continue;
        }
        this.deps.log.warn(
          { executionId: job.executionId, error },
          'a result could not be written yet; it is tried again',
        );
        await this.pause();
      }
    }
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => this.deps.clock.after(this.limits.retryMs, resolve));
  }

  private async send(event: TaskReport['event'], rest: Pick<TaskReport, 'logs' | 'metrics'>): Promise<void> {
    const { job } = this;
    const inboxId = inboxIdOf(job, event);
    await this.deps.store.report([
      {
        executionId: job.executionId,
        taskRunSeq: job.taskRunSeq,
        dispatch: job.dispatch,
        inboxId,
        tenant: job.tenant,
        event,
        ...rest,
      },
    ]);
    this.deps.router.send([{ tenant: job.tenant, executionId: job.executionId, events: [{ id: inboxId, event }] }]);
    if (rest.logs.length > 0) this.deps.bus.publish('logs', { executionId: job.executionId });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Derived from what it tells, so that a repeat is recognised. */
const inboxIdOf = (job: TaskJob, event: ExecutionEvent): string =>
  derivedId(job.taskRunId, job.dispatch * 2 + (event.kind === 'task-started' ? 1 : 0));
