import { describe, expect, it } from 'vitest';
import { taskQueue, type TaskJob } from '@tiercel/contracts';
import { flowOf, forEach, ifTask, inline, worker } from '@tiercel/engine/testing';
import { derivedId, idFrom, partitionOf } from '@tiercel/model';
import { StoreError } from '@tiercel/store';
import { createFakeClock } from '@tiercel/testkit';
import type { ExecutorDeps } from './index.ts';
import { bench, turns } from './testing/bench.ts';

const CHAIN = flowOf(['a', 'b', 'c', 'd'].map((id) => inline(id)));
const WORK = flowOf([worker('a'), worker('b')]);

describe('steps', () => {
  it('a chain of inline tasks costs one commit and no read', async () => {
    const b = bench({ chain: CHAIN });
    await b.executor.start();
    const id = await b.submit('chain');
    expect(b.stateOf(id)).toBe('SUCCESS');
    expect(b.calls.filter((call) => call === 'commit' || call === 'load')).toEqual(['commit']);
    expect([...b.store.inspect.logs()].map((log) => log.message)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('a job goes to the queue of its worker group after the commit; its result, copied in the hint, needs no read', async () => {
    const b = bench({ work: WORK });
    await b.executor.start();
    const id = await b.submit('work');
    expect(await b.waitingJobs()).toBe(1);
    await b.report(id, 0);
    await b.report(id, 1);
    expect(b.stateOf(id)).toBe('SUCCESS');
    expect(b.calls.filter((call) => call === 'load')).toEqual([]);
  });

  it('repeated hints of a new execution make nothing twice', async () => {
    const b = bench({ work: WORK });
    await b.executor.start();
    const id = await b.submit('work', false);
    const created = b.store.inspect.execution(id)!.execution;
    for (let i = 0; i < 3; i++) b.look(id, { created });
    await turns();
    for (let i = 0; i < 3; i++) b.look(id, { created });
    await turns();
    expect(b.store.inspect.execution(id)!.taskRuns).toHaveLength(1);
    await b.report(id, 0);
    await b.report(id, 1);
    expect(b.stateOf(id)).toBe('SUCCESS');
  });

  it('tells over the bus what it committed', async () => {
    const b = bench({ chain: CHAIN });
    const told: object[] = [];
    b.bus.subscribe('execution', (event) => told.push(event));
    await b.executor.start();
    const id = await b.submit('chain');
    expect(told).toEqual([{ executionId: id, version: 1, ended: true }]);
  });

  it('I/O that takes longer than the budget of inline tasks does not keep a step from ending', async () => {
    const flow = flowOf([ifTask('if', "{{ kv('k') }}", [inline('then')])]);
    const clock = createFakeClock();
    const perform: ExecutorDeps['perform'] = (asked) =>
      new Promise(
        (resolve) => void clock.after(200, () => resolve(new Map(asked.map((call) => [call.key, { value: true }])))),
      );
    const c = bench({ io: flow }, { perform, clock });
    await c.executor.start();
    const id = await c.submit('io');
    for (let i = 0; i < 5 && c.stateOf(id) !== 'SUCCESS'; i++) {
      clock.advance(200);
      await turns();
    }
    expect(c.stateOf(id)).toBe('SUCCESS');
  });

  it('a wide loop is started in several commits, none larger than the budget', async () => {
    const sizes: number[] = [];
    const owes: boolean[] = [];
    const values = Array.from({ length: 40 }, (_, i) => i);
    const b = bench(
      { wide: flowOf([forEach('f', values, [worker('w')], { concurrencyLimit: 0 })]) },
      {
        limits: { runsPerStep: 10 },
        wrap: (store) => ({
          commit: (steps) => (
            sizes.push(steps[0]!.taskRuns.filter((run) => run.sent).length),
            owes.push(steps[0]!.owes),
            store.commit(steps)
          ),
        }),
      },
    );
    await b.executor.start();
    await b.submit('wide');
    expect(owes.every(Boolean)).toBe(true);
    expect(sizes.length).toBeGreaterThanOrEqual(4);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
    expect(await b.waitingJobs()).toBe(40);
  });
});

describe('when a commit fails', () => {
  it('after another executor was faster it reads the rows again and goes on', async () => {
    const b = bench({ work: WORK });
    const two = b.make('two');
    await b.executor.start();
    await two.start();
    b.router.setExecutors(['one']);
    const id = await b.submit('work');
    // The other one applies a pause of which this one knows nothing.
    const pause = await b.operate(id, { kind: 'pause' });
    b.router.setExecutors(['two']);
    b.look(id);
    await turns();
    b.router.setExecutors(['one']);
    expect([b.stateOf(id), b.outcomeOf(pause)]).toEqual(['PAUSED', 'applied']);
    await b.report(id, 0);
    expect([b.stateOf(id), b.store.inspect.execution(id)!.taskRuns.length]).toEqual(['PAUSED', 1]);
    await b.operate(id, { kind: 'resume' });
    b.look(id);
    await turns();
    await b.report(id, 1);
    expect(b.stateOf(id)).toBe('SUCCESS');
  });

  it.each(['before', 'after'] as const)(
    'because the store is away (%s it took effect) it tries again, and its job is sent',
    async (fail) => {
      const b = bench({ work: WORK });
      await b.executor.start();
      b.planned.push({ operation: 'commit', fault: { fail } });
      const id = await b.submit('work');
      expect(await b.waitingJobs()).toBe(0);
      await b.clock.advanceAsync(300);
      await turns();
      expect([await b.waitingJobs(), b.store.inspect.execution(id)!.taskRuns.map((run) => run.dispatch)]).toEqual([
        1,
        [1],
      ]);
    },
  );

  it('because of bad data that execution alone is failed, without the payload; others go on', async () => {
    const bad = flowOf([inline('poison')]);
    const b = bench(
      { bad, chain: CHAIN },
      {
        wrap: (store) => ({
          commit: async (steps) => {
            if (steps.some((step) => step.taskRuns.some((run) => run.outputs?.['of'] === 'poison')))
              throw new StoreError('bad-data', 'no such text');
            return store.commit(steps);
          },
        }),
      },
    );
    await b.executor.start();
    const id = await b.submit('bad');
    const other = await b.submit('chain');
    expect([b.stateOf(id), b.stateOf(other)]).toEqual(['FAILED', 'SUCCESS']);
    expect(
      [...b.store.inspect.logs()].some((log) => log.executionId === id && log.message.includes('no such text')),
    ).toBe(true);
  });

  it('a step that throws fails its execution; what ran of it is killed, its operations are refused', async () => {
    const flow = flowOf([worker('a'), ifTask('if', "{{ kv('k') }}", [inline('then')])]);
    const b = bench({ poison: flow }, { perform: () => Promise.reject(new Error('boom')) });
    const kills: object[] = [];
    b.bus.subscribe('kill', (event) => kills.push(event));
    await b.executor.start();
    const id = await b.submit('poison');
    await b.report(id, 0, false);
    const pause = await b.operate(id, { kind: 'kill', cascade: false });
    const other = await b.operate(id, { kind: 'resume' });
    b.look(id);
    await turns();
    expect(b.outcomeOf(pause)).toBe('applied');
    expect([b.stateOf(id), b.outcomeOf(other), kills.length]).toEqual(['KILLED', 'refused', 1]);
    const again = await b.submit('poison');
    await b.report(again, 0);
    expect(b.stateOf(again)).toBe('FAILED');
    expect(b.store.inspect.execution(again)!.taskRuns.every((run) => !run.sent)).toBe(true);
  });
});

describe('a flow that is gone', () => {
  it('fails the execution with the reason', async () => {
    const b = bench({});
    await b.executor.start();
    const id = await b.submit('gone');
    expect(b.stateOf(id)).toBe('FAILED');
    expect([...b.store.inspect.logs()][0]!.message).toContain('Revision 1 of flow test.gone');
  });

  it('refuses operations on its ended executions instead of leaving them in the inbox', async () => {
    const b = bench({ chain: CHAIN });
    await b.executor.start();
    const id = await b.submit('chain');
    b.graphs.clear();
    const restart = await b.operate(id, { kind: 'restart' });
    b.look(id);
    await turns();
    expect([b.outcomeOf(restart), b.stateOf(id), [...b.store.inspect.inbox()]]).toEqual(['refused', 'SUCCESS', []]);
  });
});

describe('hints', () => {
  it('one that reached the wrong executor is passed on once, then handled where it is', async () => {
    const b = bench({ chain: CHAIN });
    const two = b.make('two');
    await b.executor.start();
    await two.start();
    const id = await b.submit('chain', false);
    b.router.setExecutors(['two']);
    const hint = { v: 1 as const, kind: 'look' as const, tenant: 'main', partition: partitionOf(id), executionId: id };
    b.queue.add('executor-one', [{ id, message: hint }]);
    await turns();
    expect([b.stateOf(id), two.size().executions + b.executor.size().executions]).toEqual(['SUCCESS', 0]);
    const other = await b.submit('chain', false);
    b.router.setExecutors(['elsewhere']);
    b.queue.add('executor-one', [
      { id: other, message: { ...hint, executionId: other, partition: partitionOf(other), passedOn: true } },
    ]);
    await turns();
    expect(b.stateOf(other)).toBe('SUCCESS');
  });

  it('one that comes in any moment around the end of a step is handled', async () => {
    for (let hops = 0; hops < 40; hops++) {
      const b = bench({ work: WORK });
      await b.executor.start();
      const id = await b.submit('work');
      const pause = await b.operate(id, { kind: 'pause' });
      b.look(id);
      await turns(1);
      for (let i = 0; i < hops; i++) await Promise.resolve();
      const resume = await b.operate(id, { kind: 'resume' });
      b.look(id);
      await turns();
      expect([hops, b.outcomeOf(pause), b.outcomeOf(resume)]).toEqual([hops, 'applied', 'applied']);
    }
  });

  it('the reconciler’s question sends the jobs that nobody holds again, and no others', async () => {
    const b = bench({ two: flowOf([forEach('f', ['1', '2'], [worker('w')], { concurrencyLimit: 0 })]) });
    await b.executor.start();
    const id = await b.submit('two');
    const sent: TaskJob[] = [];
    const consumer = b.queue.consume<TaskJob>(
      taskQueue('default'),
      { concurrency: 1 },
      async (job) => void sent.push(job),
    );
    await turns();
    await b.store.claim('w', [{ executionId: id, taskRunSeq: 1, dispatch: 1 }], 9_000);
    sent.length = 0;
    b.look(id, { resend: true });
    await turns();
    expect(sent.map((job) => [job.taskRunSeq, job.dispatch])).toEqual([[2, 1]]);
    await consumer.stop();
  });

  it('the question is not forgotten when the step that it came with lost its race', async () => {
    const b = bench({ work: WORK });
    await b.executor.start();
    const id = await b.submit('work');
    await b.queue.remove(taskQueue('default'));
    const run = b.store.inspect.execution(id)!;
    await b.store.commit([
      {
        execution: run.execution,
        version: run.version,
        applied: [],
        taskRuns: [],
        removedTaskRuns: [],
        logs: [],
        metrics: [],
        wakeUps: [],
        killLeases: false,
        owes: true,
        operations: [],
      },
    ]);
    const event = { kind: 'task-started', taskRunSeq: 0, dispatch: 1, date: 0 } as const;
    b.look(id, { events: [{ id: derivedId(id, 9), event }], resend: true });
    await turns();
    expect(await b.waitingJobs()).toBe(1);
  });

  it('of an execution that is not there is dropped', async () => {
    const b = bench({});
    await b.executor.start();
    b.look(idFrom(0, (words) => words.fill(1)));
    await turns();
    expect([b.executor.size(), b.problems]).toEqual([{ executions: 0, taskRuns: 0 }, []]);
  });
});

describe('memory', () => {
  it('holds idle executions up to its limit; those that were put away go on from rows', async () => {
    const b = bench({ work: WORK }, { limits: { cachedTaskRuns: 10 } });
    await b.executor.start();
    const ids: string[] = [];
    for (let i = 0; i < 12; i++) ids.push(await b.submit('work'));
    expect(b.executor.size().taskRuns).toBeLessThanOrEqual(10);
    expect(b.executor.size().executions).toBeLessThan(12);
    for (const id of ids) {
      await b.report(id, 0);
      await b.report(id, 1);
    }
    expect(ids.map((id) => b.stateOf(id))).toEqual(ids.map(() => 'SUCCESS'));
    expect(b.executor.size()).toEqual({ executions: 0, taskRuns: 0 });
  });
});

describe('life', () => {
  it('announces itself each second and leaves when it stops', async () => {
    const b = bench({ chain: CHAIN });
    await b.executor.start();
    await b.clock.advanceAsync(3_100);
    expect(b.calls.filter((call) => call === 'announce').length).toBe(4);
    await b.executor.stop();
    expect(await b.store.announce({ id: 'x', service: 'gateway' }, 5_000)).toHaveLength(1);
  });

  it('one that leaves passes what still comes on to its heirs, ends its steps, and removes its queue', async () => {
    const b = bench({ chain: CHAIN });
    const two = b.make('two');
    await b.executor.start();
    await two.start();
    const ids = await Promise.all(Array.from({ length: 20 }, () => b.submit('chain', false)));
    const stopping = b.executor.stop();
    await turns();
    for (const id of ids) {
      const message = { v: 1, kind: 'look', tenant: 'main', partition: partitionOf(id), executionId: id } as const;
      b.queue.add('executor-one', [{ id, message }]);
    }
    await turns();
    expect(ids.map(b.stateOf)).toEqual(ids.map(() => 'SUCCESS'));
    await b.clock.advanceAsync(2_000);
    await stopping;
    expect(await b.queue.counts('executor-one')).toEqual({ waiting: 0, active: 0 });
  });

  it('goes on announcing after the store was away', async () => {
    const b = bench({ chain: CHAIN });
    b.planned.push(
      { operation: 'announce', fault: { fail: 'before' } },
      { operation: 'announce', fault: { fail: 'before' } },
    );
    await b.executor.start();
    await b.clock.advanceAsync(2_100);
    expect(b.problems).toHaveLength(2);
    expect((await b.store.announce({ id: 'x', service: 'gateway' }, 5_000)).map((member) => member.id)).toContain(
      'one',
    );
  });
});
