import { idToUuid, logLevelRank, LOG_LEVELS, uuidToId } from '@tiercel/model';
import type { LogFilter, Page, PageOf, Sort, StoredLog } from '../ports/execution-queries.ts';
import type { MetricRow } from '../ports/execution-store.ts';
import { matchText, namespaceCondition, orderBy, Parameters } from './conditions.ts';
import type { Database } from './database.ts';

const LOG_COLUMNS = `l.execution_id, l.task_run_seq, l.dispatch, l.number, l.tenant, l.namespace, l.flow_id, l.task_id, l.attempt,
  l.trigger_id, l.level, l.logged_at, l.thread, l.message, t.id AS task_run_id`;
const LOG_FROM = `logs l LEFT JOIN task_runs t ON t.execution_id = l.execution_id AND t.seq = l.task_run_seq`;

interface LogRecord {
  execution_id: string;
  task_run_seq: number;
  dispatch: number;
  number: number;
  tenant: string;
  namespace: string;
  flow_id: string;
  task_id: string | null;
  attempt: number | null;
  trigger_id: string | null;
  level: number;
  logged_at: number;
  thread: string | null;
  message: string;
  task_run_id: string | null;
}

const toLog = (row: LogRecord): StoredLog => ({
  tenant: row.tenant,
  namespace: row.namespace,
  flowId: row.flow_id,
  executionId: uuidToId(row.execution_id),
  taskRunSeq: row.task_run_seq,
  dispatch: row.dispatch,
  number: row.number,
  level: LOG_LEVELS[row.level] ?? 'INFO',
  timestamp: row.logged_at,
  message: row.message,
  cursor: `${row.logged_at}.${row.task_run_seq}.${row.dispatch}.${row.number}`,
  ...(row.thread !== null && { thread: row.thread }),
  ...(row.task_id !== null && { taskId: row.task_id }),
  ...(row.attempt !== null && { attempt: row.attempt }),
  ...(row.trigger_id !== null && { triggerId: row.trigger_id }),
  ...(row.task_run_id !== null && { taskRunId: uuidToId(row.task_run_id) }),
});

function logConditions(p: Parameters, filter: LogFilter): string[] {
  const where = [`l.tenant = ${p.add(filter.tenant)}`];
  if (filter.executionId !== undefined) {
    const uuid = idToUuid(filter.executionId);
    where.push(uuid === undefined ? 'false' : `l.execution_id = ${p.add(uuid)}`);
  }
  if (filter.minLevel !== undefined) where.push(`l.level >= ${p.add(logLevelRank(filter.minLevel))}`);
  if (filter.taskId !== undefined) where.push(`l.task_id = ${p.add(filter.taskId)}`);
  if (filter.taskRunId !== undefined) {
    const uuid = idToUuid(filter.taskRunId);
    const execution = filter.executionId === undefined ? undefined : idToUuid(filter.executionId);
    if (uuid === undefined || execution === undefined) where.push('false');
    else
      where.push(
        `l.task_run_seq = (SELECT r.seq FROM task_runs r WHERE r.execution_id = ${p.add(execution)} AND r.id = ${p.add(uuid)})`,
      );
  }
  if (filter.attempt !== undefined) where.push(`l.attempt = ${p.add(filter.attempt)}`);
  if (filter.q !== undefined)
    where.push(
      ...matchText(p, filter.q, ['l.namespace', 'l.flow_id', 'l.task_id', 'l.trigger_id', 'l.message', 'l.thread']),
    );
  if (filter.namespace !== undefined)
    where.push(namespaceCondition(p, 'l.namespace', filter.namespace, filter.flowId !== undefined));
  if (filter.flowId !== undefined) where.push(`l.flow_id = ${p.add(filter.flowId)}`);
  if (filter.triggerId !== undefined) where.push(`l.trigger_id = ${p.add(filter.triggerId)}`);
  if (filter.startDate !== undefined) where.push(`l.logged_at >= ${p.add(filter.startDate)}`);
  if (filter.endDate !== undefined) where.push(`l.logged_at <= ${p.add(filter.endDate)}`);
  return where;
}

export async function executionLogs(
  db: Database,
  filter: LogFilter & { readonly executionId: string },
  limit: number,
  cursor: string | undefined,
): Promise<readonly StoredLog[]> {
  const p = new Parameters();
  const where = logConditions(p, filter);
  if (cursor !== undefined) {
    const parts = cursor.split('.').map(Number);
    where.push(
      `(l.logged_at, l.task_run_seq, l.dispatch, l.number) > (${parts.map((part) => `${p.add(part)}::bigint`).join(', ')})`,
    );
  }
  const rows = await db.query<LogRecord>(
    `SELECT ${LOG_COLUMNS} FROM ${LOG_FROM} WHERE ${where.join(' AND ')}
     ORDER BY l.logged_at, l.task_run_seq, l.dispatch, l.number LIMIT ${p.add(limit)}`,
    p.values,
  );
  return rows.map(toLog);
}

const LOG_SORT: Readonly<Record<string, string>> = {
  timestamp: 'l.logged_at',
  level: 'l.level',
  namespace: 'l.namespace',
  flowId: 'l.flow_id',
  taskId: 'l.task_id',
  executionId: 'l.execution_id',
};

export async function searchLogs(
  db: Database,
  filter: LogFilter,
  { page, size }: Page,
  sort: readonly Sort[],
): Promise<PageOf<StoredLog>> {
  const p = new Parameters();
  const where = logConditions(p, filter).join(' AND ');
  const order = orderBy(sort, LOG_SORT, 'l.execution_id, l.logged_at, l.task_run_seq, l.dispatch, l.number');
  const total = await db.search<{ count: number }>(`SELECT count(*) AS count FROM logs l WHERE ${where}`, [
    ...p.values,
  ]);
  const rows = await db.search<LogRecord>(
    `SELECT ${LOG_COLUMNS} FROM ${LOG_FROM} WHERE ${where} ORDER BY ${order} LIMIT ${p.add(size)} OFFSET ${p.add((page - 1) * size)}`,
    p.values,
  );
  return { results: rows.map(toLog), total: total[0]!.count };
}

export async function deleteLogs(db: Database, filter: LogFilter): Promise<number> {
  const p = new Parameters();
  const where = logConditions(p, filter).join(' AND ');
  const rows = await db.query<{ count: number }>(
    `WITH gone AS (DELETE FROM logs l WHERE ${where} RETURNING 1) SELECT count(*) AS count FROM gone`,
    p.values,
  );
  return rows[0]!.count;
}

const METRIC_SORT: Readonly<Record<string, string>> = {
  namespace: 'm.namespace',
  flowId: 'm.flow_id',
  taskId: 'm.task_id',
  executionId: 'm.execution_id',
  taskrunId: 'm.task_run_seq',
  name: 'm.name',
  timestamp: 'm.measured_at',
  value: 'm.value',
};

export async function searchMetrics(
  db: Database,
  filter: {
    readonly tenant: string;
    readonly executionId: string;
    readonly taskId?: string;
    readonly taskRunId?: string;
  },
  { page, size }: Page,
  sort: readonly Sort[],
): Promise<PageOf<MetricRow>> {
  const uuid = idToUuid(filter.executionId);
  if (uuid === undefined) return { results: [], total: 0 };
  const p = new Parameters();
  const where = [`m.execution_id = ${p.add(uuid)}`, `m.tenant = ${p.add(filter.tenant)}`];
  if (filter.taskId !== undefined) where.push(`m.task_id = ${p.add(filter.taskId)}`);
  if (filter.taskRunId !== undefined) {
    const run = idToUuid(filter.taskRunId);
    where.push(run === undefined ? 'false' : `t.id = ${p.add(run)}`);
  }
  const from = `metrics m LEFT JOIN task_runs t ON t.execution_id = m.execution_id AND t.seq = m.task_run_seq WHERE ${where.join(' AND ')}`;
  const order = orderBy(sort, METRIC_SORT, 'm.task_run_seq, m.dispatch, m.number');
  const total = await db.query<{ count: number }>(`SELECT count(*) AS count FROM ${from}`, [...p.values]);
  type MetricRecord = Omit<LogRecord, 'level' | 'logged_at' | 'message'> & {
    task_id: string;
    type: MetricRow['type'];
    name: string;
    value: number;
    tags: Record<string, string> | null;
    measured_at: number;
  };
  const rows = await db.query<MetricRecord>(
    `SELECT m.*, t.id AS task_run_id FROM ${from} ORDER BY ${order} LIMIT ${p.add(size)} OFFSET ${p.add((page - 1) * size)}`,
    p.values,
  );
  return {
    total: total[0]!.count,
    results: rows.map((row) => ({
      tenant: row.tenant,
      namespace: row.namespace,
      flowId: row.flow_id,
      executionId: uuidToId(row.execution_id),
      taskRunSeq: row.task_run_seq,
      taskRunId: row.task_run_id === null ? '' : uuidToId(row.task_run_id),
      taskId: row.task_id,
      dispatch: row.dispatch,
      number: row.number,
      type: row.type,
      name: row.name,
      value: row.value,
      timestamp: row.measured_at,
      ...(row.tags !== null && { tags: row.tags }),
    })),
  };
}
