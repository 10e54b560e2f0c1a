import type { Clock } from '@tiercel/model';
import type { HintRouter } from './hint-router.ts';
import type { Bus } from './port.ts';

/** How often a member says that it lives, and when it counts as dead, ms. */
export const ANNOUNCE_MS = 1_000;
export const ALIVE_MS = 5_000;

interface AnyMember {
  readonly id: string;
  readonly service: string;
}

export interface MembershipDeps<M extends AnyMember> {
  /** Id of this member. */
  readonly id: string;
  /** Writes down that this member lives, and answers all that do. */
  readonly announce: () => Promise<readonly M[]>;
  /** Takes this member off the list. */
  readonly leave: () => Promise<unknown>;
  readonly bus: Bus;
  /** Is told which executors live. */
  readonly router: HintRouter;
  readonly clock: Clock;
  readonly log: { warn(fields: object, message: string): void };
}

/** Keeps one member of the cluster on the list of the living, and its router informed of the executors among them. */
export interface Membership<M extends AnyMember> {
  /** Announces at once, and from then on each second. A store that is away is asked again with the next second. */
  join(): Promise<void>;
  /** Goes off the list; the others are told at once. What the router knows is what remains without this member. */
  leave(): Promise<void>;
  /** The living, as last heard; empty before the first answer. */
  members(): readonly M[];
  /** Calls the listener when members come or go, with the list before and after; before is undefined the first time. */
  onChange(listener: (now: readonly M[], before: readonly M[] | undefined) => void): void;
}

export const executorsOf = (members: readonly AnyMember[]): readonly string[] =>
  members.filter((member) => member.service === 'executor').map((member) => member.id);

export function createMembership<M extends AnyMember>(deps: MembershipDeps<M>): Membership<M> {
  const { id, bus, router, clock, log } = deps;
  const listeners: ((now: readonly M[], before: readonly M[] | undefined) => void)[] = [];
  let living: readonly M[] | undefined;
  let announcing: Promise<void> | undefined;
  let again = false;
  let cancel: (() => void) | undefined;
  let unsubscribe: (() => void) | undefined;
  let left = false;

  const hear = (members: readonly M[]): void => {
    const before = living;
    living = members;
    router.setExecutors(executorsOf(members));
    const known = new Set(before?.map((member) => member.id));
    if (before?.length === members.length && members.every((member) => known.has(member.id))) return;
    for (const listener of listeners) listener(members, before);
  };
  const announceOnce = async (): Promise<void> => {
    try {
      const members = await deps.announce();
      if (!left) hear(members);
    } catch (error) {
      log.warn({ error }, 'could not announce this member; it is tried again');
    }
  };
  /** News that come while an announcement is under way are heard by one more after it. */
  const announce = async (): Promise<void> => {
    again = announcing !== undefined;
    announcing ??= announceOnce().finally(() => {
      announcing = undefined;
      if (again && !left) void announce();
    });
    await announcing;
  };
  const keepAnnouncing = (): void => {
    cancel = clock.after(ANNOUNCE_MS, () => {
      void announce().then(() => {
        if (!left) keepAnnouncing();
      });
    });
  };
  return {
    async join() {
      unsubscribe = bus.subscribe('members', ({ memberId }) => {
        if (memberId !== id) void announce();
      });
      await announce();
      bus.publish('members', { memberId: id });
      keepAnnouncing();
    },
    async leave() {
      left = true;
      cancel?.();
      unsubscribe?.();
      // An announcement that is under way would put us back on the list.
      await announcing;
      try {
        await deps.leave();
      } catch (error) {
        log.warn({ error }, 'could not say goodbye');
      }
      bus.publish('members', { memberId: id });
      router.setExecutors(executorsOf(living ?? []).filter((other) => other !== id));
    },
    members: () => living ?? [],
    onChange: (listener) => void listeners.push(listener),
  };
}
