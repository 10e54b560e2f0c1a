import { taskQueue, type TaskJob } from '@tiercel/contracts';
import type { Consumer } from '@tiercel/queue';
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

/** How often a member says that it lives, and when it counts as dead, ms. */
const ANNOUNCE_MS = 1_000;
const ALIVE_MS = 5_000;

/** A worker of one group: claims a job before anything of it runs, keeps its lease, reports its result. */
export function createWorker(deps: WorkerDeps): Worker {
  const limits: WorkerLimits = { ...DEFAULT_LIMITS, ...deps.limits };
  const tasks = new Map<string, RunningTask>();
  /** Handlers that wait for a free place, and whoever waits for the last task to end. */
  let waiting: (() => void)[] = [];
  let lastContact = deps.clock.now();
  let consumer: Consumer | undefined;
  let cancelRenewal: (() => void) | undefined;
  let cancelAnnouncement: (() => void) | undefined;
  let unsubscribe: (() => void) | undefined;
  let stopped = false;
  let claiming = 0;

  const changed = (): void => {
    const resume = waiting;
    waiting = [];
    for (const go of resume) go();
  };
  const change = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));

  const launch = (job: TaskJob): void => {
    const task = new RunningTask(job, deps, limits);
    tasks.set(nameOf(job), task);
    void task.run().finally(() => {
      tasks.delete(nameOf(job));
      changed();
    });
  };

  /** Claims and starts jobs as places become free. Unclaimed jobs stay with the queue: they are hints. */
  const handle = async (jobs: readonly TaskJob[]): Promise<void> => {
    let left = jobs.filter((job) => !tasks.has(nameOf(job)));
    while (left.length > 0 && !stopped) {
      const free = limits.capacity - tasks.size - claiming;
      if (free <= 0) {
        await change();
        continue;
      }
      // Another copy of a job may have begun while this one waited, and a crash of the database may have lost its lease.
      left = left.filter((job) => !tasks.has(nameOf(job)));
      const some = left.slice(0, free);
      left = left.slice(free);
      if (some.length === 0) continue;
      claiming += some.length;
      try {
        const granted = await deps.store.claim(deps.id, some.map(keyOf), limits.leaseMs);
        lastContact = deps.clock.now();
        some.forEach((job, i) => granted[i] === true && launch(job));
      } catch (error) {
        // Not claimed, as far as we know: a lease that was written nevertheless expires, and the job comes again.
        deps.log.warn({ error, jobs: some.length }, 'jobs could not be claimed');
        await new Promise<void>((resolve) => deps.clock.after(limits.retryMs, resolve));
      } finally {
        claiming -= some.length;
        changed();
      }
    }
  };

  const renew = async (): Promise<void> => {
    const held = [...tasks.values()];
    if (held.length === 0) {
      lastContact = deps.clock.now();
      return;
    }
    try {
      const outcomes = await deps.store.renew(
        deps.id,
        held.map((task) => keyOf(task.job)),
        limits.leaseMs,
      );
      lastContact = deps.clock.now();
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
    if (deps.clock.now() - lastContact < limits.cutOffMs) return;
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
    if (tasks.size === 0) return;
    for (const task of tasks.values()) task.abandon();
    while (tasks.size > 0) await change();
    try {
      const looks = await deps.store.expireLeasesOf(deps.id);
      deps.router.send(looks.map((look) => ({ ...look, resend: true })));
    } catch (error) {
      deps.log.warn({ error }, 'leases could not be given back; they expire');
    }
  };

  /** Says that this worker lives, and hears which executors do: results go straight to the one that waits for them. */
  const announce = async (): Promise<void> => {
    try {
      const members = await deps.store.announce(
        { id: deps.id, service: 'worker', workerGroup: deps.workerGroup },
        ALIVE_MS,
      );
      deps.router.setExecutors(members.filter((member) => member.service === 'executor').map((member) => member.id));
    } catch (error) {
      deps.log.warn({ error }, 'could not announce this worker; it is tried again');
    }
  };
  const keepAnnouncing = (): void => {
    cancelAnnouncement = deps.clock.after(ANNOUNCE_MS, () => {
      void announce().then(() => {
        if (!stopped) keepAnnouncing();
      });
    });
  };

  return {
    async start() {
      await announce();
      keepAnnouncing();
      unsubscribe = deps.bus.subscribe('kill', ({ executionId }) => {
        for (const task of tasks.values()) {
          if (task.job.executionId === executionId)
            task.stop(new KillReason('killed', 'the execution is being killed'));
        }
      });
      keepRenewing();
      consumer = deps.queue.consume<TaskJob>(taskQueue(deps.workerGroup), { batch: 16, concurrency: 4 }, handle);
    },
    async stop(graceMs = 30_000) {
      stopped = true;
      changed();
      await consumer?.stop();
      let late = false;
      const cancel = deps.clock.after(graceMs, () => {
        late = true;
        changed();
      });
      while (tasks.size > 0 && !late) await change();
      cancel();
      await giveBack();
      cancelRenewal?.();
      cancelAnnouncement?.();
      unsubscribe?.();
      await deps.store.leave(deps.id).catch((error: unknown) => deps.log.warn({ error }, 'could not say goodbye'));
    },
    running: () => tasks.size,
  };
}
