import { createHash, randomUUID } from 'node:crypto';
import type { Database } from './database.ts';

/** The oldest PostgreSQL that Tiercel is tested with: `server_version_num` of 15.0. */
const MIN_VERSION = 150_000;

/** What a database must be, to be told to operators in one sentence. */
export class DatabaseUnfitError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DatabaseUnfitError';
  }
}

/** Throws DatabaseUnfitError for a server that is too old, or one that takes no writes. */
export async function checkDatabase(database: Database): Promise<void> {
  const [row] = await database.query<{ version: string; number: number; standby: boolean }>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number, pg_is_in_recovery() AS standby`,
  );
  if (row === undefined) throw new Error('the database does not tell its version');
  if (row.number < MIN_VERSION)
    throw new DatabaseUnfitError(`PostgreSQL ${row.version} is too old; Tiercel needs version 15 or later.`);
  if (row.standby)
    throw new DatabaseUnfitError('This PostgreSQL is a read-only standby; give DATABASE_URL of the primary.');
}

/**
 * The id of the cluster that works on this database, made at the first start. A copy of a database (a restored dump) is a cluster
 * of its own: it must not take over the queues of the one that it was copied from.
 */
export async function clusterId(database: Database): Promise<string> {
  const [home] = await database.query<{ home: string }>(
    `SELECT (SELECT system_identifier FROM pg_control_system())::text || '/' || oid::text AS home FROM pg_database WHERE datname = current_database()`,
  );
  const [row] = await database.query<{ id: string }>(
    `INSERT INTO cluster AS c (id, home) VALUES ($1, $2)
     ON CONFLICT (single) DO UPDATE SET home = excluded.home, id = CASE WHEN c.home = excluded.home THEN c.id ELSE excluded.id END
     RETURNING id::text`,
    [randomUUID(), home!.home],
  );
  return row!.id;
}

/**
 * Holds all services of a cluster to one encryption key. Throws DatabaseUnfitError for a key that is not the one with which the
 * cluster began.
 */
export async function checkEncryptionKey(database: Database, key: string): Promise<void> {
  const check = createHash('sha256').update('tiercel key check').update(key).digest('hex').slice(0, 16);
  const [row] = await database.query<{ key_check: string }>(
    `UPDATE cluster SET key_check = coalesce(key_check, $1) RETURNING key_check`,
    [check],
  );
  if (row?.key_check !== check)
    throw new DatabaseUnfitError(
      'TIERCEL_ENCRYPTION_KEY is not the key with which this cluster was started; all its services need the same one.',
    );
}

/**
 * The queue backends that living members use, that of most of them first; among equals that of the oldest member. One without a
 * name is of a member that has not reached its backend yet.
 */
export async function livingMessaging(database: Database, aliveMs: number): Promise<readonly string[]> {
  const rows = await database.query<{ messaging: string }>(
    `SELECT messaging FROM members WHERE messaging IS NOT NULL AND seen_at > clock_timestamp() - $1 * interval '1 millisecond'
     GROUP BY messaging ORDER BY count(*) DESC, min(substring(id FROM '[^-]*$') COLLATE "C")`,
    [aliveMs],
  );
  return rows.map((row) => row.messaging);
}
