import { idToUuid, TERMINAL_STATES, uuidToId, type State } from '@tiercel/model';
import type {
  ExecutionFilter,
  ExecutionQueries,
  ExecutionView,
  Page,
  PageOf,
  Sort,
} from '../ports/execution-queries.ts';
import { matchText, namespaceCondition, orderBy, Parameters } from './conditions.ts';
import type { Database, Statement } from './database.ts';
import { deleteLogs, executionLogs, searchLogs, searchMetrics } from './log-queries.ts';
import { lowestUuid } from './partitions.ts';
import {
  EXECUTION_COLUMNS,
  sortedUuids,
  oneOfIds,
  TASK_RUN_COLUMNS,
  toExecution,
  toTaskRun,
  uuidOf,
  type ExecutionRow,
  type TaskRunRow,
} from './rows.ts';

/** Reads of executions on PostgreSQL. */
export function createExecutionQueries(db: Database): ExecutionQueries {
  return {
    get: (tenant, id, limit) => getExecution(db, tenant, id, limit),
    states: (ids) => executionStates(db, ids),
    taskRuns: (tenant, id, page, states) => pageOfTaskRuns(db, tenant, id, page, states),
    taskRun: (tenant, executionId, taskRunId) => oneTaskRun(db, tenant, executionId, taskRunId),
    search: (filter, page, sort, limit) => searchExecutions(db, filter, page, sort, limit),
    findIds: (filter, limit) => findIds(db, filter, limit),
    delete: (tenant, id, options) => deleteExecution(db, tenant, id, options),
    executionLogs: (filter, limit, cursor) => executionLogs(db, filter, limit, cursor),
    searchLogs: (filter, page, sort) => searchLogs(db, filter, page, sort),
    deleteLogs: (filter) => deleteLogs(db, filter),
    metrics: (filter, page, sort) => searchMetrics(db, filter, page, sort),
    operation: (id) => readOperation(db, id),
  };
}

const GET: Statement = {
  name: 'get_execution',
  text: `SELECT ${EXECUTION_COLUMNS} FROM executions e WHERE e.id = $1 AND e.tenant = $2`,
};
const FIRST_TASK_RUNS: Statement = {
  name: 'first_task_runs',
  text: `SELECT ${TASK_RUN_COLUMNS} FROM task_runs t WHERE t.execution_id = $1 ORDER BY t.seq LIMIT $2`,
};
const TASK_RUN_COUNTS: Statement = {
  name: 'task_run_counts',
  text: `SELECT state, count(*) AS count FROM task_runs WHERE execution_id = $1 GROUP BY state`,
};

async function getExecution(
  db: Database,
  tenant: string,
  id: string,
  limit: number,
): Promise<ExecutionView | undefined> {
  const uuid = idToUuid(id);
  if (uuid === undefined) return undefined;
  // The execution first: task runs that are newer than its row only make the list more complete.
  const row = (await db.run<ExecutionRow>(GET, [uuid, tenant]))[0];
  return row === undefined ? undefined : viewOf(db, row, limit);
}

async function viewOf(db: Database, row: ExecutionRow, limit: number): Promise<ExecutionView> {
  const runs = await db.run<TaskRunRow>(FIRST_TASK_RUNS, [row.id, limit + 1]);
  const base = { execution: toExecution(row), version: row.version };
  if (runs.length <= limit) return { ...base, taskRuns: runs.map(toTaskRun), taskRunCount: runs.length };
  const counts = await db.run<{ state: State; count: number }>(TASK_RUN_COUNTS, [row.id]);
  return {
    ...base,
    taskRuns: runs.slice(0, limit).map(toTaskRun),
    taskRunCount: counts.reduce((sum, entry) => sum + entry.count, 0),
    taskRunCounts: Object.fromEntries(counts.map((entry) => [entry.state, entry.count])),
  };
}

const STATES: Statement = {
  name: 'execution_states',
  text: `SELECT id, state, version FROM executions WHERE ${oneOfIds('id')}`,
};

async function executionStates(
  db: Database,
  ids: readonly string[],
): Promise<readonly { id: string; state: State; version: number }[]> {
  if (ids.length === 0) return [];
  const rows = await db.run<{ id: string; state: State; version: number }>(STATES, [sortedUuids(ids.map(uuidOf))]);
  return rows.map((row) => ({ ...row, id: uuidToId(row.id) }));
}

async function pageOfTaskRuns(
  db: Database,
  tenant: string,
  id: string,
  { page, size }: Page,
  states: readonly State[] | undefined,
): Promise<PageOf<TaskRunView>> {
  const uuid = idToUuid(id);
  if (uuid === undefined) return { results: [], total: 0 };
  const p = new Parameters();
  const where = `t.execution_id = ${p.add(uuid)} AND t.tenant = ${p.add(tenant)}${states === undefined ? '' : ` AND t.state = ANY(${p.add(states)})`}`;
  const total = await db.query<{ count: number }>(`SELECT count(*) AS count FROM task_runs t WHERE ${where}`, p.values);
  const rows = await db.query<TaskRunRow>(
    `SELECT ${TASK_RUN_COLUMNS} FROM task_runs t WHERE ${where} ORDER BY t.seq LIMIT ${p.add(size)} OFFSET ${p.add((page - 1) * size)}`,
    p.values,
  );
  return { results: rows.map(toTaskRun), total: total[0]!.count };
}
type TaskRunView = ReturnType<typeof toTaskRun>;

async function oneTaskRun(
  db: Database,
  tenant: string,
  executionId: string,
  taskRunId: string,
): Promise<TaskRunView | undefined> {
  const [execution, run] = [idToUuid(executionId), idToUuid(taskRunId)];
  if (execution === undefined || run === undefined) return undefined;
  const rows = await db.query<TaskRunRow>(
    `SELECT ${TASK_RUN_COLUMNS} FROM task_runs t WHERE t.execution_id = $1 AND t.tenant = $2 AND t.id = $3`,
    [execution, tenant, run],
  );
  return rows[0] === undefined ? undefined : toTaskRun(rows[0]);
}

/** A clock that is a day wrong still finds its executions; what is older than that is pruned by its id. */
const SLACK_MS = 86_400_000;

function executionConditions(p: Parameters, filter: ExecutionFilter): string[] {
  const where = [`e.tenant = ${p.add(filter.tenant)}`];
  if (filter.q !== undefined)
    where.push(...matchText(p, filter.q, ['e.namespace', 'e.flow_id', idTextOf(p, filter.q)]));
  if (filter.namespace !== undefined) {
    where.push(namespaceCondition(p, 'e.namespace', filter.namespace, filter.flowId !== undefined));
  }
  if (filter.flowId !== undefined) where.push(`e.flow_id = ${p.add(filter.flowId)}`);
  if (filter.scope?.length === 1) {
    where.push(`e.namespace ${filter.scope[0] === 'SYSTEM' ? '=' : '<>'} ${p.add(filter.systemNamespace ?? 'system')}`);
  }
  if (filter.startDate !== undefined) {
    where.push(`e.started_at >= to_timestamp(${p.add(filter.startDate)}::float8 / 1000)`);
    where.push(`e.id >= ${p.add(lowestUuid(Math.max(0, filter.startDate - SLACK_MS)))}::uuid`);
  }
  if (filter.endDate !== undefined) where.push(`e.ended_at <= to_timestamp(${p.add(filter.endDate)}::float8 / 1000)`);
  if (filter.states !== undefined && filter.states.length > 0) {
    where.push(`e.state = ANY(${p.add(filter.states)})`);
    // Lets the index of living executions serve.
    if (filter.states.every((state) => !TERMINAL_STATES.includes(state))) where.push('e.ended_at IS NULL');
  }
  for (const label of filter.labels ?? []) where.push(`e.labels @> ${p.add(JSON.stringify([label]))}::jsonb`);
  if (filter.triggerExecutionId !== undefined) {
    const uuid = idToUuid(filter.triggerExecutionId);
    where.push(uuid === undefined ? 'false' : `e.trigger_execution_id = ${p.add(uuid)}`);
  }
  if (filter.childFilter !== undefined)
    where.push(`e.trigger_execution_id IS ${filter.childFilter === 'CHILD' ? 'NOT ' : ''}NULL`);
  if (filter.ids !== undefined) where.push(`e.id = ANY(${p.add(filter.ids.flatMap((id) => idToUuid(id) ?? []))})`);
  return where;
}

/** A whole id typed into the search box finds its execution. Ids are not stored as text, so parts of one are not looked for. */
function idTextOf(p: Parameters, q: string): string {
  const uuid = idToUuid(q.trim());
  return uuid === undefined ? `''` : `(CASE WHEN e.id = ${p.add(uuid)} THEN ${p.add(q.trim())} ELSE '' END)`;
}

const SORT_COLUMNS: Readonly<Record<string, string>> = {
  id: 'e.id',
  'state.startDate': 'e.started_at',
  'state.endDate': 'e.ended_at',
  'state.duration': '(e.ended_at - e.started_at)',
  namespace: 'e.namespace',
  flowId: 'e.flow_id',
  'state.current': 'e.state',
};

/** So few hits that reading and sorting them all is cheaper than anything else. */
const FEW_HITS = 5_000;

async function searchExecutions(
  db: Database,
  filter: ExecutionFilter,
  { page, size }: Page,
  sort: readonly Sort[],
  taskRunLimit: number,
): Promise<PageOf<ExecutionView>> {
  const p = new Parameters();
  const where = executionConditions(p, filter).join(' AND ');
  const order = orderBy(sort, SORT_COLUMNS, sort.length === 0 ? 'e.id DESC' : 'e.id');
  const total = await countExecutions(db, filter, where, [...p.values]);
  const pageClause = `ORDER BY ${order} LIMIT ${p.add(size)} OFFSET ${p.add((page - 1) * size)}`;
  // For labels the planner would walk the newest executions until it has a page; few hits are found by their index instead.
  const few = filter.labels !== undefined && total <= FEW_HITS;
  const rows =
    total === 0
      ? []
      : await db.search<ExecutionRow>(
          few
            ? `WITH e AS MATERIALIZED (SELECT e.* FROM executions e WHERE ${where}) SELECT ${EXECUTION_COLUMNS} FROM e ${pageClause}`
            : `SELECT ${EXECUTION_COLUMNS} FROM executions e WHERE ${where} ${pageClause}`,
          p.values,
        );
  const runs = await taskRunsOf(db, rows, taskRunLimit);
  const results = rows.map((row): ExecutionView => {
    const own = runs.get(row.id) ?? [];
    return {
      execution: toExecution(row),
      version: row.version,
      taskRuns: own.map(toTaskRun),
      taskRunCount: own.length,
    };
  });
  return { results, total };
}

/**
 * Counts by flow and state come from the roll-up plus what is alive; anything else is counted row by row, within what its
 * conditions leave.
 */
async function countExecutions(
  db: Database,
  filter: ExecutionFilter,
  where: string,
  values: readonly unknown[],
): Promise<number> {
  const simple =
    filter.q === undefined &&
    filter.startDate === undefined &&
    filter.endDate === undefined &&
    filter.labels === undefined &&
    filter.triggerExecutionId === undefined &&
    filter.childFilter === undefined &&
    filter.ids === undefined &&
    filter.scope === undefined;
  if (!simple)
    return (await db.search<{ count: number }>(`SELECT count(*) AS count FROM executions e WHERE ${where}`, values))[0]!
      .count;
  const p = new Parameters();
  const conditions = (prefix: string): string =>
    [
      `${prefix}.tenant = ${p.add(filter.tenant)}`,
      ...(filter.namespace === undefined
        ? []
        : [namespaceCondition(p, `${prefix}.namespace`, filter.namespace, filter.flowId !== undefined)]),
      ...(filter.flowId === undefined ? [] : [`${prefix}.flow_id = ${p.add(filter.flowId)}`]),
      ...(filter.states === undefined || filter.states.length === 0
        ? []
        : [`${prefix}.state = ANY(${p.add(filter.states)})`]),
    ].join(' AND ');
  const rows = await db.search<{ total: number }>(
    `SELECT (SELECT coalesce(sum(c.count), 0) FROM execution_counts c WHERE ${conditions('c')})::bigint
       + (SELECT coalesce(sum(d.delta), 0) FROM execution_count_deltas d WHERE ${conditions('d')})::bigint
       + (SELECT count(*) FROM executions e WHERE e.ended_at IS NULL AND ${conditions('e')}) AS total`,
    p.values,
  );
  return rows[0]!.total;
}

async function taskRunsOf(
  db: Database,
  rows: readonly ExecutionRow[],
  limit: number,
): Promise<Map<string, TaskRunRow[]>> {
  const found = new Map<string, TaskRunRow[]>();
  if (rows.length === 0 || limit === 0) return found;
  const runs = await db.run<TaskRunRow>(PAGE_TASK_RUNS, [sortedUuids(rows.map((row) => row.id)), limit]);
  for (const run of runs) {
    const own = found.get(run.execution_id);
    if (own === undefined) found.set(run.execution_id, [run]);
    else own.push(run);
  }
  return found;
}

const PAGE_TASK_RUNS: Statement = {
  name: 'page_task_runs',
  text: `SELECT ${TASK_RUN_COLUMNS} FROM task_runs t WHERE ${oneOfIds('t.execution_id')} AND t.seq < $2 ORDER BY t.execution_id, t.seq`,
};

async function findIds(db: Database, filter: ExecutionFilter, limit: number): Promise<readonly string[]> {
  const p = new Parameters();
  const where = executionConditions(p, filter).join(' AND ');
  const rows = await db.search<{ id: string }>(
    `SELECT e.id FROM executions e WHERE ${where} ORDER BY e.id DESC LIMIT ${p.add(limit)}`,
    p.values,
  );
  return rows.map((row) => uuidToId(row.id));
}

/** Removes the rows of one execution in one transaction; the roll-up follows. Late news of it finds nothing and is dropped. */
async function deleteExecution(
  db: Database,
  tenant: string,
  id: string,
  options: { readonly logs: boolean; readonly metrics: boolean },
): Promise<boolean> {
  const uuid = idToUuid(id);
  if (uuid === undefined) return false;
  return db.transaction(async (client) => {
    const gone = await client.query<{ ended: boolean }>(
      `DELETE FROM executions WHERE id = $1 AND tenant = $2 RETURNING ended_at IS NOT NULL AS ended, namespace, flow_id, state,
         (started_at AT TIME ZONE 'UTC')::date AS day`,
      [uuid, tenant],
    );
    const row = gone.rows[0] as
      { ended: boolean; namespace: string; flow_id: string; state: string; day: Date } | undefined;
    if (row === undefined) return false;
    if (row.ended) {
      await client.query(
        `INSERT INTO execution_count_deltas (tenant, namespace, flow_id, day, state, delta) VALUES ($1, $2, $3, $4, $5, -1)`,
        [tenant, row.namespace, row.flow_id, row.day, row.state],
      );
    }
    const tables = ['task_runs', 'inbox', 'leases', 'wake_ups', 'slots', 'operations', 'deliveries'];
    if (options.logs) tables.push('logs');
    if (options.metrics) tables.push('metrics');
    for (const table of tables) await client.query(`DELETE FROM ${table} WHERE execution_id = $1`, [uuid]);
    return true;
  });
}

async function readOperation(
  db: Database,
  id: string,
): Promise<{ outcome: 'pending' | 'applied' | 'refused'; reason?: string } | undefined> {
  const uuid = idToUuid(id);
  if (uuid === undefined) return undefined;
  const rows = await db.query<{ outcome: 'pending' | 'applied' | 'refused'; reason: string | null }>(
    `SELECT outcome, reason FROM operations WHERE id = $1`,
    [uuid],
  );
  const row = rows[0];
  return row === undefined ? undefined : { outcome: row.outcome, ...(row.reason !== null && { reason: row.reason }) };
}
