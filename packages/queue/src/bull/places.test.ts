import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PATIENCE_MS, Places } from './places.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function places(count: number) {
  const limits: number[] = [];
  return { places: new Places(count, (limit) => limits.push(limit)), limits };
}

describe('Places', () => {
  test('are given as long as there are some; then in the order of asking', async () => {
    const { places: at } = places(2);
    expect([at.take(), at.take(), at.full]).toEqual([true, true, true]);
    const order: string[] = [];
    for (const name of ['a', 'b'])
      void Promise.resolve(at.take()).then((granted) => order.push(`${name} ${String(granted)}`));
    at.leave();
    await vi.advanceTimersByTimeAsync(0);
    expect(order).toEqual(['a true']);
    expect(at.full).toBe(true);
    at.leave();
    await vi.advanceTimersByTimeAsync(0);
    expect(order).toEqual(['a true', 'b true']);
    at.leave();
    expect(at.full).toBe(false);
  });

  test('what waits too long is refused, and holds nothing', async () => {
    const { places: at } = places(1);
    void at.take();
    const late = at.take();
    await vi.advanceTimersByTimeAsync(PATIENCE_MS);
    expect(await late).toBe(false);
    at.leave();
    expect([at.full, at.take()]).toEqual([false, true]);
  });

  test('as many are fetched ahead as ended lately, at most as many as there are places', async () => {
    const { places: at, limits } = places(2);
    void at.take();
    at.leave();
    expect(limits.at(-1)).toBe(3);
    await vi.advanceTimersByTimeAsync(PATIENCE_MS / 2);
    for (let i = 0; i < 5; i++) {
      void at.take();
      at.leave();
    }
    expect(limits.at(-1)).toBe(4);
    void at.take();
    void at.take();
    const late = at.take();
    await vi.advanceTimersByTimeAsync(PATIENCE_MS);
    expect([await late, limits.at(-1)]).toEqual([false, 2]);
  });

  test('room is there when a place is free; empty is when all are', async () => {
    const { places: at } = places(2);
    void at.take();
    await at.room();
    void at.take();
    const seen: string[] = [];
    void at.room().then(() => seen.push('room'));
    void at.empty().then(() => seen.push('empty'));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(seen).toEqual([]);
    at.leave();
    await vi.advanceTimersByTimeAsync(0);
    expect(seen).toEqual(['room']);
    at.leave();
    await vi.advanceTimersByTimeAsync(0);
    expect(seen).toEqual(['room', 'empty']);
  });

  test('halted, none is given, and nothing waits any more', async () => {
    const { places: at } = places(1);
    void at.take();
    const waiting = at.take();
    const room = at.room();
    at.halt();
    expect([await waiting, await room, at.take()]).toEqual([false, undefined, false]);
    at.leave();
    await at.empty();
    expect(vi.getTimerCount()).toBe(0);
  });
});
