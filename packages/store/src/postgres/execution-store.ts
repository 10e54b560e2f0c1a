import { uuidToId, newId, type ExecutionEvent } from '@tiercel/model';
import {
  StoreError,
  type CreateOutcome,
  type ExecutionStore,
  type LoadedExecution,
  type LogRow,
  type MetricRow,
  type NewExecution,
  type OperationRequest,
  type StepOutcome,
  type StepWrite,
  type TaskReport,
} from '../ports/execution-store.ts';
import { Coalescer, type CoalescerOptions } from './coalesce.ts';
import { commitSteps, fromLog, fromMetric } from './commit.ts';
import { createExecutions } from './create.ts';
import type { Database, Statement } from './database.ts';
import {
  APPEND,
  claimJobs,
  expireLeases,
  expireLeasesOf,
  renewJobs,
  reportResults,
  type LeaseRequest,
} from './leases.ts';
import { announce, claimAllLooks, claimLooks, deadMembers, dueWakeUps, fireWakeUps, leave } from './looks.ts';
import {
  EXECUTION_COLUMNS,
  oneOfIds,
  sortedUuids,
  TASK_RUN_COLUMNS,
  toExecution,
  toJsonText,
  toTaskRun,
  uuidOf,
  type ExecutionRow,
  type TaskRunRow,
} from './rows.ts';

const isBad = (error: unknown): boolean => error instanceof StoreError && error.code === 'bad-data';
const BATCHES: CoalescerOptions<unknown> = { maxBatch: 200, concurrency: 2, isBad };

export interface ExecutionStoreOptions {
  /** No lease expires before the database has been up for so long; the length of a lease. */
  readonly leaseGraceMs?: number;
}

/** The hot path on PostgreSQL. Calls that arrive together are joined into one statement. */
export function createExecutionStore(
  db: Database,
  { leaseGraceMs = 9_000 }: ExecutionStoreOptions = {},
): ExecutionStore {
  const creates = new Coalescer<NewExecution, CreateOutcome>((rows) => createExecutions(db, rows), {
    ...BATCHES,
    keyOf: ({ execution, delivery }) => delivery && `${execution.tenant} ${delivery.key}`,
  });
  const commits = new Coalescer<StepWrite, StepOutcome>((steps) => commitSteps(db, steps), {
    ...BATCHES,
    concurrency: 3,
    keyOf: (step) => step.execution.id,
  });
  const reports = new Coalescer<TaskReport, undefined>(async (items) => {
    await reportResults(db, items);
    return items.map(() => undefined);
  }, BATCHES);
  const claims = new Coalescer<LeaseRequest, boolean>((items) => claimJobs(db, items), {
    ...BATCHES,
    keyOf: ({ job }) => `${job.executionId} ${job.taskRunSeq}`,
  });
  const requests = new Coalescer<OperationRequest, boolean>((items) => requestOperations(db, items), {
    ...BATCHES,
    keyOf: (item) => item.id,
  });
  return {
    create: (rows) => creates.add(rows),
    load: (ids) => loadExecutions(db, ids),
    commit: (steps) => commits.add(steps),
    claim: (workerId, jobs, ms) => claims.add(jobs.map((job) => ({ workerId, job, ms }))),
    renew: (workerId, jobs, ms) => renewJobs(db, workerId, jobs, ms),
    report: async (items) => void (await reports.add(items)),
    appendLogs: async (logs: readonly LogRow[], metrics: readonly MetricRow[]) =>
      void (await APPEND(db, logs.map(fromLog), metrics.map(fromMetric))),
    request: (items) => requests.add(items),
    claimLooks: (options) => claimLooks(db, options),
    claimAllLooks: (after, limit, partitions) => claimAllLooks(db, after, limit, partitions),
    expireLeases: (limit) => expireLeases(db, limit, leaseGraceMs),
    expireLeasesOf: (prefix) => expireLeasesOf(db, prefix),
    dueWakeUps: (horizonMs, limit) => dueWakeUps(db, horizonMs, limit),
    fireWakeUps: (ids) => fireWakeUps(db, ids),
    announce: (member, aliveMs) => announce(db, member, aliveMs),
    deadMembers: (deadMs) => deadMembers(db, deadMs),
    leave: async (id) => void (await leave(db, id)),
    clock: async () => (await db.run<{ ms: number }>(CLOCK, []))[0]!.ms,
  };
}

const CLOCK: Statement = {
  name: 'clock',
  text: `SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms`,
};

const REQUEST: Statement = {
  name: 'request',
  text: `WITH r AS MATERIALIZED (
    SELECT * FROM json_to_recordset($2) AS r(id uuid, inbox_id uuid, tenant text, execution_id uuid, operation json, event json)),
  known AS MATERIALIZED (
    SELECT r.* FROM r JOIN executions e ON e.id = r.execution_id AND e.tenant = r.tenant AND ${oneOfIds('e.id')}),
  fresh AS (
    INSERT INTO operations (id, tenant, execution_id, operation) SELECT id, tenant, execution_id, operation FROM known
    ON CONFLICT (id) DO NOTHING RETURNING id),
  told AS (
    INSERT INTO inbox (id, tenant, execution_id, event) SELECT k.inbox_id, k.tenant, k.execution_id, k.event
    FROM known k JOIN fresh ON fresh.id = k.id)
  SELECT id FROM known`,
};

async function requestOperations(db: Database, items: readonly OperationRequest[]): Promise<readonly boolean[]> {
  const now = Date.now();
  const records = items.map((item) => {
    const event: ExecutionEvent = { kind: 'operation', operationId: item.id, operation: item.operation };
    return {
      id: uuidOf(item.id),
      inbox_id: uuidOf(newId(now)),
      tenant: item.tenant,
      execution_id: uuidOf(item.executionId),
      operation: item.operation,
      event,
    };
  });
  const rows = await db.run<{ id: string }>(REQUEST, [
    sortedUuids(records.map((r) => r.execution_id)),
    toJsonText(records),
  ]);
  const known = new Set(rows.map((row) => uuidToId(row.id)));
  return items.map((item) => known.has(item.id));
}

const LOAD_EXECUTIONS: Statement = {
  name: 'load_executions',
  text: `SELECT ${EXECUTION_COLUMNS} FROM executions e WHERE ${oneOfIds('e.id')}`,
};
const LOAD_TASK_RUNS: Statement = {
  name: 'load_task_runs',
  text: `SELECT ${TASK_RUN_COLUMNS} FROM task_runs t WHERE ${oneOfIds('t.execution_id')} ORDER BY t.execution_id, t.seq`,
};
const LOAD_INBOX: Statement = {
  name: 'load_inbox',
  text: `SELECT id, execution_id, event FROM inbox WHERE execution_id = ANY($1) ORDER BY created_at, id`,
};
const LOAD_LEASES: Statement = {
  name: 'load_leases',
  text: `SELECT execution_id, task_run_seq, dispatch FROM leases WHERE execution_id = ANY($1) AND reported IS NULL`,
};

function groupBy<T extends { execution_id: string }>(rows: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(row.execution_id);
    if (group === undefined) groups.set(row.execution_id, [row]);
    else group.push(row);
  }
  return groups;
}

/**
 * Four reads, not one snapshot. The order makes that safe: leases and inbox first, then the execution's version. A step that
 * commits in between moves the version or takes inbox rows away, and then our own commit finds that out and starts again.
 */
async function loadExecutions(db: Database, ids: readonly string[]): Promise<readonly LoadedExecution[]> {
  if (ids.length === 0) return [];
  const uuids = sortedUuids(ids.map(uuidOf));
  type InboxRecord = { id: string; execution_id: string; event: ExecutionEvent };
  type LeaseRecord = { execution_id: string; task_run_seq: number; dispatch: number };
  const [leases, inbox] = await Promise.all([
    db.run<LeaseRecord>(LOAD_LEASES, [uuids]),
    db.run<InboxRecord>(LOAD_INBOX, [uuids]),
  ]);
  const executions = await db.run<ExecutionRow>(LOAD_EXECUTIONS, [uuids]);
  const taskRuns = groupBy(await db.run<TaskRunRow>(LOAD_TASK_RUNS, [uuids]));
  const inboxOf = groupBy(inbox);
  const leasesOf = groupBy(leases);
  return executions.map((row) => ({
    execution: toExecution(row),
    version: row.version,
    taskRuns: (taskRuns.get(row.id) ?? []).map(toTaskRun),
    inbox: (inboxOf.get(row.id) ?? []).map((i) => ({
      id: uuidToId(i.id),
      executionId: uuidToId(i.execution_id),
      event: i.event,
    })),
    leases: (leasesOf.get(row.id) ?? []).map((l) => ({ taskRunSeq: l.task_run_seq, dispatch: l.dispatch })),
  }));
}
