import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../ports/execution-store.ts';
import type { Database } from './database.ts';

// One number for the whole product: two services that start together take turns.
const LOCK = 0x7e1ce1;

const TABLE = `
CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id                  varchar(36) PRIMARY KEY,
  checksum            varchar(64) NOT NULL,
  finished_at         timestamptz,
  migration_name      varchar(255) NOT NULL,
  logs                text,
  rolled_back_at      timestamptz,
  started_at          timestamptz NOT NULL DEFAULT now(),
  applied_steps_count integer NOT NULL DEFAULT 0
)`;

/**
 * Applies the migrations of a folder in Prisma's layout (`<name>/migration.sql`) that are not applied yet, in one
 * transaction, under an advisory lock, and records them as Prisma does, so that `prisma migrate deploy` agrees.
 * Answers the names applied. Throws StoreError bad-data when an applied migration has changed since.
 */
export async function migrate(database: Database, folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder, { withFileTypes: true })).filter((e) => e.isDirectory()).map((e) => e.name);
  names.sort();
  return database.transaction(async (client) => {
    // Neither waiting for another service's migrations nor a large one of our own is bounded by the pool's time limit.
    await client.query('SET LOCAL statement_timeout = 0');
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    await client.query(TABLE);
    const done = new Map(
      (
        await client.query<{ migration_name: string; checksum: string }>(
          'SELECT migration_name, checksum FROM _prisma_migrations WHERE rolled_back_at IS NULL AND finished_at IS NOT NULL',
        )
      ).rows.map((row) => [row.migration_name, row.checksum]),
    );
    const applied: string[] = [];
    for (const name of names) {
      const sql = await readFile(join(folder, name, 'migration.sql'), 'utf8');
      const checksum = createHash('sha256').update(sql).digest('hex');
      const known = done.get(name);
      if (known === checksum) continue;
      if (known !== undefined) {
        throw new StoreError('bad-data', `migration ${name} was changed after it had been applied`);
      }
      await client.query(sql);
      await client.query(
        'INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count) VALUES ($1, $2, $3, now(), 1)',
        [randomUUID(), checksum, name],
      );
      applied.push(name);
    }
    return applied;
  });
}
