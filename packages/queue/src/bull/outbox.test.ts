import { describe, expect, test } from 'vitest';
import { items } from '../testing/messages.ts';
import { Outbox, type OutboxOptions } from './outbox.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function outbox(change: Partial<OutboxOptions> = {}) {
  const sent: [string, number][] = [];
  const dropped: [string, number, unknown][] = [];
  const box = new Outbox({
    open: () => true,
    parallel: 4,
    send: async (queue, batch) => void sent.push([queue, batch.length]),
    onDropped: (queue, count, error) => void dropped.push([queue, count, error]),
    ...change,
  });
  return { box, sent, dropped };
}

describe('Outbox', () => {
  test('what is added in one turn goes out in one go for each queue', async () => {
    const { box, sent, dropped } = outbox();
    for (let i = 0; i < 50; i++) {
      box.add('a', items(`a${i}-`, 2));
      if (i % 5 === 0) box.add('b', items(`b${i}-`, 1));
    }
    expect(sent).toEqual([]);
    await turn();
    expect(sent).toEqual([
      ['a', 100],
      ['b', 10],
    ]);
    box.add('a', items('next', 1));
    await turn();
    expect(sent.at(-1)).toEqual(['a', 1]);
    expect(dropped).toEqual([]);
  });

  test('goes out by the thousand, so many at a time, and the rest when those are through', async () => {
    const finish: (() => void)[] = [];
    const sizes: number[] = [];
    const { box } = outbox({
      parallel: 2,
      send: (_, batch) => {
        sizes.push(batch.length);
        return new Promise((resolve) => finish.push(resolve));
      },
    });
    box.add('a', items('m', 2_500));
    await turn();
    box.add('a', items('n', 100));
    await turn();
    expect(sizes).toEqual([1_000, 1_000]);
    finish[0]!();
    await turn();
    expect(sizes).toEqual([1_000, 1_000, 600]);
  });

  test('drops what cannot be sent, what nobody takes, and what is too much to keep', async () => {
    let open = false;
    const error = new Error('away');
    const { box, dropped } = outbox({
      open: () => open,
      send: () => (open ? Promise.reject(error) : Promise.resolve()),
    });
    box.add('a', items('m', 3));
    expect(dropped.splice(0)).toEqual([['a', 3, undefined]]);
    open = true;
    box.add('a', items('m', 4));
    await turn();
    expect(dropped.splice(0)).toEqual([['a', 4, error]]);
    box.add('a', items('m', 20_007));
    expect(dropped.splice(0)).toEqual([['a', 7, undefined]]);
    open = false;
    await turn();
    expect(dropped.reduce((sum, [, count]) => sum + count, 0)).toBe(20_000);
  });

  test('forgets what waits for a queue that is removed', async () => {
    const { box, sent } = outbox();
    box.add('a', items('m', 3));
    box.forget('a');
    await turn();
    expect(sent).toEqual([]);
  });
});
