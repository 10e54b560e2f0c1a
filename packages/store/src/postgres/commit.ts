import { currentState, isTerminal, uuidToId, idTime, logLevelRank } from '@tiercel/model';
import type { LogRow, MetricRow, StepOutcome, StepWrite } from '../ports/execution-store.ts';
import type { Database, Statement } from './database.ts';
import { FIRST_LOOK_SECONDS } from './create.ts';
import { fromTaskRun, idOf, oneOfIds, sortedUuids, toJsonText, uuidOf, withinIds } from './rows.ts';

/**
 * One statement commits a step of many executions. It locks the executions in order of their ids and goes on only with those
 * whose version is the one that was read and whose applied inbox rows are all there; everything that it writes is joined to
 * these. Parts that no step of the batch needs are left out of the text, so a batch of the usual kind stays small.
 */
interface Part {
  readonly flag: number;
  readonly name: string;
  /** `$n` stands for the number of the part's parameter. */
  readonly sql: string;
  readonly rows: (step: StepWrite, uuid: string) => readonly unknown[];
}

const dayOf = (id: string): string => new Date(idTime(id)).toISOString().slice(0, 10);

const PARTS: readonly Part[] = [
  {
    flag: 1,
    name: 'task_runs',
    sql: `INSERT INTO task_runs AS t (execution_id, seq, id, tenant, task_id, parent_seq, branch, item, value, state, dispatch, sent,
        worker_group, history, attempts, outputs, plan)
      SELECT r.* FROM json_to_recordset($n) AS r(execution_id uuid, seq int, id uuid, tenant text, task_id text, parent_seq int,
        branch text, item int, value text, state text, dispatch int, sent boolean, worker_group text, history json, attempts json, outputs json, plan json)
      JOIN ok ON ok.id = r.execution_id
      ON CONFLICT (execution_id, seq) DO UPDATE SET state = excluded.state, dispatch = excluded.dispatch, sent = excluded.sent, history = excluded.history,
        attempts = excluded.attempts, outputs = excluded.outputs, plan = excluded.plan, worker_group = excluded.worker_group`,
    rows: (step, uuid) => step.taskRuns.map((run) => fromTaskRun(uuid, step.execution.tenant, run)),
  },
  {
    flag: 2,
    name: 'logs',
    sql: `INSERT INTO logs (execution_id, task_run_seq, dispatch, number, tenant, namespace, flow_id, task_id, attempt, trigger_id,
        level, logged_at, thread, message)
      SELECT r.* FROM json_to_recordset($n) AS r(execution_id uuid, task_run_seq int, dispatch int, number int, tenant text, namespace text, flow_id text, task_id text, attempt int, trigger_id text, level smallint, logged_at bigint, thread text, message text)
      JOIN ok ON ok.id = r.execution_id ON CONFLICT DO NOTHING`,
    rows: (step) => step.logs.map(fromLog),
  },
  {
    flag: 4,
    name: 'metrics',
    sql: `INSERT INTO metrics (execution_id, task_run_seq, dispatch, number, tenant, namespace, flow_id, task_id, type, name, value,
        tags, measured_at)
      SELECT r.* FROM json_to_recordset($n) AS r(execution_id uuid, task_run_seq int, dispatch int, number int, tenant text,
        namespace text, flow_id text, task_id text, type text, name text, value float8, tags json, measured_at bigint)
      JOIN ok ON ok.id = r.execution_id ON CONFLICT DO NOTHING`,
    rows: (step) => step.metrics.map(fromMetric),
  },
  {
    flag: 8,
    name: 'wake_ups',
    sql: `INSERT INTO wake_ups (id, tenant, execution_id, due_at, wake_up)
      SELECT r.id, r.tenant, r.execution_id, to_timestamp(r.due_at / 1000.0), r.wake_up
      FROM json_to_recordset($n) AS r(execution_id uuid, id uuid, tenant text, due_at float8, wake_up json)
      JOIN ok ON ok.id = r.execution_id ON CONFLICT (id) DO NOTHING`,
    rows: (step, uuid) =>
      step.wakeUps.map((w) => ({
        execution_id: uuid,
        id: uuidOf(w.id),
        tenant: step.execution.tenant,
        due_at: w.dueAt,
        wake_up: w.wakeUp,
      })),
  },
  {
    flag: 16,
    name: 'operations',
    sql: `UPDATE operations o SET outcome = r.outcome, reason = r.reason, resolved_at = now()
      FROM json_to_recordset($n) AS r(execution_id uuid, id uuid, outcome text, reason text) JOIN ok ON ok.id = r.execution_id
      WHERE o.id = r.id AND o.outcome = 'pending'`,
    rows: (step, uuid) =>
      step.operations.map((o) => ({ execution_id: uuid, id: uuidOf(o.id), outcome: o.outcome, reason: o.reason })),
  },
  {
    flag: 32,
    name: 'removed',
    sql: `DELETE FROM task_runs t USING json_to_recordset($n) AS r(execution_id uuid, seq int), ok
      WHERE ok.id = r.execution_id AND ${idOf('t.execution_id', 'r.execution_id')} AND t.seq = r.seq AND ${withinIds('t.execution_id')}`,
    rows: (step, uuid) => step.removedTaskRuns.map((seq) => ({ execution_id: uuid, seq })),
  },
  {
    flag: 64,
    name: 'kills',
    // In the order in which all others take leases: neither waits for the other.
    sql: `UPDATE leases l SET kill = true FROM (
        SELECT j.execution_id, j.task_run_seq FROM leases j, json_to_recordset($n) AS r(execution_id uuid), ok
        WHERE ok.id = r.execution_id AND j.execution_id = r.execution_id
        ORDER BY j.execution_id, j.task_run_seq FOR UPDATE OF j) AS held
      WHERE l.execution_id = held.execution_id AND l.task_run_seq = held.task_run_seq`,
    rows: (step, uuid) => (step.killLeases ? [{ execution_id: uuid }] : []),
  },
  {
    flag: 128,
    name: 'inbox',
    sql: `DELETE FROM inbox i USING json_to_recordset($n) AS r(execution_id uuid, id uuid), ok
      WHERE ok.id = r.execution_id AND i.id = r.id`,
    rows: (step, uuid) => step.applied.map((id) => ({ execution_id: uuid, id: uuidOf(id) })),
  },
  {
    flag: 256,
    name: 'counts',
    sql: `INSERT INTO execution_count_deltas (tenant, namespace, flow_id, day, state, delta)
      SELECT r.tenant, r.namespace, r.flow_id, r.day, x.state, sum(x.delta)
      FROM json_to_recordset($n) AS r(execution_id uuid, tenant text, namespace text, flow_id text, day date, state text)
      JOIN ok ON ok.id = r.execution_id
      CROSS JOIN LATERAL (VALUES (r.state, 1), (CASE WHEN ok.was_ended THEN ok.was_state END, -1)) AS x(state, delta)
      WHERE x.state IS NOT NULL GROUP BY 1, 2, 3, 4, 5`,
    rows: (step, uuid) => {
      const e = step.execution;
      const state = currentState(e.history);
      // Started again after its end: the row of the old end state is taken back.
      const ended = isTerminal(state);
      if (!ended && !e.history.some((entry) => isTerminal(entry.state))) return [];
      return [
        {
          execution_id: uuid,
          tenant: e.tenant,
          namespace: e.namespace,
          flow_id: e.flowId,
          day: dayOf(e.id),
          state: ended ? state : null,
        },
      ];
    },
  },
];

const INBOX_FLAG = 128;

/*
 * `many_ok` is `ok` once more, written so that the planner expects many rows of it. Of `ok` it expects one, which is right for
 * the joins to small tables whose size changes by the minute (an index lookup per row, never a scan of the inbox), and
 * wrong for the update: it read all ids of the batch in the index for each row of the batch.
 */

const statements = new Map<number, Statement>();

function statementFor(flags: number): Statement {
  let statement = statements.get(flags);
  if (statement === undefined) {
    let parameter = 2;
    const present =
      flags & INBOX_FLAG
        ? `WHERE s.applied IS NULL OR (SELECT count(*) FROM inbox i WHERE i.id = ANY(s.applied)) = cardinality(s.applied)`
        : '';
    const parts = PARTS.filter((part) => flags & part.flag).map(
      (part) => `, ${part.name}_part AS (${part.sql.replaceAll('$n', `$${++parameter}`)})`,
    );
    statement = {
      name: `commit_${flags}`,
      text: `WITH s AS MATERIALIZED (
        SELECT * FROM json_to_recordset($2) AS s(id uuid, version int, state text, history json, outputs json, labels jsonb,
          attempt_number int, ended_at float8, owes boolean, applied uuid[])),
      locked AS MATERIALIZED (
        SELECT e.id, e.version, e.state AS was_state, e.ended_at IS NOT NULL AS was_ended FROM executions e
        WHERE ${oneOfIds('e.id')} ORDER BY e.id FOR UPDATE),
      ok AS MATERIALIZED (
        SELECT s.*, l.was_state, l.was_ended FROM s JOIN locked l ON l.id = s.id AND l.version = s.version ${present}),
      many_ok AS MATERIALIZED (
        SELECT s.* FROM s LEFT JOIN ok ON ok.id = s.id WHERE CASE WHEN ok.id IS NULL THEN false ELSE true END),
      updated AS (
        UPDATE executions e SET version = s.version + 1, state = s.state, history = s.history, outputs = s.outputs,
          labels = s.labels, attempt_number = s.attempt_number, ended_at = to_timestamp(s.ended_at / 1000.0),
          owes_at = CASE WHEN s.owes THEN now() + interval '${FIRST_LOOK_SECONDS} seconds' END, owes_tries = 0
        FROM many_ok s WHERE ${idOf('e.id', 's.id')} AND ${withinIds('e.id')})
      ${parts.join('\n')}
      SELECT id FROM ok`,
    };
    statements.set(flags, statement);
  }
  return statement;
}

/** Columns of a log row for `json_to_recordset`. */
export const fromLog = (row: LogRow): Record<string, unknown> => ({
  execution_id: uuidOf(row.executionId),
  task_run_seq: row.taskRunSeq,
  dispatch: row.dispatch,
  number: row.number,
  tenant: row.tenant,
  namespace: row.namespace,
  flow_id: row.flowId,
  task_id: row.taskId,
  attempt: row.attempt,
  trigger_id: row.triggerId,
  level: logLevelRank(row.level),
  logged_at: row.timestamp,
  thread: row.thread,
  message: row.message,
});

/** Columns of a metric row for `json_to_recordset`. */
export const fromMetric = (row: MetricRow): Record<string, unknown> => ({
  execution_id: uuidOf(row.executionId),
  task_run_seq: row.taskRunSeq,
  dispatch: row.dispatch,
  number: row.number,
  tenant: row.tenant,
  namespace: row.namespace,
  flow_id: row.flowId,
  task_id: row.taskId,
  type: row.type,
  name: row.name,
  value: row.value,
  tags: row.tags,
  measured_at: row.timestamp,
});

const toRecord = (step: StepWrite, uuid: string): Record<string, unknown> => {
  const e = step.execution;
  const last = e.history[e.history.length - 1]!;
  return {
    id: uuid,
    version: step.version,
    state: last.state,
    history: e.history,
    outputs: e.outputs,
    labels: e.labels,
    attempt_number: e.attemptNumber,
    ended_at: isTerminal(last.state) ? last.date : null,
    owes: step.owes,
    applied: step.applied.length === 0 ? null : step.applied.map(uuidOf),
  };
};

/** See ExecutionStore.commit. */
export async function commitSteps(db: Database, steps: readonly StepWrite[]): Promise<readonly StepOutcome[]> {
  const uuids = steps.map((step) => uuidOf(step.execution.id));
  const values: unknown[] = [sortedUuids(uuids), toJsonText(steps.map((step, i) => toRecord(step, uuids[i]!)))];
  let flags = 0;
  for (const part of PARTS) {
    const rows = steps.flatMap((step, i) => part.rows(step, uuids[i]!));
    if (rows.length === 0) continue;
    flags |= part.flag;
    values.push(toJsonText(rows));
  }
  const done = new Set((await db.run<{ id: string }>(statementFor(flags), values)).map((row) => uuidToId(row.id)));
  return steps.map((step) => (done.has(step.execution.id) ? 'committed' : 'conflict'));
}
