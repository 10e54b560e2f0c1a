import type { Clock } from '@tiercel/model';
import { StoreError, type ExecutionStore } from '@tiercel/store';

/** One instance of a service. When it has crashed, nothing that it still does has any effect. */
export interface Life {
  readonly id: string;
  alive: boolean;
  /** When it died; undefined while it lives. */
  diedAt: number | undefined;
  /** It was asked to stop, and gives back what it cannot finish. */
  stopping: boolean;
  /** It cannot reach the store. */
  cutOff: boolean;
}

export const newLife = (id: string): Life => ({ id, alive: true, diedAt: undefined, stopping: false, cutOff: false });

/** What a crashed process gets: no answer, ever. */
export const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** A clock whose timers end with the life of their owner. */
export const fencedClock = (life: Life, clock: Clock): Clock => ({
  now: () => clock.now(),
  elapsed: () => clock.elapsed(),
  after: (ms, work) =>
    clock.after(ms, () => {
      if (life.alive) work();
    }),
});

export type StoreMethod = keyof ExecutionStore;

const METHODS: readonly StoreMethod[] = [
  'create',
  'load',
  'commit',
  'claim',
  'renew',
  'report',
  'appendLogs',
  'request',
  'claimLooks',
  'claimAllLooks',
  'expireLeases',
  'expireLeasesOf',
  'dueWakeUps',
  'fireWakeUps',
  'announce',
  'deadMembers',
  'leave',
  'clock',
];

/** Told of each call that came back, whatever became of its caller. */
export type Observer = (
  life: Life,
  method: StoreMethod,
  args: readonly unknown[],
  answer: unknown,
  failed: boolean,
) => void;

/** How long a call takes to fail when the store cannot be reached, ms. */
const CONNECT_MS = 30;

/** The store as one instance reaches it. */
export function fencedStore(life: Life, store: ExecutionStore, clock: Clock, observe: Observer): ExecutionStore {
  const lost = (method: string): StoreError =>
    new StoreError('unavailable', `${life.id} cannot reach the store (${method})`);
  const call = async (method: StoreMethod, args: readonly unknown[]): Promise<unknown> => {
    if (!life.alive) return never();
    if (life.cutOff) {
      await new Promise<void>((resolve) => clock.after(CONNECT_MS, resolve));
      if (!life.alive) return never();
      observe(life, method, args, undefined, true);
      throw lost(method);
    }
    let answer: unknown;
    try {
      answer = await (store[method] as (...given: readonly unknown[]) => Promise<unknown>)(...args);
    } catch (error) {
      observe(life, method, args, undefined, true);
      if (!life.alive) return never();
      throw error;
    }
    observe(life, method, args, answer, false);
    if (!life.alive) return never();
    if (life.cutOff) throw lost(method);
    return answer;
  };
  return Object.fromEntries(
    METHODS.map((method) => [method, (...args: unknown[]) => call(method, args)]),
  ) as unknown as ExecutionStore;
}
