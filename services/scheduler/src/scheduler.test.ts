import { describe, expect, it } from 'vitest';
import { executorQueue, type ExecutionHint } from '@tiercel/contracts';
import { idFrom, partitionOf } from '@tiercel/model';
import { createHintRouter, createMemoryBus, createMemoryQueue, rendezvous } from '@tiercel/queue';
import { createSimulatedStore, type StoreOperation } from '@tiercel/store/simulated';
import { anExecution, aStep, createFakeClock } from '@tiercel/testkit';
import { createScheduler, type Scheduler, type SchedulerDeps } from './index.ts';

const turns = async (count = 6): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** Schedulers over one simulated store; the hints that they send are gathered. */
async function bench() {
  const clock = createFakeClock();
  const calls: StoreOperation[] = [];
  const troubles: { away: boolean; delayMs: number | undefined } = { away: false, delayMs: undefined };
  const store = createSimulatedStore({
    clock,
    faults: (operation) => {
      calls.push(operation);
      if (troubles.away) return { fail: 'before' };
      return troubles.delayMs === undefined ? undefined : { delayMs: troubles.delayMs };
    },
  });
  const queue = createMemoryQueue();
  const problems: object[] = [];
  await store.announce({ id: 'executor', service: 'executor' }, 5_000);
  const hints: ExecutionHint[] = [];
  queue.consume<ExecutionHint>(
    executorQueue('executor'),
    { concurrency: 1_000 },
    async (hint) => void hints.push(hint),
  );
  const keepAlive = (): void => {
    void store.announce({ id: 'executor', service: 'executor' }, 5_000).catch(() => undefined);
    clock.after(1_000, keepAlive);
  };
  keepAlive();
  let made = 0;
  return {
    clock,
    calls,
    troubles,
    store,
    queue,
    hints,
    problems,
    make: (id: string, more: Partial<SchedulerDeps> = {}): Scheduler =>
      createScheduler({
        id,
        store,
        queue,
        bus: createMemoryBus(),
        router: createHintRouter(queue, { executors: ['executor'] }),
        clock,
        log: { warn: (fields) => void problems.push(fields), info: () => undefined },
        ...more,
      }),
    create: async (startAt?: number): Promise<string> => {
      const id = idFrom(clock.now(), (words) => words.fill(++made));
      const execution = anExecution({
        id,
        originalId: id,
        namespace: 'n',
        flowId: 'f',
        history: [{ state: 'CREATED', date: 0 }],
      });
      await store.create([{ execution, ...(startAt !== undefined && { startAt }) }]);
      return id;
    },
    /** Lets time pass in short steps, as it does. */
    pass: async (ms: number) => {
      for (let left = ms; left > 0; left -= 250) await clock.advanceAsync(Math.min(250, left));
      await turns();
    },
    inbox: () => [...store.inspect.inbox()],
  };
}

const claimed = async (b: Awaited<ReturnType<typeof bench>>): Promise<string> => {
  const id = await b.create();
  const { execution } = b.store.inspect.execution(id)!;
  const run = {
    seq: 0,
    id,
    taskId: 't',
    branch: 'main',
    history: [{ state: 'CREATED', date: 0 }],
    attempts: [],
    dispatch: 1,
    sent: true,
  } as const;
  await b.store.commit([aStep(execution, 0, { taskRuns: [run] })]);
  await b.store.claim('worker', [{ executionId: id, taskRunSeq: 0, dispatch: 1 }], 9_000);
  return id;
};

describe('the reconciler', () => {
  it('asks for a look at what is owed, with the question for lost jobs, less and less often', async () => {
    const b = await bench();
    await b.make('s').start();
    const id = await b.create();
    await b.pass(4_000);
    expect(b.hints).toEqual([]);
    await b.pass(60_000);
    expect(b.hints.every((hint) => hint.executionId === id && hint.resend === true)).toBe(true);
    expect(b.hints.length).toBeGreaterThanOrEqual(3);
    expect(b.hints.length).toBeLessThanOrEqual(5);
  });

  it('with two replicas each look is asked for once', async () => {
    const b = await bench();
    await b.make('s1').start();
    await b.make('s2').start();
    await b.create();
    await b.pass(9_000);
    expect(b.hints).toHaveLength(1);
  });

  it('hints inbox rows that have waited too long', async () => {
    const b = await bench();
    await b.make('s').start();
    const id = await b.create(b.clock.now() + 1e6);
    await b.store.request([{ id, tenant: 'main', executionId: id, operation: { kind: 'pause' } }]);
    await b.pass(1_500);
    expect(b.hints).toEqual([]);
    await b.pass(4_000);
    expect(b.hints.length).toBeGreaterThanOrEqual(1);
  });

  it('goes on when the store was away', async () => {
    const b = await bench();
    b.troubles.away = true;
    await b.make('s').start();
    await b.pass(10_000);
    b.troubles.away = false;
    expect(b.problems.length).toBeGreaterThan(3);
    await b.create();
    await b.pass(9_000);
    expect(b.hints.length).toBeGreaterThanOrEqual(1);
  });
});

describe('a look at everything', () => {
  it('is taken at the start and on demand, in rounds, and misses nothing', async () => {
    const b = await bench();
    const ids = new Set<string>();
    for (let i = 0; i < 25; i++) ids.add(await b.create());
    const scheduler = b.make('s', { limits: { roundLimit: 10 } });
    await scheduler.start();
    await turns();
    expect(new Set(b.hints.map((hint) => hint.executionId))).toEqual(ids);
    expect(b.calls.filter((call) => call === 'claimAllLooks')).toHaveLength(3);
    b.hints.length = 0;
    await scheduler.lookAtEverything();
    await turns();
    expect(new Set(b.hints.map((hint) => hint.executionId))).toEqual(ids);
  });

  it('is taken once more, however often the queue is wiped while one is under way', async () => {
    const b = await bench();
    const wiped: (() => void)[] = [];
    const queue = { ...b.queue, onWiped: (listener: () => void) => void wiped.push(listener) };
    const scheduler = b.make('one', { queue });
    await scheduler.start();
    await b.create();
    b.calls.length = 0;
    b.troubles.delayMs = 100;
    for (let i = 0; i < 5; i++) wiped[0]!();
    await b.pass(1_000);
    expect(b.calls.filter((call) => call === 'claimAllLooks')).toHaveLength(2);
    b.troubles.delayMs = undefined;
    await b.pass(500);
    await scheduler.stop();
  });

  it('leaves out what owes nothing', async () => {
    const b = await bench();
    await b.create(b.clock.now() + 1e6);
    await b.make('s').start();
    await turns();
    expect(b.hints).toEqual([]);
  });
});

describe('wake-ups', () => {
  it('fire at their time, once, with two replicas', async () => {
    const b = await bench();
    await b.make('s1').start();
    await b.make('s2').start();
    const due = b.clock.now() + 7_300;
    const id = await b.create(due);
    await b.pass(7_250);
    expect(b.inbox()).toEqual([]);
    await b.pass(250);
    expect(b.inbox().map((row) => [row.executionId, row.event.kind])).toEqual([[id, 'wake-up']]);
    expect(b.hints.filter((hint) => hint.executionId === id)).toHaveLength(1);
    await b.pass(10_000);
    expect(b.inbox()).toHaveLength(1);
  });

  it('that were due before the start fire at the start', async () => {
    const b = await bench();
    await b.create(b.clock.now() + 100);
    b.clock.advance(5_000);
    await b.make('s').start();
    await turns();
    expect(b.inbox()).toHaveLength(1);
  });

  it('that could not be fired when they were due fire when the store is back', async () => {
    const b = await bench();
    await b.make('s').start();
    await b.create(b.clock.now() + 2_000);
    await b.pass(1_500);
    b.troubles.away = true;
    await b.pass(3_000);
    expect(b.inbox()).toEqual([]);
    b.troubles.away = false;
    await b.pass(1_500);
    expect(b.inbox()).toHaveLength(1);
  });
});

describe('leases', () => {
  const expired = (b: Awaited<ReturnType<typeof bench>>): boolean =>
    b.inbox().some((row) => row.event.kind === 'lease-expired');

  it('that nobody renews expire, and their execution is hinted', async () => {
    const b = await bench();
    await b.make('s').start();
    const id = await claimed(b);
    await b.pass(8_500);
    expect(expired(b)).toBe(false);
    await b.pass(4_500);
    expect([expired(b), b.hints.some((hint) => hint.executionId === id)]).toEqual([true, true]);
  });

  it('do not expire before the scheduler has been in contact for a lease length', async () => {
    const b = await bench();
    await claimed(b);
    b.clock.advance(60_000);
    await b.make('s').start();
    await b.pass(9_000);
    expect(expired(b)).toBe(false);
    await b.pass(5_000);
    expect(expired(b)).toBe(true);
  });

  it.each(['fail', 'hang'] as const)(
    'after an outage in which calls %s, workers get a lease length to renew',
    async (how) => {
      const b = await bench();
      await b.make('s').start();
      await b.pass(20_000);
      await claimed(b);
      if (how === 'fail') b.troubles.away = true;
      else b.troubles.delayMs = 15_000;
      await b.pass(15_000);
      Object.assign(b.troubles, { away: false, delayMs: undefined });
      await b.pass(8_500);
      expect(expired(b)).toBe(false);
      await b.pass(20_000);
      expect(expired(b)).toBe(true);
    },
  );
});

describe('life', () => {
  it('housekeeping that fails at the start does not keep the scheduler from starting, and is tried again soon', async () => {
    const b = await bench();
    let tries = 0;
    const housekeeping = async (): Promise<void> => {
      if (++tries < 3) throw new Error('not yet');
    };
    await b.make('s', { housekeeping }).start();
    await b.pass(25_000);
    expect(tries).toBe(3);
    await b.pass(30_000);
    expect(tries).toBe(3);
    await b.pass(60_000);
    expect(tries).toBe(4);
  });

  it('does nothing after it has stopped', async () => {
    const b = await bench();
    const scheduler = b.make('s');
    await scheduler.start();
    await b.create(b.clock.now() + 3_000);
    await b.pass(500);
    await scheduler.stop();
    b.calls.length = 0;
    await b.pass(20_000);
    expect(b.calls.filter((call) => call !== 'announce')).toEqual([]);
    expect(b.hints).toEqual([]);
  });

  it('when an executor dies, those who inherit its partitions are told at once what it owed', async () => {
    const b = await bench();
    const scheduler = b.make('s');
    await b.store.announce({ id: 'other', service: 'executor' }, 5_000);
    await scheduler.start();
    const ids = await Promise.all(Array.from({ length: 40 }, () => b.create()));
    const orphans = ids.filter((id) => rendezvous(['executor', 'other'])[partitionOf(id)] === 'other');
    expect(orphans.length).toBeGreaterThan(0);
    await b.store.leave('other');
    await b.pass(1_250);
    expect(b.hints.map((hint) => hint.executionId).toSorted()).toEqual(orphans.toSorted());
  });

  it('when an executor dies, so are those who joined before that was noticed', async () => {
    const b = await bench();
    const scheduler = b.make('s');
    await b.store.announce({ id: 'other', service: 'executor' }, 5_000);
    await scheduler.start();
    const ids = await Promise.all(Array.from({ length: 60 }, () => b.create()));
    await b.store.announce({ id: 'next', service: 'executor' }, 5_000);
    const take = async (hint: ExecutionHint): Promise<void> => void b.hints.push(hint);
    b.queue.consume<ExecutionHint>(executorQueue('next'), { concurrency: 1_000 }, take);
    await b.pass(1_250);
    b.hints.length = 0;
    await b.store.leave('other');
    await b.pass(1_250);
    const orphans = ids.filter((id) => rendezvous(['executor', 'other'])[partitionOf(id)] === 'other');
    const taken = orphans.filter((id) => rendezvous(['executor', 'other', 'next'])[partitionOf(id)] === 'next');
    expect(taken.length).toBeGreaterThan(0);
    expect(b.hints.map((hint) => hint.executionId).toSorted()).toEqual(orphans.toSorted());
    // Whoever gets them may still believe in the dead one, and must not pass them on to it.
    expect(b.hints.filter((hint) => hint.passedOn !== true)).toEqual([]);
  });

  it('what a dead executor leaves behind is taken away after a minute: its queue, then its name', async () => {
    const b = await bench();
    const scheduler = b.make('s');
    await b.store.announce({ id: 'dead', service: 'executor' }, 5_000);
    const id = await b.create();
    const message = { v: 1, kind: 'look', tenant: 'main', partition: 0, executionId: id } as const;
    b.queue.add(executorQueue('dead'), [{ id, message }]);
    await scheduler.start();
    await b.pass(55_000);
    expect((await b.queue.counts(executorQueue('dead'))).waiting).toBeGreaterThan(0);
    await b.pass(40_000);
    expect(await b.queue.counts(executorQueue('dead'))).toEqual({ waiting: 0, active: 0 });
    expect(await b.store.deadMembers(60_000)).toEqual([]);
  });

  it('announces itself, and says goodbye', async () => {
    const b = await bench();
    const scheduler = b.make('s');
    await scheduler.start();
    const members = async (): Promise<readonly string[]> =>
      (await b.store.announce({ id: 'x', service: 'gateway' }, 5_000)).map((member) => member.id);
    expect(await members()).toContain('s');
    await scheduler.stop();
    expect(await members()).not.toContain('s');
  });
});
