import type { TaskJob } from '@tiercel/contracts';
import type { InlineReport } from '@tiercel/executor';
import type { Clock, TaskResult } from '@tiercel/model';
import type { Random } from '@tiercel/testkit';
import type { KillReason, TaskSink } from '@tiercel/worker';
import { never, type Life } from './life.ts';

/** One run of a task's body on a worker: the side effect that must not happen twice. */
export interface Body {
  readonly number: number;
  readonly job: TaskJob;
  readonly worker: Life;
  readonly started: number;
  ended: number | undefined;
  stopped: KillReason['kind'] | undefined;
  result: TaskResult | undefined;
  /** Lines that it logged. */
  lines: number;
}

/** Runs the simulated tasks and remembers every start of a body. */
export class Bodies {
  readonly all: Body[] = [];
  /** Told of each start, before anything of the body runs. */
  onStart: (body: Body) => void = () => undefined;
  private readonly clock: Clock;
  private readonly random: Random;

  constructor(clock: Clock, random: Random) {
    this.clock = clock;
    this.random = random;
  }

  /** Runs one attempt on a worker. */
  run(life: Life, job: TaskJob, signal: AbortSignal, sink: TaskSink): Promise<TaskResult> {
    if (!life.alive) return never();
    const { clock, random } = this;
    const body: Body = {
      number: this.all.length,
      job,
      worker: life,
      started: clock.now(),
      ended: undefined,
      stopped: undefined,
      result: undefined,
      lines: 0,
    };
    this.all.push(body);
    this.onStart(body);
    const [least, most] = job.task['ms'] as readonly [number, number];
    const lines = job.task['lines'] as number;
    return new Promise((resolve) => {
      this.say(body, sink, 1);
      const finish = (state: TaskResult['state']): void => {
        if (!life.alive || body.ended !== undefined) return;
        if (body.stopped === undefined) this.say(body, sink, lines - 1);
        body.ended = clock.now();
        body.result = {
          state,
          started: body.started,
          ended: body.ended,
          outputs: { of: job.task.id, body: body.number },
        };
        resolve(body.result);
      };
      const cancel = clock.after(random.int(least, most), () => finish(fails(job) ? 'FAILED' : 'SUCCESS'));
      signal.addEventListener('abort', () => {
        cancel();
        body.stopped ??= (signal.reason as KillReason).kind;
        clock.after(random.int(0, 40), () => finish('KILLED'));
      });
    });
  }

  private say(body: Body, sink: TaskSink, count: number): void {
    const lines = Array.from({ length: count }, () => ({
      level: 'INFO' as const,
      timestamp: this.clock.now(),
      message: `${body.number}:${body.lines++}`,
    }));
    if (lines.length > 0) void sink.onLog(lines);
  }
}

const fails = (job: TaskJob): boolean =>
  job.attempt < (job.task['failTimes'] as number) ||
  (job.task['failValue'] !== undefined && job.task['failValue'] === job.value);

/** An inline task: says its name. */
export const runInline =
  (clock: Clock) =>
  async (job: TaskJob): Promise<InlineReport> => {
    const now = clock.now();
    return {
      result: { state: 'SUCCESS', started: now, ended: now, outputs: { of: job.task.id } },
      logs: [{ level: 'INFO', timestamp: now, message: job.task.id }],
      metrics: [],
    };
  };
