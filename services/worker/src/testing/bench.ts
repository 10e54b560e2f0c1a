import { executorQueue, taskJobId, taskQueue, type ExecutionHint, type TaskJob } from '@tiercel/contracts';
import { idFrom, partitionOf, type LogLine, type TaskResult } from '@tiercel/model';
import { createHintRouter, createMemoryBus, createMemoryQueue } from '@tiercel/queue';
import type { ExecutionStore } from '@tiercel/store';
import { createSimulatedStore, type Fault, type StoreOperation } from '@tiercel/store/simulated';
import { anExecution, aStep, aTaskRun, createFakeClock } from '@tiercel/testkit';
import { createWorker, type TaskSink, type WorkerDeps, type WorkerLimits } from '../index.ts';

export const turns = async (count = 10): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

export interface Running {
  readonly job: TaskJob;
  readonly signal: AbortSignal;
  readonly sink: TaskSink;
  end(result?: Partial<TaskResult>): Promise<void>;
}

export const line = (message: string): LogLine => ({ level: 'INFO', timestamp: 0, message });

/** One worker over a simulated store; the test ends its tasks by hand. */
export async function bench(
  given: {
    limits?: Partial<WorkerLimits>;
    wrap?: (store: ExecutionStore) => Partial<ExecutionStore>;
    obeys?: boolean;
  } = {},
) {
  const clock = createFakeClock();
  const calls: StoreOperation[] = [];
  const troubles: { away?: boolean; hang?: boolean; next: { operation: StoreOperation; fault: Fault }[] } = {
    next: [],
  };
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
    id: 'worker-1',
    workerGroup: 'default',
    store,
    queue,
    bus,
    clock,
    runAttempt,
    router: createHintRouter(queue),
    log: { warn: say, error: say },
    ...(given.limits !== undefined && { limits: given.limits }),
  });
  const hints: ExecutionHint[] = [];
  queue.consume<ExecutionHint>(executorQueue('executor'), { concurrency: 100 }, async (hint) => void hints.push(hint));

  let executions = 0;
  /** An execution with one task run that has been dispatched. */
  const dispatched = async (count = 1): Promise<readonly TaskJob[]> => {
    const id = idFrom(clock.now(), (words) => words.fill(++executions));
    const execution = anExecution({
      id,
      originalId: id,
      namespace: 'n',
      flowId: 'f',
      history: [{ state: 'CREATED', date: 0 }],
    });
    await simulated.create([{ execution }]);
    const taskRuns = Array.from({ length: count }, (_, seq) => aTaskRun(execution, seq, { taskId: `t${seq}` }));
    await simulated.commit([aStep(execution, 0, { taskRuns })]);
    return taskRuns.map((run) => ({
      v: 1,
      kind: 'task',
      tenant: 'main',
      partition: partitionOf(id),
      workerGroup: 'default',
      executionId: id,
      namespace: 'n',
      flowId: 'f',
      flowRevision: 1,
      taskRunSeq: run.seq,
      taskRunId: run.id,
      dispatch: 1,
      attempt: 0,
      taskRunStart: 0,
      task: { id: run.taskId, type: 't' },
      variables: {},
    }));
  };
  const send = async (jobs: readonly TaskJob[]): Promise<void> => {
    queue.add(
      taskQueue('default'),
      jobs.map((job) => ({ id: taskJobId(job), message: job })),
    );
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
    clock,
    calls,
    troubles,
    store: simulated,
    queue,
    bus,
    worker,
    running,
    problems,
    hints,
    dispatched,
    send,
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
