import { currentState, partitionOf, uuidToId } from '@tiercel/model';
import type { CreateOutcome, NewExecution } from '../ports/execution-store.ts';
import type { Database, Statement } from './database.ts';
import { toJsonText, uuidOf } from './rows.ts';

/** A new execution is looked at by the reconciler after this, unless it has ended by then. */
export const FIRST_LOOK_SECONDS = 5;

const RECORD = `json_to_recordset($1) AS r(
  id uuid, tenant text, namespace text, flow_id text, flow_revision int, partition smallint, state text, history json,
  inputs json, outputs json, labels jsonb, variables json, trigger json, trigger_execution_id uuid, parent_id uuid, original_id uuid,
  attempt_number int, original_created bigint, schedule_date bigint, start_at float8, wake_up_id uuid,
  delivery_key text, delivery_ttl bigint)`;

const INSERT = `INSERT INTO executions (id, tenant, namespace, flow_id, flow_revision, partition, state, history, inputs, outputs, labels,
    variables, trigger, trigger_execution_id, parent_id, original_id, attempt_number, original_created, schedule_date, started_at, owes_at)
  SELECT r.id, r.tenant, r.namespace, r.flow_id, r.flow_revision, r.partition, r.state, r.history, r.inputs, r.outputs, r.labels,
    r.variables, r.trigger, r.trigger_execution_id, r.parent_id, r.original_id, r.attempt_number, r.original_created, r.schedule_date,
    to_timestamp(((r.history->0->>'date')::float8) / 1000.0),
    CASE WHEN r.start_at IS NULL THEN now() + interval '${FIRST_LOOK_SECONDS} seconds' END`;

/** The usual case: no deliveries, no delayed start. */
const CREATE_PLAIN: Statement = {
  name: 'create_plain',
  text: `${INSERT} FROM ${RECORD} ON CONFLICT (id) DO NOTHING RETURNING id`,
};

/**
 * With webhook deliveries and delayed starts: a delivery that is new, or whose memory has expired, makes its execution; another is
 * answered with the execution of the first.
 */
const CREATE_FULL: Statement = {
  name: 'create_full',
  text: `WITH r AS MATERIALIZED (SELECT * FROM ${RECORD}),
  taken AS (
    INSERT INTO deliveries AS d (tenant, key, execution_id, expires_at)
    SELECT tenant, delivery_key, id, now() + delivery_ttl * interval '1 millisecond' FROM r WHERE delivery_key IS NOT NULL ORDER BY tenant, delivery_key
    ON CONFLICT (tenant, key) DO UPDATE SET execution_id = excluded.execution_id, expires_at = excluded.expires_at
      WHERE d.expires_at < now()
    RETURNING d.execution_id),
  made AS (
    ${INSERT} FROM r WHERE r.delivery_key IS NULL OR r.id IN (SELECT execution_id FROM taken)
    ON CONFLICT (id) DO NOTHING RETURNING id),
  delayed AS (
    INSERT INTO wake_ups (id, tenant, execution_id, due_at, wake_up)
    SELECT r.wake_up_id, r.tenant, r.id, to_timestamp(r.start_at / 1000.0), '{"kind":"start"}'
    FROM r JOIN made ON made.id = r.id WHERE r.start_at IS NOT NULL ON CONFLICT (id) DO NOTHING)
  SELECT id FROM made`,
};

const FIRST_OF_DELIVERY: Statement = {
  name: 'first_of_delivery',
  text: `SELECT key, execution_id FROM deliveries WHERE tenant = $1 AND key = ANY($2)`,
};

const toRecord = (row: NewExecution): Record<string, unknown> => {
  const e = row.execution;
  return {
    id: uuidOf(e.id),
    tenant: e.tenant,
    namespace: e.namespace,
    flow_id: e.flowId,
    flow_revision: e.flowRevision,
    partition: partitionOf(e.id),
    state: currentState(e.history),
    history: e.history,
    inputs: e.inputs,
    outputs: e.outputs,
    labels: e.labels,
    variables: e.variables,
    trigger: e.trigger,
    trigger_execution_id: row.triggerExecutionId === undefined ? undefined : uuidOf(row.triggerExecutionId),
    parent_id: e.parentId === undefined ? undefined : uuidOf(e.parentId),
    original_id: uuidOf(e.originalId),
    attempt_number: e.attemptNumber,
    original_created: e.originalCreatedDate,
    schedule_date: e.scheduleDate,
    start_at: row.startAt,
    // A start has one wake-up; its id is the execution's own.
    wake_up_id: row.startAt === undefined ? undefined : uuidOf(e.id),
    delivery_key: row.delivery?.key,
    delivery_ttl: row.delivery?.ttlMs,
  };
};

/** See ExecutionStore.create. */
export async function createExecutions(db: Database, rows: readonly NewExecution[]): Promise<readonly CreateOutcome[]> {
  const full = rows.some((row) => row.delivery !== undefined || row.startAt !== undefined);
  const made = await db.run<{ id: string }>(full ? CREATE_FULL : CREATE_PLAIN, [toJsonText(rows.map(toRecord))]);
  if (made.length === rows.length) return rows.map(() => ({ kind: 'created' }));
  const ids = new Set(made.map((row) => uuidToId(row.id)));
  const first = await firstOfDeliveries(
    db,
    rows.filter((row) => row.delivery !== undefined && !ids.has(row.execution.id)),
  );
  return rows.map((row) => {
    if (ids.delete(row.execution.id)) return { kind: 'created' };
    const key = row.delivery === undefined ? undefined : deliveryKey(row.execution.tenant, row.delivery.key);
    return { kind: 'exists', executionId: (key === undefined ? undefined : first.get(key)) ?? row.execution.id };
  });
}

const deliveryKey = (tenant: string, key: string): string => `${tenant} ${key}`;

async function firstOfDeliveries(db: Database, rows: readonly NewExecution[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const tenant of new Set(rows.map((row) => row.execution.tenant))) {
    const keys = rows.filter((row) => row.execution.tenant === tenant).map((row) => row.delivery!.key);
    const answers = await db.run<{ key: string; execution_id: string }>(FIRST_OF_DELIVERY, [tenant, keys]);
    for (const answer of answers) found.set(deliveryKey(tenant, answer.key), uuidToId(answer.execution_id));
  }
  return found;
}
