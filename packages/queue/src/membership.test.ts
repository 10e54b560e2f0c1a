import { createFakeClock } from '@tiercel/testkit';
import { describe, expect, it } from 'vitest';
import { createHintRouter, createMemoryBus, createMemoryQueue, createMembership, rendezvous } from './index.ts';

interface Member {
  readonly id: string;
  readonly service: string;
}

/** A list of members as a store keeps it, and members that use it. */
function bench() {
  const clock = createFakeClock();
  const bus = createMemoryBus();
  const list = new Map<string, Member>();
  const state = { away: false, announcements: 0 };
  const problems: string[] = [];
  const make = (id: string, service = 'executor') => {
    const router = createHintRouter(createMemoryQueue());
    const changes: string[] = [];
    const membership = createMembership<Member>({
      id,
      bus,
      router,
      clock,
      log: { warn: (_, message) => void problems.push(message) },
      announce: async () => {
        state.announcements++;
        if (state.away) throw new Error('away');
        list.set(id, { id, service });
        return [...list.values()];
      },
      leave: async () => void list.delete(id),
    });
    const names = (members: readonly Member[] = []): string => members.map((one) => one.id).join();
    membership.onChange((now, before) => void changes.push(`${names(before)} > ${names(now)}`));
    return { membership, router, changes };
  };
  return { clock, list, state, problems, make };
}

describe('membership', () => {
  it('announces each second, and leaves when it leaves', async () => {
    const b = bench();
    const one = b.make('one');
    await one.membership.join();
    await b.clock.advanceAsync(3_100);
    expect(b.state.announcements).toBe(4);
    await one.membership.leave();
    await b.clock.advanceAsync(3_000);
    expect([b.state.announcements, b.list.size]).toEqual([4, 0]);
  });

  it('those who are there hear at once of one who comes or leaves', async () => {
    const b = bench();
    const [one, two] = [b.make('one'), b.make('two')];
    await one.membership.join();
    await two.membership.join();
    await b.clock.advanceAsync(0);
    expect(one.changes).toEqual([' > one', 'one > one,two']);
    await two.membership.leave();
    await b.clock.advanceAsync(0);
    expect(one.changes.at(-1)).toBe('one,two > one');
    expect(one.router.ownerOf(0)).toBe('one');
  });

  it('one who leaves sends to the heirs from then on', async () => {
    const b = bench();
    const [one, two] = [b.make('one'), b.make('two')];
    await one.membership.join();
    await two.membership.join();
    await two.membership.leave();
    expect(Array.from({ length: 64 }, (_, partition) => two.router.ownerOf(partition))).toEqual(rendezvous(['one']));
  });

  it('is on no list again after it has left, also when it was just announcing itself', async () => {
    const b = bench();
    const one = b.make('one');
    await one.membership.join();
    void b.clock.advanceAsync(1_000);
    await one.membership.leave();
    expect(b.list.size).toBe(0);
  });

  it('keeps what it knows while the store is away, and goes on by itself', async () => {
    const b = bench();
    const one = b.make('one');
    await one.membership.join();
    b.state.away = true;
    await b.clock.advanceAsync(2_000);
    expect([one.router.ownerOf(0), b.problems.length]).toEqual(['one', 2]);
    b.state.away = false;
    b.list.clear();
    await b.clock.advanceAsync(1_000);
    expect(b.list.has('one')).toBe(true);
  });

  it('only executors are given hints', async () => {
    const b = bench();
    const worker = b.make('w', 'worker');
    await worker.membership.join();
    expect(worker.router.ownerOf(0)).toBeUndefined();
    expect(worker.membership.members().map((one) => one.id)).toEqual(['w']);
  });
});
