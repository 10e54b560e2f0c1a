import { describe, expect, it } from 'vitest';
import { StoreError } from '@tiercel/store';
import type { KillReason } from './index.ts';
import { bench, line, turns } from './testing/bench.ts';

describe('a job', () => {
  it('is claimed before it runs, and its result ends the lease and tells the executor with a copy', async () => {
    const b = await bench();
    const task = await b.start();
    expect(b.leases()).toHaveLength(1);
    await task.end({ outputs: { n: 1 } });
    expect([b.leases(), b.worker.running()]).toEqual([[], 0]);
    expect(b.inbox()).toMatchObject([
      { kind: 'task-result', taskRunSeq: 0, dispatch: 1, result: { state: 'SUCCESS', outputs: { n: 1 } } },
    ]);
    expect(b.hints[0]!.events).toHaveLength(1);
  });

  it('that somebody else holds, or whose number is old, does not run', async () => {
    const b = await bench();
    const [held] = await b.dispatched();
    await b.store.claim('worker-2', [held!], 9_000);
    const [old] = await b.dispatched();
    await b.send([held!, { ...old!, dispatch: 0 }]);
    expect(b.running).toEqual([]);
  });

  it('that comes twice runs once', async () => {
    const b = await bench();
    const [job] = await b.dispatched();
    await b.send([job!]);
    await b.send([job!]);
    expect(b.running).toHaveLength(1);
  });

  it('waits when all places are taken', async () => {
    const b = await bench({ limits: { capacity: 2 } });
    await b.send(await b.dispatched(5));
    expect([b.running.length, b.leases().length]).toEqual([2, 2]);
    await b.running[0]!.end();
    expect(b.running).toHaveLength(3);
  });

  it('whose claim failed is left to the reconciler, and the next one runs', async () => {
    const b = await bench();
    b.troubles.next.push({ operation: 'claim', fault: { fail: 'after' } });
    await b.start();
    expect(b.running).toEqual([]);
    await b.pass(300);
    await b.start();
    expect(b.running).toHaveLength(1);
  });

  it('is announced as RUNNING only when it outlives the first moments', async () => {
    const b = await bench();
    const quick = await b.start();
    await b.pass(40);
    await quick.end();
    const date = b.clock.now();
    await b.start();
    await b.pass(60);
    expect(b.inbox().map((event) => event.kind)).toEqual(['task-result', 'task-started']);
    // Told later, but of the moment at which it began.
    expect(b.inbox()[1]).toMatchObject({ date });
  });
});

describe('a result', () => {
  it('is reported until it is durable', async () => {
    const b = await bench();
    const task = await b.start();
    b.troubles.away = true;
    await task.end();
    await b.pass(2_000);
    expect([b.inbox(), b.worker.running()]).toEqual([[], 1]);
    b.troubles.away = false;
    await b.pass(300);
    expect([b.inbox().length, b.worker.running()]).toEqual([1, 0]);
  });

  it('whose answer was lost is there once', async () => {
    const b = await bench();
    const task = await b.start();
    b.troubles.next.push({ operation: 'report', fault: { fail: 'after' } });
    await task.end();
    await b.pass(300);
    expect([b.inbox().length, b.calls.filter((call) => call === 'report').length]).toEqual([1, 2]);
  });

  it('is reported even when its lease was lost while the store was away: the task need not run again', async () => {
    const b = await bench();
    const task = await b.start();
    b.troubles.away = true;
    await task.end();
    await b.pass(10_000);
    b.troubles.next.push({ operation: 'expireLeases', fault: {} });
    await b.store.expireLeases(10);
    b.troubles.away = false;
    b.troubles.next.push(
      { operation: 'report', fault: { fail: 'before' } },
      { operation: 'report', fault: { fail: 'before' } },
    );
    await b.pass(4_000);
    expect(b.inbox().map((event) => event.kind)).toEqual(['lease-expired', 'task-result']);
  });

  it.each([
    ['can never be written', new StoreError('bad-data', 'nested too deeply')],
    ['the store stumbles over', new RangeError('nested too deeply')],
  ])('that %s becomes a failure that can be written', async (_, error) => {
    const b = await bench({
      wrap: (store) => ({
        report: async (reports) => {
          if (reports.some((r) => r.event.kind === 'task-result' && r.event.result.outputs !== undefined)) throw error;
          return store.report(reports);
        },
      }),
    });
    const task = await b.start();
    await task.end({ outputs: { bad: true } });
    expect(b.inbox()).toMatchObject([
      {
        kind: 'task-result',
        result: { state: 'FAILED', error: 'The result of this task could not be stored: nested too deeply' },
      },
    ]);
    expect(JSON.stringify(b.inbox())).not.toContain('"bad"');
    expect(b.worker.running()).toBe(0);
  });

  it('that fails for no known reason, whatever is left out of it, is given up', async () => {
    const b = await bench({ wrap: () => ({ report: () => Promise.reject(new Error('nobody knows')) }) });
    const task = await b.start();
    await task.end();
    expect([b.worker.running(), b.problems.at(-1)]).toEqual([0, 'a result can never be written; the task is given up']);
  });

  it('survives a log line that can never be written: that line is left out, nothing else', async () => {
    const isBad = (logs: readonly { message: string }[]): boolean => logs.some((log) => log.message === 'bad');
    const b = await bench({
      wrap: (store) => ({
        report: async (reports) => {
          if (reports.some((r) => isBad(r.logs))) throw new StoreError('bad-data', 'bad');
          return store.report(reports);
        },
        appendLogs: async (logs, metrics) => {
          if (isBad(logs)) throw new StoreError('bad-data', 'bad');
          return store.appendLogs(logs, metrics);
        },
      }),
    });
    const task = await b.start();
    void task.sink.onLog(['1', '2', 'bad', '3'].map(line));
    await task.end();
    expect(b.inbox()).toMatchObject([{ result: { state: 'SUCCESS' } }]);
    expect(b.lines().toSorted()).toEqual(['1', '2', '3']);
  });

  it('survives a metric that can never be written, though the store goes away meanwhile: all else is kept', async () => {
    const isBad = (metrics: readonly { value: number }[]): boolean => metrics.some(({ value }) => value === Infinity);
    const b = await bench({
      wrap: (store) => ({
        report: async (reports) => {
          if (reports.some((r) => isBad(r.metrics))) throw new StoreError('bad-data', 'bad');
          return store.report(reports);
        },
        appendLogs: async (logs, metrics) => {
          if (isBad(metrics)) throw new StoreError('bad-data', 'bad');
          return store.appendLogs(logs, metrics);
        },
      }),
    });
    const task = await b.start();
    void task.sink.onLog(['1', '2'].map(line));
    void task.sink.onMetrics(
      [1, Infinity, 3].map((value) => ({ type: 'counter', name: 'rows', value, timestamp: 0 }) as const),
    );
    // The lines, and the first of the metrics.
    for (let i = 0; i < 2; i++) b.troubles.next.push({ operation: 'appendLogs', fault: { fail: 'before' } });
    await task.end();
    await b.pass(300);
    expect(b.inbox()).toMatchObject([{ result: { state: 'SUCCESS' } }]);
    expect(b.lines().toSorted()).toEqual(['1', '2']);
    expect([...b.store.inspect.metrics()].map(({ value }) => value).toSorted()).toEqual([1, 3]);
    expect(b.problems).toEqual(['a metric can never be written and is left out']);
  });
});

describe('leases', () => {
  it('are renewed while the task runs', async () => {
    const b = await bench();
    await b.start();
    for (let i = 0; i < 10; i++) await b.pass(3_000);
    await b.store.expireLeases(10);
    expect(b.leases()).toHaveLength(1);
  });

  it('a task whose lease is lost is stopped, and nothing is reported', async () => {
    const b = await bench();
    const task = await b.start();
    await b.pass(100);
    await b.store.expireLeasesOf('worker-1');
    await b.pass(3_000);
    expect((task.signal.reason as KillReason).kind).toBe('lost');
    expect([b.inbox().map((event) => event.kind), b.worker.running()]).toEqual([['task-started', 'lease-expired'], 0]);
  });

  it.each(['the bus', 'the renewal'])('a kill that comes over %s stops the task, which reports KILLED', async (way) => {
    const b = await bench();
    const task = await b.start();
    if (way === 'the bus') b.bus.publish('kill', { executionId: task.job.executionId });
    else {
      const { execution, version } = b.store.inspect.execution(task.job.executionId)!;
      await b.store.commit([
        {
          execution,
          version,
          applied: [],
          taskRuns: [],
          removedTaskRuns: [],
          logs: [],
          metrics: [],
          wakeUps: [],
          killLeases: true,
          owes: true,
          operations: [],
        },
      ]);
      await b.pass(3_000);
    }
    await turns();
    expect((task.signal.reason as KillReason).kind).toBe('killed');
    expect(b.inbox().at(-1)).toMatchObject({ kind: 'task-result', result: { state: 'KILLED' } });
  });

  it('a kill of another execution stops nothing', async () => {
    const b = await bench();
    const task = await b.start();
    b.bus.publish('kill', { executionId: 'other' });
    expect(task.signal.aborted).toBe(false);
  });

  it.each(['away', 'hang'] as const)(
    'a worker that is cut off (calls: %s) stops its tasks after a while, not before',
    async (how) => {
      const b = await bench({ limits: { cutOffMs: 20_000 } });
      const task = await b.start();
      b.troubles[how] = true;
      await b.pass(19_000);
      expect(task.signal.aborted).toBe(false);
      await b.pass(6_000);
      expect((task.signal.reason as KillReason).kind).toBe('lost');
    },
  );

  it('a clock of the machine that is set anew stops nothing', async () => {
    const b = await bench({ limits: { cutOffMs: 20_000 } });
    const task = await b.start();
    b.clock.jump(300_000);
    await b.pass(7_000);
    expect([task.signal.aborted, b.leases().length]).toEqual([false, 1]);
  });

  it('a short outage stops nothing', async () => {
    const b = await bench();
    const task = await b.start();
    b.troubles.away = true;
    await b.pass(8_000);
    b.troubles.away = false;
    await b.pass(3_000);
    expect([task.signal.aborted, b.leases().length]).toEqual([false, 1]);
  });
});

describe('the log of a task', () => {
  it('is written in batches as time goes by, the rest with the result', async () => {
    const b = await bench();
    const task = await b.start();
    for (let i = 0; i < 5; i++) void task.sink.onLog([line(`a${i}`)]);
    await b.pass(210);
    expect([b.lines(), b.calls.filter((call) => call === 'appendLogs').length]).toEqual([
      ['a0', 'a1', 'a2', 'a3', 'a4'],
      1,
    ]);
    void task.sink.onLog([line('b')]);
    await task.end();
    expect(b.lines()).toHaveLength(6);
    expect(b.calls.filter((call) => call === 'appendLogs')).toHaveLength(1);
  });

  it('is complete and in order though writes fail in between', async () => {
    const b = await bench();
    const task = await b.start();
    b.troubles.next.push(
      { operation: 'appendLogs', fault: { fail: 'before' } },
      { operation: 'appendLogs', fault: { fail: 'after' } },
    );
    for (let i = 0; i < 4; i++) {
      void task.sink.onLog([line(`l${i}`)]);
      await b.pass(250);
    }
    await task.end();
    expect(b.lines()).toEqual(['l0', 'l1', 'l2', 'l3']);
  });

  it('holds back a task that logs faster than the store takes it, for as long as the store is away, and loses no line', async () => {
    const b = await bench({ limits: { logBuffer: 100 } });
    const task = await b.start();
    b.troubles.away = true;
    const many = Array.from({ length: 120 }, (_, i) => line(`m${i}`));
    let room = false;
    void Promise.resolve(task.sink.onLog(many)).then(() => (room = true));
    await b.pass(5_000);
    expect(room).toBe(false);
    b.troubles.away = false;
    await b.pass(600);
    expect([room, b.lines().length]).toEqual([true, 120]);
    expect(task.sink.onLog([line('one more')])).toBeUndefined();
  });

  it('holds back nobody any more when the task is lost', async () => {
    const b = await bench({ limits: { logBuffer: 10, cutOffMs: 5_000 } });
    const task = await b.start();
    b.troubles.away = true;
    let room = false;
    void Promise.resolve(task.sink.onLog(Array.from({ length: 20 }, () => line('x')))).then(() => (room = true));
    await b.pass(10_000);
    expect([room, b.worker.running()]).toEqual([true, 0]);
  });
});

describe('membership', () => {
  it('a worker announces itself with its group, hears of executors that come later, and says goodbye', async () => {
    const b = await bench();
    await b.pass(1_100);
    const members = await b.store.announce({ id: 'later', service: 'executor' }, 5_000);
    expect(members).toContainEqual({ id: 'worker-1', service: 'worker', workerGroup: 'default' });
    await b.pass(1_100);
    const before = b.hints.length;
    for (let i = 0; i < 20; i++) await (await b.start()).end();
    // Some of the partitions belong to the new executor, whose queue nobody reads here.
    expect(b.hints.length - before).toBeLessThan(20);
    await b.worker.stop();
    expect((await b.store.announce({ id: 'x', service: 'gateway' }, 5_000)).map((member) => member.id)).not.toContain(
      'worker-1',
    );
  });
});

describe('stopping', () => {
  it('waits for the tasks in hand and takes no more', async () => {
    const b = await bench();
    const task = await b.start();
    let stopped = false;
    void b.worker.stop(10_000).then(() => (stopped = true));
    await turns();
    await b.send(await b.dispatched());
    expect([stopped, b.running.length]).toEqual([false, 1]);
    await task.end();
    expect([stopped, b.inbox().length]).toEqual([true, 1]);
  });

  it('gives back what is not done in time: it can run elsewhere at once', async () => {
    const b = await bench();
    const task = await b.start();
    const stopping = b.worker.stop(1_000);
    await b.pass(1_100);
    await stopping;
    expect((task.signal.reason as KillReason).kind).toBe('lost');
    expect([b.leases(), b.inbox().at(-1)?.kind]).toEqual([[], 'lease-expired']);
    expect(b.hints.at(-1)).toMatchObject({ executionId: task.job.executionId, resend: true });
  });

  it('does not wait for a result that cannot be written', async () => {
    const b = await bench();
    const task = await b.start();
    b.troubles.away = true;
    await task.end();
    const stopping = b.worker.stop(1_000);
    await b.pass(2_000);
    await stopping;
    expect(b.worker.running()).toBe(0);
  });
});
