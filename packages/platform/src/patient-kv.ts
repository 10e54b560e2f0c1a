import type { Clock } from '@tiercel/model';
import { StoreError, type KvStore } from '@tiercel/store';

const PAUSE_MS = 250;

/**
 * Runs a call again while the store is away, for up to `limitMs`: an outage of the database must fail no task. What the store
 * refuses for another reason is thrown at once.
 */
export async function patiently<T>(clock: Clock, limitMs: number, call: () => Promise<T>): Promise<T> {
  const began = clock.elapsed();
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const away = error instanceof StoreError && error.code === 'unavailable';
      if (!away || clock.elapsed() - began >= limitMs) throw error;
      await new Promise<void>((resolve) => clock.after(PAUSE_MS, resolve));
    }
  }
}

/** The key-value store as tasks and expressions use it: they wait for a database that is away. */
export function patientKv(kv: KvStore, clock: Clock, limitMs: number): KvStore {
  const wait = <T>(call: () => Promise<T>): Promise<T> => patiently(clock, limitMs, call);
  return {
    get: (...args) => wait(() => kv.get(...args)),
    put: (...args) => wait(() => kv.put(...args)),
    delete: (...args) => wait(() => kv.delete(...args)),
    deleteAll: (...args) => wait(() => kv.deleteAll(...args)),
    list: (...args) => wait(() => kv.list(...args)),
    namespaceExists: (...args) => wait(() => kv.namespaceExists(...args)),
  };
}
