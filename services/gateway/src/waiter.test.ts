import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newId } from '@tiercel/model';
import { createMemoryBus, type Bus } from '@tiercel/queue';
import { silentLogger } from '@tiercel/runtime';
import { anExecution, fakeExecutions, NOON, type FakeExecutions } from './testing/fakes.ts';
import { createWaiter, type Waiter } from './waiter.ts';
import { createExecutionWatch, type ExecutionWatch } from './watch.ts';

let bus: Bus;
let executions: FakeExecutions;
let watch: ExecutionWatch;
let waiter: Waiter;
beforeEach(() => {
  vi.useFakeTimers();
  bus = createMemoryBus();
  executions = fakeExecutions(bus);
  const logger = silentLogger();
  watch = createExecutionWatch({ bus, executions, logger, pollInterval: 1000 });
  waiter = createWaiter({ watch, executions, tenant: 'main', taskRunLimit: 10, logger });
});
afterEach(() => {
  watch.stop();
  vi.useRealTimers();
});

describe('waiting for the end of an execution', () => {
  it('ends at the live event, even one that comes before the creation is known', async () => {
    const execution = anExecution();
    const wait = waiter.waitForEnd(execution.id);
    executions.put(execution);
    executions.move(execution.id, 'SUCCESS');
    wait.created();
    expect((await wait.promise)?.execution.history.at(-1)?.state).toBe('SUCCESS');
    expect(watch.size).toBe(0);
  });

  it('ends within one reading when the live event is lost', async () => {
    const execution = anExecution();
    const wait = waiter.waitForEnd(execution.id);
    executions.put(execution);
    wait.created();
    await vi.advanceTimersByTimeAsync(3000);
    executions.move(execution.id, 'FAILED', { quiet: true });
    await vi.advanceTimersByTimeAsync(1000);
    expect((await wait.promise)?.execution.history.at(-1)?.state).toBe('FAILED');
  });

  it('goes on while the store is away', async () => {
    const execution = anExecution();
    executions.put(execution);
    const wait = waiter.waitForEnd(execution.id);
    wait.created();
    executions.failure = new Error('away');
    executions.move(execution.id, 'SUCCESS');
    await vi.advanceTimersByTimeAsync(5000);
    executions.failure = undefined;
    await vi.advanceTimersByTimeAsync(1000);
    expect(await wait.promise).toBeDefined();
  });

  it('waits through a restart that follows an end', async () => {
    const execution = anExecution();
    executions.put(execution);
    const wait = waiter.waitForEnd(execution.id);
    wait.created();
    executions.move(execution.id, 'FAILED', { quiet: true });
    bus.publish('execution', { executionId: execution.id, version: 1, ended: true });
    executions.move(execution.id, 'RESTARTED', { quiet: true });
    await vi.advanceTimersByTimeAsync(1000);
    executions.move(execution.id, 'SUCCESS');
    await vi.advanceTimersByTimeAsync(1000);
    // The read of the first end may have seen either; what is answered is an end.
    expect(['FAILED', 'SUCCESS']).toContain((await wait.promise)?.execution.history.at(-1)?.state);
  });

  it('does not take an execution that is not yet there for a deleted one, but does so afterwards', async () => {
    const wait = waiter.waitForEnd(newId(NOON));
    await vi.advanceTimersByTimeAsync(2000);
    expect(watch.size).toBe(1);
    wait.created();
    await vi.advanceTimersByTimeAsync(2000);
    expect(await wait.promise).toBeUndefined();
    expect(watch.size).toBe(0);
  });

  it('is not misled by a reading that began before the creation and ends after it', async () => {
    const execution = anExecution();
    const wait = waiter.waitForEnd(execution.id);
    const { states } = executions;
    let answer = (): void => undefined;
    executions.states = async () => {
      executions.states = states;
      await new Promise<void>((resolve) => (answer = resolve));
      return [];
    };
    await vi.advanceTimersByTimeAsync(1000);
    executions.put(execution);
    wait.created();
    answer();
    await vi.advanceTimersByTimeAsync(1000);
    expect(watch.size).toBe(1);
    executions.move(execution.id, 'SUCCESS');
    expect(await wait.promise).toBeDefined();
  });

  it('is forgotten when the client goes away, and when it is given up', async () => {
    const controller = new AbortController();
    const gone = waiter.waitForEnd(newId(NOON), controller.signal);
    const cancelled = waiter.waitForEnd(newId(NOON));
    const late = waiter.waitForEnd(newId(NOON), AbortSignal.abort());
    controller.abort();
    cancelled.cancel();
    expect(await Promise.all([gone.promise, cancelled.promise, late.promise])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(watch.size).toBe(0);
    await vi.advanceTimersByTimeAsync(5000);
    expect(executions.calls.states).toBe(0);
  });

  it('reads the states of all in batches, once per interval', async () => {
    const waits = Array.from({ length: 1500 }, () => waiter.waitForEnd(newId(NOON)));
    await vi.advanceTimersByTimeAsync(3000);
    expect(executions.calls.states).toBe(6);
    for (const wait of waits) wait.cancel();
  });

  it('answers 20,000 waits, 64 at a time, half of them without a live event', async () => {
    let answered = 0;
    const one = async (i: number): Promise<void> => {
      const execution = anExecution();
      const wait = waiter.waitForEnd(execution.id);
      executions.put(execution);
      wait.created();
      executions.move(execution.id, 'SUCCESS', { quiet: i % 128 < 64 });
      if ((await wait.promise) !== undefined) answered += 1;
    };
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let i = next++; i < 20_000; i = next++) await one(i);
    };
    const lanes = Promise.all(Array.from({ length: 64 }, lane));
    while (answered < 20_000) await vi.advanceTimersByTimeAsync(1000);
    await lanes;
    expect(watch.size).toBe(0);
  });
});
