import { TERMINAL_STATES, uuidToId } from '@tiercel/model';
import type { JobKey, Look, RenewOutcome, TaskReport } from '../ports/execution-store.ts';
import { LEASE_STATEMENT_MS, type Database, type Statement } from './database.ts';
import { fromLog, fromMetric } from './commit.ts';
import { idOf, sortedUuids, toJsonText, uuidOf, withinIds } from './rows.ts';

const JOBS = `json_to_recordset($2) AS j(n int, execution_id uuid, task_run_seq int, dispatch int, worker_id text, ms int)`;

// A lease of an older dispatch belongs to a worker that is told so at its next renewal.
const INSERT_LEASE = `INSERT INTO leases AS l (execution_id, task_run_seq, dispatch, tenant, worker_id, expires_at)
  SELECT j.execution_id, j.task_run_seq, j.dispatch, t.tenant, j.worker_id, now() + j.ms * interval '1 millisecond'
  FROM j JOIN task_runs t ON ${idOf('t.execution_id', 'j.execution_id')} AND t.seq = j.task_run_seq AND t.dispatch = j.dispatch
    AND ${withinIds('t.execution_id')} AND t.state IN ('CREATED', 'RUNNING', 'RESTARTED')`;

/** Two statements that want the same leases meet them in the same order, whatever the plan: neither waits for the other. */
const IN_ORDER = 'ORDER BY j.execution_id, j.task_run_seq';

/** The expiry or the result of a job waits to be applied: it is not to run (again). */
const UNDECIDED = `NOT EXISTS (SELECT 1 FROM inbox i WHERE i.execution_id = j.execution_id AND i.event->>'taskRunSeq' = j.task_run_seq::text
      AND i.event->>'dispatch' = j.dispatch::text AND i.event->>'kind' IN ('lease-expired', 'task-result'))`;

const CLAIM: Statement = {
  name: 'claim',
  text: `WITH j AS MATERIALIZED (
    SELECT DISTINCT ON (execution_id, task_run_seq, dispatch) * FROM ${JOBS} ORDER BY execution_id, task_run_seq, dispatch)
  ${INSERT_LEASE} WHERE ${UNDECIDED} ${IN_ORDER}
  ON CONFLICT (execution_id, task_run_seq) DO UPDATE SET dispatch = excluded.dispatch, worker_id = excluded.worker_id,
    expires_at = excluded.expires_at, kill = false, reported = NULL WHERE l.dispatch < excluded.dispatch
  RETURNING l.execution_id, l.task_run_seq, l.dispatch`,
};

/**
 * Renews what is there, unless the task run has moved on (a kill can raise the number of a job that is being claimed just
 * then). A lease that is not there is inserted again (a crash of the database may have lost it, claims not being
 * synchronous), unless its expiry or its result already waits in the inbox. One that was there and could not be kept is lost:
 * its expiry or result may have come just now, and not be seen yet.
 */
const RENEW: Statement = {
  name: 'renew',
  text: `WITH j AS MATERIALIZED (SELECT * FROM ${JOBS}),
  due AS MATERIALIZED (
    SELECT j.* FROM j JOIN task_runs t ON ${idOf('t.execution_id', 'j.execution_id')} AND t.seq = j.task_run_seq AND t.dispatch = j.dispatch
      AND ${withinIds('t.execution_id')} AND NOT t.state = ANY('{${TERMINAL_STATES.join(',')}}')),
  held AS MATERIALIZED (
    SELECT j.n, j.ms, l.execution_id, l.task_run_seq, l.dispatch, l.worker_id FROM due j JOIN leases l
      ON l.execution_id = j.execution_id AND l.task_run_seq = j.task_run_seq AND l.dispatch = j.dispatch AND l.worker_id = j.worker_id
        AND l.reported IS NULL ${IN_ORDER} FOR UPDATE OF l),
  kept AS (
    UPDATE leases l SET expires_at = now() + h.ms * interval '1 millisecond' FROM held h
    WHERE l.execution_id = h.execution_id AND l.task_run_seq = h.task_run_seq AND l.dispatch = h.dispatch AND l.worker_id = h.worker_id
      AND l.reported IS NULL
    RETURNING h.n, l.kill),
  gone AS MATERIALIZED (SELECT * FROM j WHERE NOT EXISTS (
    SELECT 1 FROM leases l WHERE l.execution_id = j.execution_id AND l.task_run_seq = j.task_run_seq)),
  again AS (
    ${INSERT_LEASE.replace('FROM j JOIN', 'FROM gone j JOIN')}
    WHERE ${UNDECIDED} ${IN_ORDER} ON CONFLICT DO NOTHING RETURNING execution_id, task_run_seq)
  SELECT n, kill FROM kept UNION ALL
  SELECT j.n, false FROM j JOIN again a ON a.execution_id = j.execution_id AND a.task_run_seq = j.task_run_seq`,
};

/** A job that a worker wants to run for so long, ms. */
export interface LeaseRequest {
  readonly workerId: string;
  readonly job: JobKey;
  readonly ms: number;
}

const jobRecords = (requests: readonly LeaseRequest[]): readonly unknown[] => {
  const uuids = requests.map(({ job }) => uuidOf(job.executionId));
  const records = requests.map(({ workerId, job, ms }, n) => ({
    n,
    execution_id: uuids[n],
    task_run_seq: job.taskRunSeq,
    dispatch: job.dispatch,
    worker_id: workerId,
    ms,
  }));
  return [sortedUuids(uuids), toJsonText(records)];
};

const jobName = (job: JobKey): string => `${job.executionId} ${job.taskRunSeq} ${job.dispatch}`;

/** See ExecutionStore.claim. */
export async function claimJobs(db: Database, requests: readonly LeaseRequest[]): Promise<readonly boolean[]> {
  const rows = await db.runRelaxed<{ execution_id: string; task_run_seq: number; dispatch: number }>(
    CLAIM,
    jobRecords(requests),
  );
  const got = new Set(
    rows.map((r) =>
      jobName({ executionId: uuidToId(r.execution_id), taskRunSeq: r.task_run_seq, dispatch: r.dispatch }),
    ),
  );
  // A job that stands twice in one batch is granted once.
  return requests.map(({ job }) => got.delete(jobName(job)));
}

/** See ExecutionStore.renew. */
export async function renewJobs(
  db: Database,
  workerId: string,
  jobs: readonly JobKey[],
  ms: number,
): Promise<readonly RenewOutcome[]> {
  const rows = await db.runRelaxed<{ n: number; kill: boolean }>(
    RENEW,
    jobRecords(jobs.map((job) => ({ workerId, job, ms }))),
  );
  const outcomes: RenewOutcome[] = jobs.map(() => 'lost');
  for (const row of rows) outcomes[row.n] = row.kill ? 'kill' : 'kept';
  return outcomes;
}

/**
 * A result does not delete its lease but marks it, for everybody as good as gone: a claim that began before the report, and so
 * sees neither the result in the inbox nor what became of the task run, still meets the lease. It is deleted when no claim
 * can be so old any more.
 */
const REPORT: Statement = {
  name: 'report',
  text: `WITH r AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1) AS r(execution_id uuid, task_run_seq int, dispatch int, inbox_id uuid, tenant text, event json)),
  held AS MATERIALIZED (
    SELECT j.inbox_id, l.execution_id, l.task_run_seq, l.dispatch FROM r j JOIN leases l
      ON l.execution_id = j.execution_id AND l.task_run_seq = j.task_run_seq AND l.dispatch = j.dispatch
        AND j.event->>'kind' = 'task-result' ${IN_ORDER} FOR UPDATE OF l),
  ended AS (
    UPDATE leases l SET reported = h.inbox_id, expires_at = now() FROM held h
    WHERE l.execution_id = h.execution_id AND l.task_run_seq = h.task_run_seq AND l.dispatch = h.dispatch),
  lines AS (
    INSERT INTO logs (execution_id, task_run_seq, dispatch, number, tenant, namespace, flow_id, task_id, attempt, trigger_id, level, logged_at, thread, message)
    SELECT * FROM json_to_recordset($2) AS x(execution_id uuid, task_run_seq int, dispatch int, number int, tenant text, namespace text,
      flow_id text, task_id text, attempt int, trigger_id text, level smallint, logged_at bigint, thread text, message text)
    ON CONFLICT DO NOTHING),
  measures AS (
    INSERT INTO metrics (execution_id, task_run_seq, dispatch, number, tenant, namespace, flow_id, task_id, type, name, value, tags, measured_at)
    SELECT * FROM json_to_recordset($3) AS x(execution_id uuid, task_run_seq int, dispatch int, number int, tenant text, namespace text,
      flow_id text, task_id text, type text, name text, value float8, tags json, measured_at bigint)
    ON CONFLICT DO NOTHING)
  INSERT INTO inbox (id, tenant, execution_id, event) SELECT inbox_id, tenant, execution_id, event FROM r ON CONFLICT (id) DO NOTHING`,
};

/** See ExecutionStore.report. */
export async function reportResults(db: Database, reports: readonly TaskReport[]): Promise<void> {
  const records = reports.map((r) => ({
    execution_id: uuidOf(r.executionId),
    task_run_seq: r.taskRunSeq,
    dispatch: r.dispatch,
    inbox_id: uuidOf(r.inboxId),
    tenant: r.tenant,
    event: r.event,
  }));
  await db.run(REPORT, [
    toJsonText(records),
    toJsonText(reports.flatMap((r) => r.logs.map(fromLog))),
    toJsonText(reports.flatMap((r) => r.metrics.map(fromMetric))),
  ]);
}

/** Logs and metrics alone use the same statement with no report. See ExecutionStore.appendLogs. */
export const APPEND = (db: Database, logs: readonly unknown[], metrics: readonly unknown[]): Promise<unknown> =>
  db.run(REPORT, ['[]', toJsonText(logs), toJsonText(metrics)]);

/** Longer than any claim may take, with its connection's time limit and room to spare, ms. */
const MARK_MS = 3 * LEASE_STATEMENT_MS;

const FORGET: Statement = {
  name: 'forget_reported_leases',
  text: `DELETE FROM leases WHERE reported IS NOT NULL AND expires_at < now() - $1 * interval '1 millisecond'`,
};

const EXPIRE_INTO_INBOX = `gone AS (
    DELETE FROM leases l USING due d WHERE l.execution_id = d.execution_id AND l.task_run_seq = d.task_run_seq AND l.dispatch = d.dispatch
    RETURNING l.*),
  told AS (
    INSERT INTO inbox (id, tenant, execution_id, event)
    SELECT gen_random_uuid(), tenant, execution_id,
      json_build_object('kind', 'lease-expired', 'taskRunSeq', task_run_seq, 'dispatch', dispatch) FROM gone)
  SELECT DISTINCT execution_id, tenant FROM gone`;

// No lease expires before one lease length after the database has started: an outage of it must kill nothing.
const EXPIRE: Statement = {
  name: 'expire_leases',
  text: `WITH due AS MATERIALIZED (
    SELECT execution_id, task_run_seq, dispatch FROM leases
    WHERE expires_at < now() AND reported IS NULL AND pg_postmaster_start_time() < now() - $2 * interval '1 millisecond'
    ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED), ${EXPIRE_INTO_INBOX}`,
};

const EXPIRE_OF: Statement = {
  name: 'expire_leases_of',
  text: `WITH due AS MATERIALIZED (
    SELECT j.execution_id, j.task_run_seq, j.dispatch FROM leases j WHERE starts_with(j.worker_id, $1) AND j.reported IS NULL
    ${IN_ORDER} FOR UPDATE), ${EXPIRE_INTO_INBOX}`,
};

const toLooks = (rows: readonly { execution_id: string; tenant: string }[]): readonly Look[] =>
  rows.map((row) => ({ executionId: uuidToId(row.execution_id), tenant: row.tenant }));

/** See ExecutionStore.expireLeases. */
export const expireLeases = async (db: Database, limit: number, graceMs: number): Promise<readonly Look[]> => {
  await db.runRelaxed(FORGET, [MARK_MS]);
  return toLooks(await db.run(EXPIRE, [limit, graceMs]));
};

/** See ExecutionStore.expireLeasesOf. */
export const expireLeasesOf = async (db: Database, prefix: string): Promise<readonly Look[]> =>
  toLooks(await db.run(EXPIRE_OF, [prefix]));
