import { taskQueue, type TaskJob } from '@tiercel/contracts';
import { ALIVE_MS, createMembership, type Consumer } from '@tiercel/queue';
import type { JobKey } from '@tiercel/store';
import { DEFAULT_LIMITS, type WorkerDeps, type WorkerLimits } from './deps.ts';
import { KillReason, RunningTask } from './running-task.ts';

export interface Worker {
  start(): Promise<void>;
  /** Takes no more jobs and waits for those in hand up to `graceMs`; what then still runs is given up, and runs again elsewhere. */
  stop(graceMs?: number): Promise<void>;
  /** Tasks that run now. */
  running(): number;
}

const keyOf = (job: TaskJob): JobKey => ({
  executionId: job.executionId,
  taskRunSeq: job.taskRunSeq,
  dispatch: job.dispatch,
});
const nameOf = (job: JobKey): string => `${job.executionId} ${job.taskRunSeq} ${job.dispatch}`;

/** A worker of one group: claims a job before anything of it runs, keeps its lease, reports its result. */
export function createWorker(deps: WorkerDeps): Worker {
  const limits: WorkerLimits = { ...DEFAULT_LIMITS, ...deps.limits };
  const tasks = new Map<string, RunningTask>();
  /** Names of jobs from their claim to the end of their report. */
  const inHand = new Set<string>();
  /** Whoever waits for the last job in hand to be done. */
  let waiting: (() => void)[] = [];
  let lastContact = deps.clock.elapsed();
  let consumer: Consumer | undefined;
  let cancelRenewal: (() => void) | undefined;
  let unsubscribe: (() => void) | undefined;
  let stopped = false;
  let abandoned = false;

  const { id, store, workerGroup } = deps;
  // Also to hear which executors live: results go straight to the one that waits for them.
  const membership = createMembership({
    ...deps,
    announce: () => store.announce({ id, service: 'worker', workerGroup }, ALIVE_MS),
    leave: () => store.leave(id),
  });

  const changed = (): void => {
    const resume = waiting;
    waiting = [];
    for (const go of resume) go();
  };
  const change = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));

  /** Starts a task. Resolves when it has ended; its result may still be on its way to the store. */
  const run = (job: TaskJob): Promise<void> => {
    const name = nameOf(job);
    // One task run has one dispatch in force: what runs of an older one is void.
    for (const other of tasks.values()) {
      if (other.job.taskRunId === job.taskRunId && other.job.dispatch < job.dispatch)
        other.stop(new KillReason('lost', 'this task is run again under a new number'));
    }
    const task = new RunningTask(job, deps, limits);
    tasks.set(name, task);
    return new Promise((resolve) => {
      void task.run(resolve).finally(() => {
        tasks.delete(name);
        done(name);
      });
    });
  };

  const done = (name: string): void => {
    inHand.delete(name);
    changed();
  };

  /** Whether the job is ours. A store that is away is asked until it answers: the job would only come back later. */
  const claim = async (job: TaskJob): Promise<boolean> => {
    while (!stopped) {
      try {
        const [granted] = await deps.store.claim(deps.id, [keyOf(job)], limits.leaseMs);
        lastContact = deps.clock.elapsed();
        return granted === true;
      } catch (error) {
        // Not claimed, as far as we know: a lease that was written nevertheless expires, and the job comes again.
        deps.log.warn({ error, executionId: job.executionId }, 'a job could not be claimed');
        await new Promise<void>((resolve) => deps.clock.after(limits.retryMs, resolve));
      }
    }
    return false;
  };

  /**
   * A job keeps its place until its task has ended; the next one begins while the result is being written. What cannot be
   * claimed is let go: jobs are hints.
   */
  const handle = async (job: TaskJob): Promise<void> => {
    const name = nameOf(job);
    // Another copy of it runs, or is being claimed: a crash of the database may have lost that lease.
    if (inHand.has(name)) return;
    inHand.add(name);
    const granted = await claim(job);
    // What was claimed too late for the end of the grace period is given back with the rest.
    if (granted && !abandoned) await run(job);
    else done(name);
  };

  const renew = async (): Promise<void> => {
    const held = [...tasks.values()];
    if (held.length === 0) {
      lastContact = deps.clock.elapsed();
      return;
    }
    try {
      const outcomes = await deps.store.renew(
        deps.id,
        held.map((task) => keyOf(task.job)),
        limits.leaseMs,
      );
      lastContact = deps.clock.elapsed();
      held.forEach((task, i) => {
        if (outcomes[i] === 'lost') task.stop(new KillReason('lost', 'the lease of this task is lost'));
        else if (outcomes[i] === 'kill') task.stop(new KillReason('killed', 'the execution is being killed'));
      });
    } catch (error) {
      deps.log.warn({ error, tasks: held.length }, 'leases could not be renewed');
    }
  };

  /** A worker that has not reached the store for too long stops its tasks: by now others may have been told to run them. */
  const checkCutOff = (): void => {
    if (deps.clock.elapsed() - lastContact < limits.cutOffMs) return;
    for (const task of tasks.values())
      task.stop(new KillReason('lost', `the store could not be reached for ${limits.cutOffMs} ms`));
  };

  let renewing: Promise<void> | undefined;
  const keepRenewing = (): void => {
    cancelRenewal = deps.clock.after(limits.renewMs, () => {
      if (tasks.size > 0) checkCutOff();
      // A renewal that hangs must hold up neither the next check nor the next tick.
      renewing ??= renew().finally(() => {
        renewing = undefined;
      });
      if (!stopped || tasks.size > 0) keepRenewing();
    });
  };

  /** What still runs after the grace period is given up, and its leases with it: it runs elsewhere at once. */
  const giveBack = async (): Promise<void> => {
    if (inHand.size === 0) return;
    abandoned = true;
    for (const task of tasks.values()) task.abandon();
    while (inHand.size > 0) await change();
    try {
      const looks = await deps.store.expireLeasesOf(deps.id);
      deps.router.send(looks.map((look) => ({ ...look, resend: true })));
    } catch (error) {
      deps.log.warn({ error }, 'leases could not be given back; they expire');
    }
  };

  return {
    async start() {
      await membership.join();
      unsubscribe = deps.bus.subscribe('kill', ({ executionId }) => {
        for (const task of tasks.values()) {
          if (task.job.executionId === executionId)
            task.stop(new KillReason('killed', 'the execution is being killed'));
        }
      });
      keepRenewing();
      consumer = deps.queue.consume<TaskJob>(taskQueue(deps.workerGroup), { concurrency: limits.capacity }, handle);
    },
    async stop(graceMs = 30_000) {
      stopped = true;
      consumer?.pause();
      let late = false;
      const cancel = deps.clock.after(graceMs, () => {
        late = true;
        changed();
      });
      while (inHand.size > 0 && !late) await change();
      cancel();
      await giveBack();
      await consumer?.stop();
      cancelRenewal?.();
      unsubscribe?.();
      await membership.leave();
    },
    running: () => tasks.size,
  };
}
