import { waitUntil } from '@tiercel/testkit';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../ports/execution-store.ts';
import { Coalescer, type CoalescerOptions } from './coalesce.ts';

/** Work that is done when the test says so. */
function held(options: Partial<CoalescerOptions<string>> = {}) {
  const batches: { readonly items: readonly string[]; finish(error?: Error): void }[] = [];
  const coalescer = new Coalescer<string, string>(
    (items) =>
      new Promise((resolve, reject) => {
        const finish = (error?: Error): void =>
          error === undefined ? resolve(items.map((item) => `${item}!`)) : reject(error);
        batches.push({ items, finish });
      }),
    { maxBatch: 3, concurrency: 1, isBad: () => false, ...options },
  );
  return { batches, coalescer };
}

const immediate = (
  work: (items: readonly string[]) => void,
  options: Partial<CoalescerOptions<string>> = {},
): Coalescer<string, string> =>
  new Coalescer(
    async (items) => {
      work(items);
      return items.map((item) => `${item}!`);
    },
    { maxBatch: 8, concurrency: 1, isBad: (error) => (error as StoreError).code === 'bad-data', ...options },
  );

describe('Coalescer', () => {
  test('the first call goes at once; those that come meanwhile are joined, up to the limit', async () => {
    const { batches, coalescer } = held();
    const first = coalescer.add(['a']);
    await waitUntil(() => batches.length === 1);
    const rest = [coalescer.add(['b', 'c']), coalescer.add(['d']), coalescer.add(['e'])];
    batches[0]!.finish();
    expect(await first).toEqual(['a!']);
    await waitUntil(() => batches.length === 2);
    batches[1]!.finish();
    await waitUntil(() => batches.length === 3);
    batches[2]!.finish();
    expect(await Promise.all(rest)).toEqual([['b!', 'c!'], ['d!'], ['e!']]);
    expect(batches.map((batch) => batch.items)).toEqual([['a'], ['b', 'c', 'd'], ['e']]);
  });

  test('calls of the same moment share a batch, and no more batches run at once than allowed', async () => {
    const { batches, coalescer } = held({ concurrency: 2 });
    const all = Promise.all(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((item) => coalescer.add([item])));
    await waitUntil(() => batches.length === 2);
    batches[1]!.finish();
    await waitUntil(() => batches.length === 3);
    batches[0]!.finish();
    batches[2]!.finish();
    expect((await all).flat().join('')).toBe('a!b!c!d!e!f!g!');
    expect(batches.map((batch) => batch.items.join(''))).toEqual(['abc', 'def', 'g']);
  });

  test('an empty call needs no work', async () => {
    const { batches, coalescer } = held();
    expect(await coalescer.add([])).toEqual([]);
    expect(batches).toEqual([]);
  });

  test('a bad item is found by halving and fails alone', async () => {
    const batches: string[] = [];
    const coalescer = immediate((items) => {
      batches.push(items.join(''));
      if (items.includes('x')) throw new StoreError('bad-data', 'bad x');
    });
    const outcomes = await Promise.allSettled(['a', 'b', 'c', 'x', 'd', 'e'].map((item) => coalescer.add([item])));
    expect(outcomes.map((outcome) => outcome.status === 'fulfilled')).toEqual([true, true, true, false, true, true]);
    expect(outcomes[3]).toMatchObject({ reason: { message: 'bad x' } });
    expect(batches).toEqual(['abcxde', 'abc', 'xde', 'x', 'de']);
  });

  test('an item that our own code stumbles over fails alone too', async () => {
    const coalescer = immediate((items) => {
      if (items.includes('x')) throw new RangeError('too deep');
    });
    const outcomes = await Promise.allSettled(['a', 'x', 'b'].map((item) => coalescer.add([item])));
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  test('a call with a bad item throws when its other items have been decided', async () => {
    const written: string[] = [];
    const coalescer = immediate((items) => {
      if (items.includes('x')) throw new StoreError('bad-data', 'bad x');
      written.push(...items);
    });
    await expect(coalescer.add(['x', 'a', 'b'])).rejects.toThrow('bad x');
    expect(written).toEqual(['a', 'b']);
  });

  test("any other error is everybody's, and the next batch goes on", async () => {
    let broken = true;
    const coalescer = immediate(() => {
      if (broken) throw new StoreError('unavailable', 'no connection');
    });
    const outcomes = await Promise.allSettled([coalescer.add(['a']), coalescer.add(['b'])]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
    broken = false;
    expect(await coalescer.add(['c'])).toEqual(['c!']);
  });

  test('items with the same key never share a batch, and keep their order', async () => {
    const batches: string[] = [];
    const coalescer = immediate((items) => void batches.push(items.join(' ')), {
      keyOf: (item) => (item[0] === '-' ? undefined : item[0]),
    });
    const answers = await coalescer.add(['a1', 'b1', 'a2', '-', '-', 'a3', 'b2']);
    expect(answers).toEqual(['a1!', 'b1!', 'a2!', '-!', '-!', 'a3!', 'b2!']);
    expect(batches).toEqual(['a1 b1 - -', 'a2 b2', 'a3']);
  });
});
