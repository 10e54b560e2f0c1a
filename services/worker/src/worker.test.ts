import { describe, expect, it } from 'vitest';
import { executorQueue, taskJobId, taskQueue, type ExecutionHint, type TaskJob } from '@tiercel/contracts';
import { idFrom, partitionOf, taskRunIdOf, type Execution, type LogLine, type TaskResult, type TaskRun } from '@tiercel/model';
import { createHintRouter, createMemoryBus, createMemoryQueue } from '@tiercel/queue';
import { StoreError, type ExecutionStore } from '@tiercel/store';
import { createSimulatedStore, type Fault, type StoreOperation } from '@tiercel/store/simulated';
import { createFakeClock } from '@tiercel/testkit';
import { createWorker, KillReason, type TaskSink, type WorkerDeps, type WorkerLimits } from './index.ts';

const turns = async (count = 10): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

interface Running {
  readonly job: TaskJob;
  readonly signal: AbortSignal;
  readonly sink: TaskSink;
  end(result?: Partial<TaskResult>): Promise<void>;
}

const line = (message: string): LogLine => ({ level: 'INFO', timestamp: 0, message });

/** One worker over a simulated store; the test ends its tasks by hand. */
async function bench(given: { limits?: Partial<WorkerLimits>; wrap?: (store: ExecutionStore) => Partial<ExecutionStore>; obeys?: boolean } = {}) {
  const clock = createFakeClock();
  const calls: StoreOperation[] = [];
  const troubles: { away?: boolean; hang?: boolean; next: { operation: StoreOperation; fault: Fault }[] } = { next: [] };
  const simulated = createSimulatedStore({
    clock,
    faults: (operation) => {
      calls.push(operation);
      const at = troubles.next.findIndex((one) => one.operation === operation);
      if (at >= 0) return troubles.next.splice(at, 1)[0]!.fault;
      if (troubles.hang === true) return { delayMs: 1e9 };
      return troubles.away === true ? { fail: 'before' } : undefined;
    },
  });
  const store = { ...simulated, ...given.wrap?.(simulated) };
  const queue = createMemoryQueue();
  const bus = createMemoryBus();
  const running: Running[] = [];
  const problems: string[] = [];
  const runAttempt: WorkerDeps['runAttempt'] = (job, signal, sink) =>
    new Promise((resolve) => {
      const end = async (result: Partial<TaskResult> = {}): Promise<void> => {
        resolve({ state: 'SUCCESS', started: clock.now(), ended: clock.now(), ...result });
        await turns();
      };
      running.push({ job, signal, sink, end });
      if (given.obeys !== false) signal.addEventListener('abort', () => void end({ state: 'KILLED' }));
    });
  const say = (_: object, message: string): void => void problems.push(message);
  const worker = createWorker({
    id: 'worker-1', workerGroup: 'default', store, queue, bus, clock, runAttempt,
    router: createHintRouter(queue),
    log: { warn: say, error: say },
    ...(given.limits !== undefined && { limits: given.limits }),
  });
  const hints: ExecutionHint[] = [];
  queue.consume<ExecutionHint>(executorQueue('executor'), { batch: 100, concurrency: 1 }, async (some) => void hints.push(...some));

  let executions = 0;
  /** An execution with one task run that has been dispatched. */
  const dispatched = async (count = 1): Promise<readonly TaskJob[]> => {
    const id = idFrom(clock.now(), (words) => words.fill(++executions));
    const execution: Execution = { id, tenant: 'main', namespace: 'n', flowId: 'f', flowRevision: 1, history: [{ state: 'CREATED', date: 0 }], labels: [], originalId: id, attemptNumber: 1, originalCreatedDate: 0 };
    await simulated.create([{ execution }]);
    const taskRuns = Array.from({ length: count }, (_, seq): TaskRun => ({ seq, id: taskRunIdOf(id, seq), taskId: `t${seq}`, branch: 'main', history: [{ state: 'CREATED', date: 0 }], attempts: [], dispatch: 1, sent: true }));
    await simulated.commit([{ execution, version: 0, applied: [], taskRuns, removedTaskRuns: [], logs: [], metrics: [], wakeUps: [], killLeases: false, owes: true, operations: [] }]);
    return taskRuns.map((run) => ({ v: 1, kind: 'task', tenant: 'main', partition: partitionOf(id), workerGroup: 'default', executionId: id, namespace: 'n', flowId: 'f', flowRevision: 1, taskRunSeq: run.seq, taskRunId: run.id, dispatch: 1, attempt: 0, taskRunStart: 0, task: { id: run.taskId, type: 't' }, variables: {} }));
  };
  const send = async (jobs: readonly TaskJob[]): Promise<void> => {
    queue.add(taskQueue('default'), jobs.map((job) => ({ id: taskJobId(job), message: job })));
    await turns();
  };
  await simulated.announce({ id: 'executor', service: 'executor' }, 5_000);
  const staysAlive = (): void => {
    void simulated.announce({ id: 'executor', service: 'executor' }, 5_000).catch(() => undefined);
    clock.after(1_000, staysAlive);
  };
  staysAlive();
  await worker.start();
  return {
    clock, calls, troubles, store: simulated, queue, bus, worker, running, problems, hints, dispatched, send,
    start: async (count = 1): Promise<Running> => {
      await send(await dispatched(count));
      return running[running.length - 1]!;
    },
    inbox: () => [...simulated.inspect.inbox()].map((row) => row.event),
    leases: () => [...simulated.inspect.leases()],
    lines: () => [...simulated.inspect.logs()].map((log) => log.message),
    pass: async (ms: number) => {
      await clock.advanceAsync(ms);
      await turns();
    },
  };
}

describe('a job', () => {
  it('is claimed before it runs, and its result ends the lease and tells the executor with a copy', async () => {
    const b = await bench();
    const task = await b.start();
    expect(b.leases()).toHaveLength(1);
    await task.end({ outputs: { n: 1 } });
    expect([b.leases(), b.worker.running()]).toEqual([[], 0]);
    expect(b.inbox()).toMatchObject([{ kind: 'task-result', taskRunSeq: 0, dispatch: 1, result: { state: 'SUCCESS', outputs: { n: 1 } } }]);
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
    await b.start();
    await b.pass(60);
    expect(b.inbox().map((event) => event.kind)).toEqual(['task-result', 'task-started']);
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
    b.troubles.next.push({ operation: 'report', fault: { fail: 'before' } }, { operation: 'report', fault: { fail: 'before' } });
    await b.pass(4_000);
    expect(b.inbox().map((event) => event.kind)).toEqual(['lease-expired', 'task-result']);
  });

  it('that can never be written becomes a failure that can', async () => {
    const b = await bench({
      wrap: (store) => ({
        report: async (reports) => {
          if (reports.some((r) => r.event.kind === 'task-result' && r.event.result.outputs !== undefined)) throw new StoreError('bad-data', 'bad');
          return store.report(reports);
        },
      }),
    });
    const task = await b.start();
    await task.end({ outputs: { bad: true } });
    expect(b.inbox()).toMatchObject([{ kind: 'task-result', result: { state: 'FAILED' } }]);
    expect(JSON.stringify(b.inbox())).not.toContain('"bad"');
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
      await b.store.commit([{ execution, version, applied: [], taskRuns: [], removedTaskRuns: [], logs: [], metrics: [], wakeUps: [], killLeases: true, owes: true, operations: [] }]);
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

  it.each(['away', 'hang'] as const)('a worker that is cut off (calls: %s) stops its tasks after a while, not before', async (how) => {
    const b = await bench({ limits: { cutOffMs: 20_000 } });
    const task = await b.start();
    b.troubles[how] = true;
    await b.pass(19_000);
    expect(task.signal.aborted).toBe(false);
    await b.pass(6_000);
    expect((task.signal.reason as KillReason).kind).toBe('lost');
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
    expect([b.lines(), b.calls.filter((call) => call === 'appendLogs').length]).toEqual([['a0', 'a1', 'a2', 'a3', 'a4'], 1]);
    void task.sink.onLog([line('b')]);
    await task.end();
    expect(b.lines()).toHaveLength(6);
    expect(b.calls.filter((call) => call === 'appendLogs')).toHaveLength(1);
  });

  it('is complete and in order though writes fail in between', async () => {
    const b = await bench();
    const task = await b.start();
    b.troubles.next.push({ operation: 'appendLogs', fault: { fail: 'before' } }, { operation: 'appendLogs', fault: { fail: 'after' } });
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
    expect((await b.store.announce({ id: 'x', service: 'gateway' }, 5_000)).map((member) => member.id)).not.toContain('worker-1');
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
