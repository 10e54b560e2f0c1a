import {
  createdAt,
  DEFAULT_TENANT,
  newId,
  taskRunIdOf,
  withState,
  type Execution,
  type State,
  type TaskResult,
  type TaskRun,
} from '@tiercel/model';
import type { LogRow, MetricRow, StepWrite, TaskReport } from '@tiercel/store';

/** An execution that has just been created, now unless told otherwise. */
export function anExecution(change: Partial<Execution> = {}): Execution {
  const now = change.history?.[0]?.date ?? change.originalCreatedDate ?? Date.now();
  const id = change.id ?? newId(now);
  return {
    id,
    tenant: DEFAULT_TENANT,
    namespace: 'company.team',
    flowId: 'a-flow',
    flowRevision: 1,
    history: createdAt(now),
    labels: [],
    originalId: id,
    attemptNumber: 1,
    originalCreatedDate: now,
    ...change,
  };
}

/** The execution in another state. */
export const inState = (execution: Execution, state: State, date?: number): Execution => ({
  ...execution,
  history: withState(execution.history, state, date ?? execution.history[execution.history.length - 1]!.date),
});

/** A task run of an execution, CREATED, with a job that has been sent once. */
export function aTaskRun(execution: Execution, seq = 0, change: Partial<TaskRun> = {}): TaskRun {
  return {
    seq,
    id: taskRunIdOf(execution.id, seq),
    taskId: `task-${seq}`,
    branch: 'main',
    history: createdAt(execution.history[0]!.date),
    attempts: [],
    dispatch: 1,
    sent: true,
    ...change,
  };
}

/** A step that writes the execution, and what else is given. */
export function aStep(execution: Execution, version: number, change: Partial<StepWrite> = {}): StepWrite {
  return {
    execution,
    version,
    applied: [],
    taskRuns: [],
    removedTaskRuns: [],
    logs: [],
    metrics: [],
    wakeUps: [],
    killLeases: false,
    owes: true,
    operations: [],
    ...change,
  };
}

const placeOf = (execution: Execution, run: TaskRun | undefined) => ({
  tenant: execution.tenant,
  namespace: execution.namespace,
  flowId: execution.flowId,
  executionId: execution.id,
  taskRunSeq: run?.seq ?? -1,
  dispatch: run?.dispatch ?? 0,
});

/** A log line of a task run, or of the execution itself. */
export const aLog = (
  execution: Execution,
  run: TaskRun | undefined,
  number = 0,
  change: Partial<LogRow> = {},
): LogRow => ({
  ...placeOf(execution, run),
  number,
  level: 'INFO',
  timestamp: execution.history[0]!.date,
  message: `line ${number}`,
  ...(run !== undefined && { taskId: run.taskId, taskRunId: run.id, attempt: run.attempts.length }),
  ...change,
});

/** A metric of a task run. */
export const aMetric = (
  execution: Execution,
  run: TaskRun,
  number = 0,
  change: Partial<MetricRow> = {},
): MetricRow => ({
  ...placeOf(execution, run),
  number,
  taskId: run.taskId,
  taskRunId: run.id,
  type: 'counter',
  name: 'rows',
  value: 1,
  timestamp: execution.history[0]!.date,
  ...change,
});

/** How an attempt ended. */
export const aResult = (execution: Execution, change: Partial<TaskResult> = {}): TaskResult => ({
  state: 'SUCCESS',
  started: execution.history[0]!.date,
  ended: execution.history[0]!.date + 1,
  ...change,
});

/** A worker's report of a result; its inbox row's id follows from the job, as it must. */
export const aReport = (execution: Execution, run: TaskRun, change: Partial<TaskReport> = {}): TaskReport => ({
  executionId: execution.id,
  taskRunSeq: run.seq,
  dispatch: run.dispatch,
  inboxId: taskRunIdOf(run.id, run.dispatch),
  tenant: execution.tenant,
  event: { kind: 'task-result', taskRunSeq: run.seq, dispatch: run.dispatch, result: aResult(execution) },
  logs: [],
  metrics: [],
  ...change,
});
