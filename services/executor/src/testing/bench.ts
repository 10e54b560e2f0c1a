import { taskQueue } from '@tiercel/contracts';
import { compileFlow } from '@tiercel/engine';
import { TEST_TYPES } from '@tiercel/engine/testing';
import { currentState, derivedId, idFrom, type Execution, type Flow, type Operation } from '@tiercel/model';
import { createHintRouter, createMemoryBus, createMemoryQueue } from '@tiercel/queue';
import type { ExecutionStore } from '@tiercel/store';
import { createSimulatedStore, type Fault, type StoreOperation } from '@tiercel/store/simulated';
import { createFakeClock } from '@tiercel/testkit';
import { createExecutor, type Executor, type ExecutorDeps } from '../index.ts';

export const turns = async (count = 12): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** Executors over one simulated store, with queue, bus and clock that the test holds. */
export function bench(
  flows: Readonly<Record<string, Flow>>,
  given: Partial<ExecutorDeps> & { wrap?: (store: ExecutionStore) => Partial<ExecutionStore> } = {},
) {
  const clock = createFakeClock();
  const calls: StoreOperation[] = [];
  const planned: { operation: StoreOperation; fault: Fault }[] = [];
  const simulated = createSimulatedStore({
    clock,
    faults: (operation) => {
      calls.push(operation);
      const at = planned.findIndex((one) => one.operation === operation);
      return at < 0 ? undefined : planned.splice(at, 1)[0]!.fault;
    },
  });
  const store: ExecutionStore = { ...simulated, ...given.wrap?.(simulated) };
  const queue = createMemoryQueue();
  const bus = createMemoryBus();
  const graphs = new Map(Object.entries(flows).map(([id, flow]) => [id, compileFlow({ ...flow, id }, TEST_TYPES)]));
  const problems: string[] = [];
  const say = (_: object, message: string): void => void problems.push(message);
  const router = createHintRouter(queue, { executors: ['one'] });
  let ids = 0;
  const make = (id: string): Executor =>
    createExecutor({
      id,
      store,
      queue,
      bus,
      router,
      clock,
      log: { warn: say, error: say },
      graph: (execution) => graphs.get(execution.flowId),
      runInline: async (job) => ({
        result: { state: 'SUCCESS', started: clock.now(), ended: clock.now(), outputs: { of: job.task.id } },
        logs: [{ level: 'INFO', timestamp: clock.now(), message: job.task.id }],
        metrics: [],
      }),
      perform: async (asked) => new Map(asked.map((call) => [call.key, { value: true }])),
      env: { random: () => 0.5 },
      server: {},
      ...given,
    });
  const executor = make('one');
  const newRow = (flowId: string): Execution => {
    const id = idFrom(clock.now(), (words) => words.fill(++ids));
    const history = [{ state: 'CREATED' as const, date: clock.now() }];
    return {
      id,
      tenant: 'main',
      namespace: 'test',
      flowId,
      flowRevision: 1,
      history,
      labels: [],
      originalId: id,
      attemptNumber: 1,
      originalCreatedDate: clock.now(),
    };
  };
  const submit = async (flowId: string, hinted = true): Promise<string> => {
    const execution = newRow(flowId);
    await simulated.create([{ execution }]);
    if (hinted) router.send([{ tenant: 'main', executionId: execution.id, created: execution }]);
    await turns();
    return execution.id;
  };
  const operate = async (executionId: string, operation: Operation): Promise<string> => {
    const id = idFrom(clock.now(), (words) => words.fill(++ids));
    await simulated.request([{ id, tenant: 'main', executionId, operation }]);
    return id;
  };
  return {
    clock,
    calls,
    planned,
    store: simulated,
    queue,
    bus,
    router,
    problems,
    graphs,
    make,
    executor,
    submit,
    operate,
    look: (executionId: string, more: object = {}) => router.send([{ tenant: 'main', executionId, ...more }]),
    stateOf: (id: string) => currentState(simulated.inspect.execution(id)!.execution.history),
    outcomeOf: (id: string) => [...simulated.inspect.operations()].find((operation) => operation.id === id)?.outcome,
    /** Reports the result of a task run, as a worker would. */
    report: async (executionId: string, taskRunSeq: number, hinted = true) => {
      const run = simulated.inspect.execution(executionId)!.taskRuns.find((one) => one.seq === taskRunSeq)!;
      const event = {
        kind: 'task-result',
        taskRunSeq,
        dispatch: run.dispatch,
        result: { state: 'SUCCESS', started: clock.now(), ended: clock.now() },
      } as const;
      const inboxId = derivedId(run.id, run.dispatch * 2);
      await simulated.report([
        { executionId, taskRunSeq, dispatch: run.dispatch, inboxId, tenant: 'main', event, logs: [], metrics: [] },
      ]);
      if (hinted) router.send([{ tenant: 'main', executionId, events: [{ id: inboxId, event }] }]);
      await turns();
    },
    waitingJobs: async () => (await queue.counts(taskQueue('default'))).waiting,
  };
}
