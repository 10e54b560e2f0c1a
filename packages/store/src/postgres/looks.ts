import { PARTITIONS, uuidToId } from '@tiercel/model';
import type { DueWakeUp, Look, Member } from '../ports/execution-store.ts';
import type { Database, Statement } from './database.ts';
import { uuidOf } from './rows.ts';

// After 5 s, then doubling to 60 s; a step sets the count back.
const PUSH = `UPDATE executions e SET owes_tries = least(e.owes_tries + 1, 4),
    owes_at = now() + least(60, 5 * 2 ^ (e.owes_tries + 1)) * interval '1 second'
  FROM due WHERE e.id = due.id AND e.id >= (SELECT id FROM due ORDER BY id LIMIT 1) AND e.id <= (SELECT id FROM due ORDER BY id DESC LIMIT 1)
  RETURNING e.id AS execution_id, e.tenant`;

const DUE: Statement = {
  name: 'claim_looks',
  text: `WITH due AS MATERIALIZED (
    SELECT id FROM executions WHERE owes_at <= now() ORDER BY owes_at LIMIT $1 FOR UPDATE SKIP LOCKED) ${PUSH}`,
};

// What was pushed forward since is due later than the first look of anything that was owed before.
const ALL: Statement = {
  name: 'claim_looks_all',
  text: `WITH due AS MATERIALIZED (
    SELECT id FROM executions WHERE owes_at IS NOT NULL AND id > $2 AND partition = ANY($3) ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) ${PUSH}`,
};

/**
 * What has waited too long. A row whose execution was deleted is nobody's news and goes; the scalar subquery looks each
 * execution up by its key, in its partition alone.
 */
const OLD_INBOX: Statement = {
  name: 'old_inbox',
  text: `WITH old AS MATERIALIZED (
    SELECT id, execution_id, tenant FROM inbox WHERE created_at < clock_timestamp() - $2 * interval '1 millisecond'
    ORDER BY created_at LIMIT $1),
  known AS MATERIALIZED (SELECT *, (SELECT true FROM executions e WHERE e.id = old.execution_id) AS there FROM old),
  orphans AS (DELETE FROM inbox i USING known k WHERE i.id = k.id AND k.there IS NULL)
  SELECT DISTINCT execution_id, tenant FROM known WHERE there`,
};

const ALL_PARTITIONS = Array.from({ length: PARTITIONS }, (_, partition) => partition);

type LookRow = { execution_id: string; tenant: string };
const toLook = (row: LookRow): Look => ({ executionId: uuidToId(row.execution_id), tenant: row.tenant });

/** See ExecutionStore.claimLooks. */
export async function claimLooks(
  db: Database,
  options: { readonly limit: number; readonly inboxAgeMs: number },
): Promise<readonly Look[]> {
  const due = await db.runRelaxed<LookRow>(DUE, [options.limit]);
  const old = await db.runRelaxed<LookRow>(OLD_INBOX, [options.limit, options.inboxAgeMs]);
  return uniqueLooks([...due, ...old]);
}

const uniqueLooks = (rows: readonly LookRow[]): readonly Look[] => [
  ...new Map(rows.map((row) => [row.execution_id, toLook(row)])).values(),
];

/** See ExecutionStore.claimAllLooks. */
export async function claimAllLooks(
  db: Database,
  after: string | undefined,
  limit: number,
  partitions: readonly number[] = ALL_PARTITIONS,
): Promise<readonly Look[]> {
  const rows = await db.runRelaxed<LookRow>(ALL, [
    limit,
    after === undefined ? '00000000-0000-0000-0000-000000000000' : uuidOf(after),
    partitions,
  ]);
  return rows.map(toLook).toSorted((a, b) => (a.executionId < b.executionId ? -1 : 1));
}

const DUE_WAKE_UPS: Statement = {
  name: 'due_wake_ups',
  text: `SELECT id, (extract(epoch FROM due_at - clock_timestamp()) * 1000)::float8 AS in_ms FROM wake_ups
    WHERE due_at <= clock_timestamp() + $1 * interval '1 millisecond' ORDER BY due_at LIMIT $2`,
};

export async function dueWakeUps(db: Database, horizonMs: number, limit: number): Promise<readonly DueWakeUp[]> {
  const rows = await db.run<{ id: string; in_ms: number }>(DUE_WAKE_UPS, [horizonMs, limit]);
  return rows.map((row) => ({ id: uuidToId(row.id), inMs: row.in_ms }));
}

const FIRE: Statement = {
  name: 'fire_wake_ups',
  text: `WITH due AS MATERIALIZED (
    SELECT id FROM wake_ups WHERE id = ANY($1) AND due_at <= clock_timestamp() ORDER BY id FOR UPDATE SKIP LOCKED),
  gone AS (DELETE FROM wake_ups w USING due WHERE w.id = due.id RETURNING w.*),
  told AS (
    INSERT INTO inbox (id, tenant, execution_id, event)
    SELECT id, tenant, execution_id, json_build_object('kind', 'wake-up', 'wakeUp', wake_up) FROM gone ON CONFLICT (id) DO NOTHING)
  SELECT DISTINCT execution_id, tenant FROM gone`,
};

export async function fireWakeUps(db: Database, ids: readonly string[]): Promise<readonly Look[]> {
  return (await db.run<LookRow>(FIRE, [ids.map(uuidOf)])).map(toLook);
}

const ANNOUNCE: Statement = {
  name: 'announce',
  text: `WITH me AS (
    INSERT INTO members (id, service, worker_group, messaging, seen_at) VALUES ($1, $2, $3, $4, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, worker_group = excluded.worker_group, messaging = excluded.messaging)
  SELECT id, service, worker_group, messaging FROM members WHERE seen_at > clock_timestamp() - $5 * interval '1 millisecond' AND id <> $1
  UNION ALL SELECT $1, $2, $3, $4`,
};

type MemberRow = { id: string; service: Member['service']; worker_group: string | null; messaging: string | null };
const toMember = (row: MemberRow): Member => ({
  id: row.id,
  service: row.service,
  ...(row.worker_group !== null && { workerGroup: row.worker_group }),
  ...(row.messaging !== null && { messaging: row.messaging }),
});

export async function announce(db: Database, member: Member, aliveMs: number): Promise<readonly Member[]> {
  const rows = await db.runRelaxed<MemberRow>(ANNOUNCE, [
    member.id,
    member.service,
    member.workerGroup ?? null,
    member.messaging ?? null,
    aliveMs,
  ]);
  return rows.map(toMember);
}

const DEAD: Statement = {
  name: 'dead_members',
  text: `SELECT id, service, worker_group, messaging FROM members WHERE seen_at < clock_timestamp() - $1 * interval '1 millisecond'`,
};

export const deadMembers = async (db: Database, deadMs: number): Promise<readonly Member[]> =>
  (await db.run<MemberRow>(DEAD, [deadMs])).map(toMember);

const LEAVE: Statement = { name: 'leave', text: `DELETE FROM members WHERE id = $1` };
export const leave = (db: Database, id: string): Promise<unknown> => db.runRelaxed(LEAVE, [id]);
