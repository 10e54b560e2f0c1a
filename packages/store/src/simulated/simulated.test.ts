import { aReport, aStep, aTaskRun, anExecution, createFakeClock, createRandom } from '@tiercel/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import type { JobKey } from '../ports/execution-store.ts';
import { createSimulatedStore, type Fault, type SimulatedStore, type StoreOperation } from './index.ts';

const START = Date.UTC(2026, 0, 1);
const LEASE_MS = 9_000;

describe('simulated store', () => {
  let clock: ReturnType<typeof createFakeClock>;
  let faults: Partial<Record<StoreOperation, Fault>>;
  let store: SimulatedStore;
  beforeEach(() => {
    clock = createFakeClock(START);
    faults = {};
    store = createSimulatedStore({ clock, faults: (operation) => faults[operation] });
  });

  /** An execution with task runs, and their jobs. */
  async function stored(count: number): Promise<{ execution: ReturnType<typeof anExecution>; jobs: JobKey[] }> {
    const execution = anExecution();
    await store.create([{ execution }]);
    const taskRuns = Array.from({ length: count }, (_, seq) => aTaskRun(execution, seq));
    await store.commit([aStep(execution, 0, { taskRuns })]);
    return {
      execution,
      jobs: taskRuns.map((run) => ({ executionId: execution.id, taskRunSeq: run.seq, dispatch: 1 })),
    };
  }

  const settled = async <T>(promise: Promise<T>): Promise<() => string> => {
    let state = 'waiting';
    promise.then(
      () => (state = 'done'),
      (error: { code?: string }) => (state = error.code ?? 'error'),
    );
    await Promise.resolve();
    return () => state;
  };

  test('an operation that fails before its effect has none; one whose answer is lost has it', async () => {
    const { execution } = await stored(0);
    faults.commit = { fail: 'before' };
    await expect(store.commit([aStep(execution, 1)])).rejects.toMatchObject({
      name: 'StoreError',
      code: 'unavailable',
    });
    expect(store.inspect.execution(execution.id)?.version).toBe(1);
    faults.commit = { fail: 'after' };
    await expect(store.commit([aStep(execution, 1)])).rejects.toMatchObject({ code: 'unavailable' });
    expect(store.inspect.execution(execution.id)?.version).toBe(2);
    delete faults.commit;
    expect(await store.commit([aStep(execution, 1)])).toEqual(['conflict']);
  });

  test('an operation takes time on the clock, before and after its effect', async () => {
    const { execution } = await stored(0);
    faults.commit = { delayMs: 10, answerDelayMs: 5 };
    const state = await settled(store.commit([aStep(execution, 1)]));
    await clock.advanceAsync(9);
    expect(store.inspect.execution(execution.id)?.version).toBe(1);
    await clock.advanceAsync(1);
    expect([store.inspect.execution(execution.id)?.version, state()]).toEqual([2, 'waiting']);
    await clock.advanceAsync(5);
    expect(state()).toBe('done');
  });

  test('a crash ends what is under way: what had not taken effect never does, the rest has lost its answer', async () => {
    const { execution } = await stored(0);
    faults.create = { delayMs: 10 };
    faults.commit = { answerDelayMs: 10 };
    const late = anExecution();
    const states = [
      await settled(store.create([{ execution: late }])),
      await settled(store.commit([aStep(execution, 1)])),
    ];
    store.crash();
    await clock.advanceAsync(20);
    expect(states.map((state) => state())).toEqual(['unavailable', 'unavailable']);
    expect(store.inspect.execution(late.id)).toBeUndefined();
    expect(store.inspect.execution(execution.id)?.version).toBe(2);
  });

  test('a crash loses the leases that nothing durable followed, and the renewal brings them back', async () => {
    const { execution, jobs } = await stored(3);
    await store.claim('w1', [jobs[0]!], LEASE_MS);
    await store.report([aReport(execution, aTaskRun(execution, 2))]);
    await store.claim('w1', [jobs[1]!], LEASE_MS);
    store.crash();
    expect([...store.inspect.leases()].map((lease) => lease.taskRunSeq)).toEqual([0]);
    expect(await store.renew('w1', [jobs[0]!, jobs[1]!], LEASE_MS)).toEqual(['kept', 'kept']);
    expect([...store.inspect.leases()]).toHaveLength(2);
  });

  test("what is older than the log writer's round is on disk", async () => {
    const { jobs } = await stored(1);
    await store.claim('w1', jobs, LEASE_MS);
    clock.advance(700);
    store.crash();
    expect([...store.inspect.leases()]).toHaveLength(1);
  });

  test('a crash may lose any number of the last claims, but never an earlier one before a later', async () => {
    const kept = new Set<number>();
    const random = createRandom(7);
    for (let round = 0; round < 40; round++) {
      store = createSimulatedStore({ clock, random: random.next });
      const { jobs } = await stored(3);
      for (const job of jobs) await store.claim('w1', [job], LEASE_MS);
      store.crash();
      const seqs = [...store.inspect.leases()].map((lease) => lease.taskRunSeq);
      expect(seqs).toEqual([0, 1, 2].slice(0, seqs.length));
      kept.add(seqs.length);
    }
    expect([...kept].toSorted()).toEqual([0, 1, 2, 3]);
  });

  test('nothing expires before one lease length after a start', async () => {
    const { execution, jobs } = await stored(1);
    await store.claim('w1', jobs, LEASE_MS);
    await store.request([
      { id: execution.id, tenant: 'main', executionId: execution.id, operation: { kind: 'pause' } },
    ]);
    clock.advance(8_900);
    store.crash();
    clock.advance(1_000);
    expect(await store.expireLeases(10)).toEqual([]);
    clock.advance(8_001);
    expect(await store.expireLeases(10)).toHaveLength(1);
  });

  test('the same calls give the same store, ids included', async () => {
    const run = async (): Promise<string> => {
      const time = createFakeClock(START);
      const one = createSimulatedStore({ clock: time });
      const execution = anExecution({ id: '0351WpaQC0OeYymLZ0dfoJ', history: [{ state: 'CREATED', date: START }] });
      await one.create([{ execution }]);
      const taskRuns = [aTaskRun(execution, 0), aTaskRun(execution, 1)];
      await one.commit([aStep(execution, 0, { taskRuns })]);
      await one.claim(
        'w',
        taskRuns.map((task) => ({ executionId: execution.id, taskRunSeq: task.seq, dispatch: 1 })),
        LEASE_MS,
      );
      time.advance(20_000);
      await one.expireLeases(10);
      await one.request([
        { id: taskRuns[0]!.id, tenant: 'main', executionId: execution.id, operation: { kind: 'restart' } },
      ]);
      return JSON.stringify([await one.load([execution.id]), [...one.inspect.operations()]]);
    };
    expect(await run()).toBe(await run());
  });

  test('checkers see everything', async () => {
    const { execution, jobs } = await stored(1);
    await store.claim('w1', jobs, LEASE_MS);
    await store.report([
      aReport(execution, aTaskRun(execution, 0), {
        event: { kind: 'task-started', taskRunSeq: 0, dispatch: 1, date: 1 },
      }),
    ]);
    expect([...store.inspect.executions()]).toMatchObject([
      { execution: { id: execution.id }, version: 1, taskRuns: [{ seq: 0 }] },
    ]);
    expect([...store.inspect.inbox()]).toMatchObject([{ executionId: execution.id, event: { kind: 'task-started' } }]);
    expect([...store.inspect.leases()]).toEqual([
      {
        executionId: execution.id,
        taskRunSeq: 0,
        dispatch: 1,
        workerId: 'w1',
        expiresAt: START + LEASE_MS,
        kill: false,
      },
    ]);
  });
});
