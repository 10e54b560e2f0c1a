import { describe, expect, it } from 'vitest';
import type { Clock } from '@tiercel/model';
import { StoreError, type KvStore } from '@tiercel/store';
import { patientKv } from './patient-kv.ts';

/** A clock whose timers fire at once, each moving time on by what it waited. */
function quickClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    elapsed: () => now,
    after(ms, work) {
      now += ms;
      queueMicrotask(work);
      return () => undefined;
    },
  };
}

const storeThatFails = (times: number, error: Error): { kv: KvStore; calls: () => number } => {
  let calls = 0;
  const kv = {
    async get() {
      if (calls++ < times) throw error;
      return undefined;
    },
  } as unknown as KvStore;
  return { kv, calls: () => calls };
};

describe('keys for tasks', () => {
  it('are waited for while the database is away', async () => {
    const { kv, calls } = storeThatFails(3, new StoreError('unavailable', 'down'));
    await expect(patientKv(kv, quickClock(), 60_000).get('main', 'ns', 'k')).resolves.toBeUndefined();
    expect(calls()).toBe(4);
  });

  it('fail when it stays away longer than the limit', async () => {
    const { kv } = storeThatFails(1000, new StoreError('unavailable', 'down'));
    await expect(patientKv(kv, quickClock(), 5_000).get('main', 'ns', 'k')).rejects.toThrow('down');
  });

  it('fail at once for any other reason', async () => {
    const { kv, calls } = storeThatFails(1, new StoreError('bad-data', 'bad'));
    await expect(patientKv(kv, quickClock(), 60_000).get('main', 'ns', 'k')).rejects.toThrow('bad');
    expect(calls()).toBe(1);
  });
});
