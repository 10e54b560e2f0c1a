import { createFakeClock } from '@tiercel/testkit';
import { describe, expect, it } from 'vitest';
import { createStoreClock } from './clock.ts';

/** A machine whose clock is off by so much from the store's. */
async function bench(off: number) {
  const local = createFakeClock();
  const state = { off, away: false, takes: 0, told: [] as number[] };
  const read = async (): Promise<number> => {
    if (state.away) throw new Error('away');
    if (state.takes > 0) local.advance(state.takes);
    return Date.UTC(2026, 0, 1) + local.elapsed() - state.off;
  };
  const clock = await createStoreClock(read, local, (ms) => state.told.push(ms));
  return { local, state, clock, error: () => clock.now() - (local.now() - state.off) };
}

describe("the store's clock", () => {
  it.each([0, 300_000, -300_000, 40])('is right on a machine that is %i ms off', async (off) => {
    const b = await bench(off);
    expect(b.error()).toBe(0);
    expect(b.state.told).toEqual(Math.abs(off) > 1_000 ? [-off] : []);
  });

  it('is right when the clock of the machine is set anew', async () => {
    const b = await bench(0);
    const before = b.clock.now();
    b.local.jump(300_000);
    expect(b.clock.now()).toBe(before);
    await b.local.advanceAsync(20_000);
    expect(b.clock.now()).toBe(before + 20_000);
    b.clock.stop();
  });

  it('follows a store whose clock jumps, within ten seconds', async () => {
    const b = await bench(0);
    b.state.off = 300_000;
    expect(b.error()).toBe(300_000);
    await b.local.advanceAsync(10_000);
    expect(b.error()).toBe(0);
  });

  it('stays as it is while the store is away or slow, and does not tremble', async () => {
    const b = await bench(1_000);
    b.state.away = true;
    await b.local.advanceAsync(30_000);
    expect(b.error()).toBe(0);
    b.state.away = false;
    b.state.takes = 2_000;
    b.state.off = 5_000;
    await b.local.advanceAsync(10_000);
    expect(b.error()).toBe(4_000);
    b.state.takes = 0;
    await b.local.advanceAsync(20_000);
    expect(b.error()).toBe(0);
    b.state.off = 5_003;
    await b.local.advanceAsync(10_000);
    expect(b.error()).toBe(3);
    b.clock.stop();
  });
});
