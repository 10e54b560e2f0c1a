import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Database, ensurePartitions, migrate, type Connection } from '@tiercel/store';
import { sharedPostgres } from './shared-postgres.ts';

/** A database of a test file's own, with all migrations applied and the partitions of these months made. */
export interface TestDatabase {
  readonly connection: Connection;
  /** Connections to it; closed with it. */
  readonly database: Database;
  /** Closes the connections and drops the database. */
  close(): Promise<void>;
}

const migrations = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));

/** Name of the template: another one for other migrations and in another month. */
async function templateName(): Promise<string> {
  const hash = createHash('sha256').update(new Date().toISOString().slice(0, 7));
  for (const name of (await readdir(migrations)).toSorted()) {
    hash.update(name).update(await readFile(join(migrations, name, 'migration.sql')).catch(() => ''));
  }
  return `template_${hash.digest('hex').slice(0, 16)}`;
}

async function makeTemplate(admin: Database, name: string, connection: Connection): Promise<void> {
  const known = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate', [name]);
  if (known.length > 0) return;
  // Left over from a process that was killed while it made it.
  await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await admin.query(`CREATE DATABASE ${name}`);
  const database = new Database({ connection, poolSize: 1 });
  try {
    await migrate(database, migrations);
    await ensurePartitions(database, Date.now(), -1, 1);
  } finally {
    await database.close();
  }
  await admin.query(`ALTER DATABASE ${name} IS_TEMPLATE true`);
}

// Any number: test processes take turns at making the template.
const TEMPLATE_LOCK = 0x7e57;

/** A fresh, migrated database, cloned from a template. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = await sharedPostgres();
  const admin = new Database({ connection: server, poolSize: 2, applicationName: 'testkit' });
  const template = await templateName();
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const connection = { ...server, database: name };
  try {
    await admin.transaction(async (client) => {
      await client.query('SELECT pg_advisory_xact_lock($1)', [TEMPLATE_LOCK]);
      await makeTemplate(admin, template, { ...server, database: template });
    });
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  } finally {
    await admin.close();
  }
  const database = new Database({ connection, applicationName: name });
  return {
    connection,
    database,
    close: async () => {
      await database.close();
      const cleaner = new Database({ connection: server, poolSize: 1, applicationName: 'testkit' });
      try {
        await cleaner.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      } finally {
        await cleaner.close();
      }
    },
  };
}
