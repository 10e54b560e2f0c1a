import { executorQueue } from '@tiercel/contracts';
import type { Clock } from '@tiercel/model';
import {
  ALIVE_MS,
  createMembership,
  executorsOf,
  rendezvous,
  type Bus,
  type HintRouter,
  type Queue,
} from '@tiercel/queue';
import type { ExecutionStore, Look, Member } from '@tiercel/store';

export interface Log {
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
}

export interface SchedulerDeps {
  readonly id: string;
  readonly store: ExecutionStore;
  readonly queue: Queue;
  readonly bus: Bus;
  readonly router: HintRouter;
  readonly clock: Clock;
  readonly log: Log;
  /** Housekeeping of the store: partitions ahead, expired deliveries and operations, counts. Run at start and then each minute. */
  readonly housekeeping?: () => Promise<void>;
  readonly limits?: Partial<SchedulerLimits>;
}

export interface SchedulerLimits {
  readonly reconcileMs: number;
  /** Executions looked at in one round. */
  readonly roundLimit: number;
  /** An inbox row older than this is hinted again, ms. */
  readonly inboxAgeMs: number;
  /** How far ahead wake-ups are loaded, and how often, ms. */
  readonly horizonMs: number;
  readonly wakeUpsMs: number;
  /** No lease expires before the store has answered us without a break for so long, ms. */
  readonly leaseMs: number;
  readonly housekeepingMs: number;
  /** A member that has not been seen for so long is cleaned up after, ms. */
  readonly burialMs: number;
}

export const DEFAULT_LIMITS: SchedulerLimits = {
  reconcileMs: 2_000,
  roundLimit: 1_000,
  inboxAgeMs: 2_000,
  horizonMs: 5_000,
  wakeUpsMs: 1_000,
  leaseMs: 9_000,
  housekeepingMs: 60_000,
  burialMs: 60_000,
};

export interface Scheduler {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Everything that is owed is hinted now: the queue came back empty, or has just been made. */
  lookAtEverything(): Promise<void>;
}

/**
 * Reconciler and clock: sends hints for what is owed, turns expired leases into news, fires wake-ups when they are due. Any number
 * of replicas; rows that one has claimed the others skip. It only ever sends hints, so doing it twice is harmless.
 */
export function createScheduler(deps: SchedulerDeps): Scheduler {
  const limits: SchedulerLimits = { ...DEFAULT_LIMITS, ...deps.limits };
  const cancels = new Map<string, () => void>();
  const timers = new Map<string, () => void>();
  const inHand = new Set<Promise<unknown>>();
  /** When the executors that live were first heard of. */
  const joined = new Map<string, number>();
  let stopped = false;
  /** Since when the store has answered without a break. */
  let contactSince: number | undefined;
  let lastContact = 0;
  let looking = false;
  let againAfter = false;

  /**
   * What is sent again is worked on where it arrives: an executor that has not heard of a death yet would pass it on to the dead, and
   * the next look comes late.
   */
  const hint = (looks: readonly Look[], resend: boolean): void =>
    deps.router.send(
      looks.map(({ tenant, executionId }) => ({
        tenant,
        executionId,
        ...(resend && { resend: true, passedOn: true }),
      })),
    );

  /** Answers whether it was done. */
  const guarded = async (name: string, work: () => Promise<void>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      deps.log.warn({ error, round: name }, 'a round of the scheduler failed; the next one tries again');
      return false;
    }
  };

  /** Runs a round again and again, `ms` after the last one ended. */
  const every = (name: string, ms: number, work: () => Promise<void>): void => {
    if (stopped) return;
    cancels.set(
      name,
      deps.clock.after(ms, () => {
        const round = guarded(name, work).finally(() => {
          inHand.delete(round);
          every(name, ms, work);
        });
        inHand.add(round);
      }),
    );
  };

  /** Now, then each minute; soon again when it failed. */
  const keepHouse = async (work: () => Promise<void>): Promise<void> => {
    const done = await guarded('housekeeping', work);
    if (stopped) return;
    const again = (): void => {
      const round = keepHouse(work).finally(() => inHand.delete(round));
      inHand.add(round);
    };
    cancels.set('housekeeping', deps.clock.after(done ? limits.housekeepingMs : HOUSEKEEPING_RETRY_MS, again));
  };

  /**
   * Workers that could not reach the store get one lease length to renew before anything expires: so an outage, of the store or of
   * the way to it, kills nothing. Calls that hang instead of failing show by the time between two answers.
   */
  const mayExpire = (): boolean => {
    const now = deps.clock.now();
    if (contactSince === undefined || now - lastContact > limits.leaseMs / 2) contactSince = now;
    lastContact = now;
    return now - contactSince >= limits.leaseMs;
  };

  const reconcile = async (): Promise<void> => {
    try {
      const looks = await deps.store.claimLooks({ limit: limits.roundLimit, inboxAgeMs: limits.inboxAgeMs });
      hint(looks, true);
      if (mayExpire()) hint(await deps.store.expireLeases(limits.roundLimit), true);
    } catch (error) {
      contactSince = undefined;
      throw error;
    }
  };

  const fire = async (ids: readonly string[]): Promise<void> => hint(await deps.store.fireWakeUps(ids), false);

  const loadWakeUps = async (): Promise<void> => {
    const due = await deps.store.dueWakeUps(limits.horizonMs, limits.roundLimit);
    const now = due.filter((wakeUp) => wakeUp.inMs <= 0 && !timers.has(wakeUp.id)).map((wakeUp) => wakeUp.id);
    for (const { id, inMs } of due) {
      if (inMs <= 0 || timers.has(id)) continue;
      // The store's clock decides; a timer that fires a little early finds nothing, and the next round fires it.
      timers.set(
        id,
        deps.clock.after(Math.ceil(inMs) + 1, () => {
          timers.delete(id);
          const firing = guarded('wake-up', () => fire([id])).finally(() => inHand.delete(firing));
          inHand.add(firing);
        }),
      );
    }
    if (now.length > 0) await fire(now);
  };

  const membership = createMembership({
    ...deps,
    announce: () => deps.store.announce({ id: deps.id, service: 'scheduler' }, ALIVE_MS),
    leave: () => deps.store.leave(deps.id),
  });

  /** Of these partitions, or of all. */
  const lookAtEverything = async (partitions?: readonly number[]): Promise<void> => {
    for (let after: string | undefined; ;) {
      const looks = await deps.store.claimAllLooks(after, limits.roundLimit, partitions);
      hint(looks, true);
      const last = looks[looks.length - 1];
      if (last === undefined || looks.length < limits.roundLimit) return;
      after = last.executionId;
    }
  };

  /** One look at everything at a time; of those that are asked for meanwhile, one more does. A Redis that comes and goes asks often. */
  const lookAfresh = async (): Promise<void> => {
    againAfter = looking;
    if (looking) return;
    looking = true;
    try {
      do {
        againAfter = false;
        await lookAtEverything();
      } while (againAfter && !stopped);
    } finally {
      looking = false;
    }
  };

  const now = (name: string, work: () => Promise<void>): void => {
    if (stopped) return;
    const doing = guarded(name, work).finally(() => inHand.delete(doing));
    inHand.add(doing);
  };

  /**
   * Hints that went to an executor which then died are lost: whoever has inherited its partitions is told at once. Its death is noticed
   * late, and who joined meanwhile has taken over some of them already.
   */
  const inherit = (members: readonly Member[], before: readonly Member[] | undefined): void => {
    const living = executorsOf(members);
    const time = deps.clock.now();
    for (const id of executorsOf(before ?? [])) if (!living.includes(id)) joined.delete(id);
    for (const id of living) if (!joined.has(id)) joined.set(id, before === undefined ? -Infinity : time);
    if (before === undefined) return;
    const elders = executorsOf(before).filter(
      (id) => time - (joined.get(id) ?? 0) > NOTICED_MS || !living.includes(id),
    );
    const orphans = rendezvous(elders).flatMap((owner, partition) =>
      owner === undefined || !living.includes(owner) ? [partition] : [],
    );
    if (orphans.length > 0 && living.length > 0) now('inheritance', () => lookAtEverything(orphans));
  };

  /** What the dead leave behind: their queues; then they are forgotten. */
  const buryTheDead = async (): Promise<void> => {
    for (const member of await deps.store.deadMembers(limits.burialMs)) {
      if (member.service === 'executor') await deps.queue.remove(executorQueue(member.id));
      await deps.store.leave(member.id);
    }
  };

  return {
    async start() {
      membership.onChange(inherit);
      await membership.join();
      deps.queue.onWiped(() => now('look at everything', lookAfresh));
      if (deps.housekeeping !== undefined) await keepHouse(deps.housekeeping);
      await guarded('look at everything', () => lookAtEverything());
      every('burial', limits.burialMs / 2, buryTheDead);
      every('reconcile', limits.reconcileMs, reconcile);
      every('wake-ups', limits.wakeUpsMs, loadWakeUps);
      await guarded('wake-ups', loadWakeUps);
    },
    async stop() {
      stopped = true;
      for (const cancel of [...cancels.values(), ...timers.values()]) cancel();
      await Promise.all(inHand);
      await membership.leave();
    },
    lookAtEverything: () => lookAtEverything(),
  };
}

const HOUSEKEEPING_RETRY_MS = 10_000;
/** Within this the death of an executor has been noticed, ms. */
const NOTICED_MS = 2 * ALIVE_MS;
