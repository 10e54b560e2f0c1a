import { describe, expect, test } from 'vitest';
import { idFrom, isId } from '@tiercel/model';
import { createFakeClock } from './clock.ts';
import { createRandom } from './random.ts';
import { waitUntil } from './wait-until.ts';

describe('fake clock', () => {
  test('runs what is due in order of time, then of registration, each at its own moment', () => {
    const clock = createFakeClock(1_000);
    const seen: string[] = [];
    const at = (name: string, ms: number) => clock.after(ms, () => seen.push(`${name}@${clock.now()}`));
    at('b', 20);
    at('a', 10);
    at('c', 20);
    at('late', 31);
    clock.advance(30);
    expect(seen).toEqual(['a@1010', 'b@1020', 'c@1020']);
    expect(clock.now()).toBe(1_030);
    clock.advance(1);
    expect(seen.at(-1)).toBe('late@1031');
  });

  test('runs timers that other timers set, when they fall into the same stretch', () => {
    const clock = createFakeClock(0);
    const seen: number[] = [];
    const tick = (): void => {
      seen.push(clock.now());
      clock.after(10, tick);
    };
    clock.after(10, tick);
    clock.advance(35);
    expect(seen).toEqual([10, 20, 30]);
    expect(clock.pending).toBe(1);
  });

  test('a cancelled timer does not run; a step goes to the next one', () => {
    const clock = createFakeClock(0);
    const seen: string[] = [];
    const cancel = clock.after(5, () => seen.push('cancelled'));
    clock.after(7, () => seen.push('kept'));
    cancel();
    expect(clock.step()).toBe(true);
    expect([seen, clock.now()]).toEqual([['kept'], 7]);
    expect(clock.step()).toBe(false);
  });

  test('advanceAsync lets promises go on between timers', async () => {
    const clock = createFakeClock(0);
    const seen: number[] = [];
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));
    const work = (async () => {
      for (let i = 0; i < 3; i++) {
        await sleep(10);
        seen.push(clock.now());
      }
    })();
    await clock.advanceAsync(100);
    await work;
    expect(seen).toEqual([10, 20, 30]);
  });
});

describe('random', () => {
  test('follows from the seed, and neighbouring seeds differ at once', () => {
    const draw = (seed: number) => Array.from({ length: 20 }, createRandom(seed).next);
    expect(draw(1)).toEqual(draw(1));
    expect(new Set([1, 2, 3, 4].map((seed) => draw(seed)[0]))).toHaveProperty('size', 4);
    expect(draw(5).every((x) => x >= 0 && x < 1)).toBe(true);
  });

  test('whole numbers are even over their range, bounds included', () => {
    const random = createRandom(3);
    const counts = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 6_000; i++) counts[random.int(0, 5)]! += 1;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  test('shuffles, picks, makes ids, and forks without disturbing itself', () => {
    const random = createRandom(4);
    const list = [1, 2, 3, 4, 5, 6, 7, 8];
    const shuffled = random.shuffle(list);
    expect(shuffled).not.toEqual(list);
    expect(shuffled.toSorted()).toEqual(list);
    expect(list).toContain(random.pick(list));
    expect(isId(idFrom(1_000, random.words))).toBe(true);
    const [one, two] = [createRandom(9), createRandom(9)];
    const fork = one.fork();
    two.fork();
    fork.next();
    expect(one.next()).toBe(two.next());
  });
});

describe('waitUntil', () => {
  test('answers what the condition answers, or says what it waited for', async () => {
    let looks = 0;
    expect(await waitUntil(() => (++looks > 2 ? { looks } : undefined))).toEqual({ looks: 3 });
    await expect(waitUntil(() => false, { timeoutMs: 20, what: 'the moon' })).rejects.toThrow('in vain for the moon');
  });
});
