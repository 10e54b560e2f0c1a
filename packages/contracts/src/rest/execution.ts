import {
  currentState,
  DEFAULT_TENANT,
  historyDuration,
  isTerminal,
  type Attempt,
  type Execution,
  type Json,
  type JsonObject,
  type Label,
  type State,
  type StateHistory,
  type TaskRun,
  taskRunIdOf,
} from '@tiercel/model';
import { dropInnerNulls, dropNulls, isEmptyObject, isoDate, isoDuration } from './values.ts';

/** State as clients see it (rest-api.md §15). Dates ISO, duration ISO. */
export interface StateJson {
  readonly current: State;
  readonly histories: readonly { readonly state: State; readonly date: string }[];
  readonly duration: string;
  readonly startDate: string;
  /** Only when terminal or PAUSED. */
  readonly endDate?: string;
}

export interface AttemptJson {
  readonly state: StateJson;
  readonly logFile?: string;
}

export interface TaskRunJson {
  readonly id: string;
  readonly executionId: string;
  readonly namespace: string;
  readonly flowId: string;
  readonly taskId: string;
  readonly parentTaskRunId?: string;
  readonly value?: string;
  readonly attempts?: readonly AttemptJson[];
  /** Null until the task run has begun. */
  readonly outputs: Json;
  readonly state: StateJson;
}

export interface ExecutionJson {
  readonly id: string;
  readonly tenantId?: string;
  readonly namespace: string;
  readonly flowId: string;
  readonly flowRevision: number;
  readonly taskRunList?: readonly TaskRunJson[];
  /** The list holds only the first task runs; `GET /executions/{id}/taskruns` has all. */
  readonly taskRunListTruncated?: true;
  /** Number of task runs by state, only with a truncated list. */
  readonly taskRunCounts?: Readonly<Partial<Record<State, number>>>;
  readonly inputs?: JsonObject;
  readonly outputs?: JsonObject;
  readonly labels?: readonly Label[];
  readonly variables?: JsonObject;
  readonly state: StateJson;
  readonly parentId?: string;
  readonly originalId: string;
  readonly trigger?: JsonObject;
  readonly deleted: boolean;
  readonly metadata: { readonly attemptNumber: number; readonly originalCreatedDate: string };
  readonly scheduleDate?: string;
  /** Only in the answer of creation. */
  readonly url?: string;
}

/** What the mapping needs of an execution as it was read (the store's `ExecutionView` fits). */
export interface ExecutionParts {
  readonly execution: Execution;
  readonly taskRuns: readonly TaskRun[];
  readonly taskRunCount?: number;
  readonly taskRunCounts?: Readonly<Partial<Record<State, number>>>;
}

/** `now`: ms since 1970, for the duration of a state that has not changed yet. */
export interface JsonOptions {
  readonly now: number;
}

/** Maps a state history (rest-api.md §15, State). */
export function stateToJson(history: StateHistory, now: number): StateJson {
  const current = currentState(history);
  const histories = new Array<{ state: State; date: string }>(history.length);
  for (let i = 0; i < history.length; i++) {
    const entry = history[i]!;
    histories[i] = { state: entry.state, date: isoDate(entry.date) };
  }
  const state = {
    current,
    histories,
    duration: isoDuration(historyDuration(history, now)),
    startDate: histories[0]!.date,
  };
  if (!isTerminal(current) && current !== 'PAUSED') return state;
  return { ...state, endDate: histories[histories.length - 1]!.date };
}

const attemptToJson = (attempt: Attempt, now: number): AttemptJson =>
  attempt.logFile === undefined
    ? { state: stateToJson(attempt.history, now) }
    : { state: stateToJson(attempt.history, now), logFile: attempt.logFile };

const taskRunOutputs = (taskRun: TaskRun): Json => {
  if (taskRun.outputs !== undefined) return dropNulls(taskRun.outputs);
  return currentState(taskRun.history) === 'CREATED' ? null : {};
};

/** Maps a task run of an execution (rest-api.md §15, TaskRun). */
export function taskRunToJson(execution: Execution, taskRun: TaskRun, { now }: JsonOptions): TaskRunJson {
  return {
    id: taskRun.id,
    executionId: execution.id,
    namespace: execution.namespace,
    flowId: execution.flowId,
    taskId: taskRun.taskId,
    ...(taskRun.parent === undefined ? undefined : { parentTaskRunId: taskRunIdOf(execution.id, taskRun.parent) }),
    ...(taskRun.value === undefined ? undefined : { value: taskRun.value }),
    ...(taskRun.attempts.length === 0 ? undefined : { attempts: taskRun.attempts.map((a) => attemptToJson(a, now)) }),
    outputs: taskRunOutputs(taskRun),
    state: stateToJson(taskRun.history, now),
  };
}

/** A webhook execution of a flow without labels has none at all; any other has a list (rest-api.md §4). */
const labelsOf = (execution: Execution): { labels?: readonly Label[] } | undefined =>
  execution.labels.length === 0 && execution.trigger?.type.endsWith('.Webhook') === true
    ? undefined
    : { labels: execution.labels };

/** Maps an execution with its task runs (rest-api.md §15, Execution; null rules of §1). */
export function executionToJson(parts: ExecutionParts, options: JsonOptions): ExecutionJson {
  const { execution, taskRuns } = parts;
  const { inputs, outputs, variables, trigger } = execution;
  return {
    id: execution.id,
    ...(execution.tenant === DEFAULT_TENANT ? undefined : { tenantId: execution.tenant }),
    namespace: execution.namespace,
    flowId: execution.flowId,
    flowRevision: execution.flowRevision,
    ...(taskRuns.length === 0
      ? undefined
      : { taskRunList: taskRuns.map((taskRun) => taskRunToJson(execution, taskRun, options)) }),
    ...((parts.taskRunCount ?? 0) > taskRuns.length
      ? { taskRunListTruncated: true as const, taskRunCounts: parts.taskRunCounts ?? {} }
      : undefined),
    ...(inputs === undefined || isEmptyObject(inputs) ? undefined : { inputs: dropInnerNulls(inputs) }),
    ...(outputs === undefined || isEmptyObject(outputs) ? undefined : { outputs: dropInnerNulls(outputs) }),
    ...labelsOf(execution),
    ...(variables === undefined ? undefined : { variables: dropNulls(variables) as JsonObject }),
    state: stateToJson(execution.history, options.now),
    ...(execution.parentId === undefined ? undefined : { parentId: execution.parentId }),
    originalId: execution.originalId,
    ...(trigger === undefined ? undefined : { trigger: dropNulls(trigger as unknown as JsonObject) as JsonObject }),
    deleted: false,
    metadata: {
      attemptNumber: execution.attemptNumber,
      originalCreatedDate: isoDate(execution.originalCreatedDate),
    },
    ...(execution.scheduleDate === undefined ? undefined : { scheduleDate: isoDate(execution.scheduleDate) }),
  };
}
