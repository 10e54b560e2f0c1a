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
  const histories = history.map(({ state, date }) => ({ state, date: isoDate(date) }));
  const last = histories[histories.length - 1]!.date;
  const startDate = histories[0]!.date;
  const duration = isoDuration(historyDuration(history, now));
  return isTerminal(current) || current === 'PAUSED'
    ? { current, histories, duration, startDate, endDate: last }
    : { current, histories, duration, startDate };
}

const attemptToJson = (attempt: Attempt, now: number): AttemptJson =>
  attempt.logFile === undefined
    ? { state: stateToJson(attempt.history, now) }
    : { state: stateToJson(attempt.history, now), logFile: attempt.logFile };

const taskRunOutputs = (taskRun: TaskRun): Json => {
  if (taskRun.outputs !== undefined) return dropNulls(taskRun.outputs);
  return currentState(taskRun.history) === 'CREATED' ? null : {};
};

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Maps a task run of an execution (rest-api.md §15, TaskRun). Members are set one by one: spreading costs half as much again. */
export function taskRunToJson(execution: Execution, taskRun: TaskRun, { now }: JsonOptions): TaskRunJson {
  const json: Writable<TaskRunJson> = {
    id: taskRun.id,
    executionId: execution.id,
    namespace: execution.namespace,
    flowId: execution.flowId,
    taskId: taskRun.taskId,
    outputs: taskRunOutputs(taskRun),
    state: stateToJson(taskRun.history, now),
  };
  if (taskRun.parent !== undefined) json.parentTaskRunId = taskRunIdOf(execution.id, taskRun.parent);
  if (taskRun.value !== undefined) json.value = taskRun.value;
  if (taskRun.attempts.length > 0) json.attempts = taskRun.attempts.map((attempt) => attemptToJson(attempt, now));
  return json;
}

/** A webhook execution of a flow without labels has none at all; any other has a list (rest-api.md §4). */
const hasLabels = ({ labels, trigger }: Execution): boolean =>
  labels.length > 0 || trigger?.type.endsWith('.Webhook') !== true;

const isFilled = (object: JsonObject | undefined): object is JsonObject =>
  object !== undefined && !isEmptyObject(object);

/** Maps an execution with its task runs (rest-api.md §15, Execution; null rules of §1). */
export function executionToJson(parts: ExecutionParts, options: JsonOptions): ExecutionJson {
  const { execution, taskRuns } = parts;
  const { inputs, outputs, variables, trigger } = execution;
  const json: Writable<ExecutionJson> = {
    id: execution.id,
    namespace: execution.namespace,
    flowId: execution.flowId,
    flowRevision: execution.flowRevision,
    state: stateToJson(execution.history, options.now),
    originalId: execution.originalId,
    deleted: false,
    metadata: {
      attemptNumber: execution.attemptNumber,
      originalCreatedDate: isoDate(execution.originalCreatedDate),
    },
  };
  if (execution.tenant !== DEFAULT_TENANT) json.tenantId = execution.tenant;
  if (taskRuns.length > 0) json.taskRunList = taskRuns.map((taskRun) => taskRunToJson(execution, taskRun, options));
  if ((parts.taskRunCount ?? 0) > taskRuns.length) {
    json.taskRunListTruncated = true;
    json.taskRunCounts = parts.taskRunCounts ?? {};
  }
  if (isFilled(inputs)) json.inputs = dropInnerNulls(inputs);
  if (isFilled(outputs)) json.outputs = dropInnerNulls(outputs);
  if (hasLabels(execution)) json.labels = execution.labels;
  if (variables !== undefined) json.variables = dropNulls(variables) as JsonObject;
  if (execution.parentId !== undefined) json.parentId = execution.parentId;
  if (trigger !== undefined) json.trigger = dropNulls(trigger as unknown as JsonObject) as JsonObject;
  if (execution.scheduleDate !== undefined) json.scheduleDate = isoDate(execution.scheduleDate);
  return json;
}
