import {
  idToUuid,
  uuidToId,
  currentState,
  type Execution,
  type ExecutionTrigger,
  type Json,
  type JsonObject,
  type Label,
  type StateHistory,
  type TaskRun,
  type Attempt,
  type Branch,
} from '@tiercel/model';
import { StoreError } from '../ports/execution-store.ts';

/** UUID text of an id; the store never sees anything else as an id. */
export function uuidOf(id: string): string {
  const uuid = idToUuid(id);
  if (uuid === undefined) throw new StoreError('bad-data', `'${id}' is not an id`);
  return uuid;
}

/**
 * Says that a column of execution ids lies within `$1`, which prunes partitions when the plan starts. `$1` must be made by
 * `sortedUuids`.
 *
 * Where the column is also joined, and the statement updates, deletes or locks rows anywhere, it must be joined by
 * `idOf`, not by `=`: a nested loop over `=` prunes once more for each row, and PostgreSQL 18 shares the state of both
 * prunings between a statement and its recheck of a row that somebody else has just changed. After such a recheck
 * every scan of the statement that prunes both ways finds nothing more, in whichever of its parts (recheck.test.ts).
 */
export const withinIds = (column: string): string =>
  `${column} >= ($1::uuid[])[1] AND ${column} <= ($1::uuid[])[cardinality($1::uuid[])]`;

/**
 * Says that a column of execution ids is one of `$1`, in a way that prunes partitions: a prepared plan prunes by comparisons
 * with a parameter, but not by `= ANY` of one; hence the bounds.
 */
export const oneOfIds = (column: string): string => `${column} = ANY($1) AND ${withinIds(column)}`;

/** Joins an id of a partitioned table to another: an index serves it, and nothing is pruned by it. See `withinIds`. */
export const idOf = (partitioned: string, other: string): string =>
  `${partitioned} = ANY(array_append('{}'::uuid[], ${other}))`;

/** UUIDs for `oneOfIds`: in order. */
export const sortedUuids = (uuids: readonly string[]): readonly string[] => uuids.toSorted();

/**
 * JSON text for PostgreSQL. NUL and halves of surrogate pairs are legal in JavaScript and in JSON, but PostgreSQL takes
 * neither in texts; they become U+FFFD, in values and in keys. Throws `bad-data` for what JSON cannot hold.
 */
export function toJsonText(value: unknown): string {
  let text: string;
  try {
    text = serialise(value);
  } catch (error) {
    // Nested too deeply, too long for a text (RangeError), with a cycle or a bigint (TypeError).
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new StoreError('bad-data', `the data cannot be written as JSON: ${error.message}`, { cause: error });
  }
  if (text.length > MAX_JSON_TEXT) throw new StoreError('bad-data', `${text.length} characters of JSON are too much`);
  return text;
}

/**
 * PostgreSQL takes no text of 1 GiB and ends the connection of one who sends it, which would look like an outage. A character
 * has at most three bytes. A batch beyond this is halved like any that has bad data in it.
 */
const MAX_JSON_TEXT = 256 * 1024 * 1024;

function serialise(value: unknown): string {
  const text = JSON.stringify(value);
  // Both appear only as escapes in well-formed JSON.stringify output; the test is cheap and almost always negative.
  if (!text.includes('\\u0000') && !/\\ud[89a-f]/i.test(text)) return text;
  return JSON.stringify(value, (_, v: unknown) => {
    if (typeof v === 'string') return storableText(v);
    if (typeof v !== 'object' || v === null || Array.isArray(v)) return v;
    return Object.fromEntries(Object.entries(v).map(([key, inner]) => [storableText(key), inner]));
  });
}

/** A text as PostgreSQL can hold it. */
export const storableText = (text: string): string => text.toWellFormed().replaceAll('\u0000', '\uFFFD');

/** Columns of `executions` that make an Execution. */
export const EXECUTION_COLUMNS = `e.id, e.tenant, e.namespace, e.flow_id, e.flow_revision, e.version, e.history, e.inputs, e.outputs,
  e.labels, e.variables, e.trigger, e.parent_id, e.original_id, e.attempt_number, e.original_created, e.schedule_date`;

export interface ExecutionRow {
  id: string;
  tenant: string;
  namespace: string;
  flow_id: string;
  flow_revision: number;
  version: number;
  history: StateHistory;
  inputs: JsonObject | null;
  outputs: JsonObject | null;
  labels: readonly Label[];
  variables: JsonObject | null;
  trigger: ExecutionTrigger | null;
  parent_id: string | null;
  original_id: string;
  attempt_number: number;
  original_created: number;
  schedule_date: number | null;
}

export function toExecution(row: ExecutionRow): Execution {
  return {
    id: uuidToId(row.id),
    tenant: row.tenant,
    namespace: row.namespace,
    flowId: row.flow_id,
    flowRevision: row.flow_revision,
    history: row.history,
    labels: row.labels,
    originalId: uuidToId(row.original_id),
    attemptNumber: row.attempt_number,
    originalCreatedDate: row.original_created,
    ...(row.inputs !== null && { inputs: row.inputs }),
    ...(row.outputs !== null && { outputs: row.outputs }),
    ...(row.variables !== null && { variables: row.variables }),
    ...(row.trigger !== null && { trigger: row.trigger }),
    ...(row.parent_id !== null && { parentId: uuidToId(row.parent_id) }),
    ...(row.schedule_date !== null && { scheduleDate: row.schedule_date }),
  };
}

export const TASK_RUN_COLUMNS = `t.execution_id, t.seq, t.id, t.task_id, t.parent_seq, t.branch, t.item, t.value, t.dispatch, t.sent,
  t.worker_group, t.history, t.attempts, t.outputs, t.plan`;

export interface TaskRunRow {
  execution_id: string;
  seq: number;
  id: string;
  task_id: string;
  parent_seq: number | null;
  branch: Branch;
  item: number | null;
  value: string | null;
  dispatch: number;
  sent: boolean;
  worker_group: string | null;
  history: StateHistory;
  attempts: readonly Attempt[];
  outputs: JsonObject | null;
  plan: JsonObject | null;
}

export function toTaskRun(row: TaskRunRow): TaskRun {
  return {
    seq: row.seq,
    id: uuidToId(row.id),
    taskId: row.task_id,
    branch: row.branch,
    history: row.history,
    attempts: row.attempts,
    dispatch: row.dispatch,
    sent: row.sent,
    ...(row.parent_seq !== null && { parent: row.parent_seq }),
    ...(row.item !== null && { item: row.item }),
    ...(row.value !== null && { value: row.value }),
    ...(row.worker_group !== null && { workerGroup: row.worker_group }),
    ...(row.outputs !== null && { outputs: row.outputs }),
    ...(row.plan !== null && { plan: row.plan }),
  };
}

/** A task run as `json_to_recordset` takes it. */
export const fromTaskRun = (executionUuid: string, tenant: string, run: TaskRun): Record<string, Json | undefined> => ({
  execution_id: executionUuid,
  seq: run.seq,
  id: uuidOf(run.id),
  tenant,
  task_id: run.taskId,
  parent_seq: run.parent,
  branch: run.branch,
  item: run.item,
  value: run.value,
  state: currentState(run.history),
  dispatch: run.dispatch,
  sent: run.sent,
  worker_group: run.workerGroup,
  history: run.history as unknown as Json,
  attempts: run.attempts as unknown as Json,
  outputs: run.outputs,
  plan: run.plan,
});
