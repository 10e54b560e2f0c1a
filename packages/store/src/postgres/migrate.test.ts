import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@tiercel/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from './database.ts';
import { migrate } from './migrate.ts';

const own = new URL('../../../../prisma/migrations', import.meta.url);

describe('migrate', () => {
  let db: TestDatabase;
  let folder: string;
  beforeEach(async () => {
    db = await createTestDatabase();
    folder = await mkdtemp(join(tmpdir(), 'migrations-'));
    await cp(own, folder, { recursive: true });
  });
  afterEach(async () => {
    await db.close();
    await rm(folder, { recursive: true });
  });
  const add = async (name: string, sql: string): Promise<void> => {
    await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, name, 'migration.sql'), sql);
  };
  const recorded = async (): Promise<readonly string[]> =>
    (await db.database.query<{ name: string }>('SELECT migration_name AS name FROM _prisma_migrations ORDER BY 1')).map(
      (row) => row.name,
    );

  test('a second run applies nothing, a new migration alone is applied, in order of names', async () => {
    expect(await migrate(db.database, folder)).toEqual([]);
    await add('3_b', 'INSERT INTO made VALUES (2)');
    await add('3_a', 'CREATE TABLE made (n int); INSERT INTO made VALUES (1)');
    expect(await migrate(db.database, folder)).toEqual(['3_a', '3_b']);
    expect(await migrate(db.database, folder)).toEqual([]);
    expect(await db.database.query('SELECT n FROM made ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
    expect((await recorded()).slice(-2)).toEqual(['3_a', '3_b']);
  });

  test('services that start together apply each migration once', async () => {
    await add('3_a', 'CREATE TABLE made (n int); SELECT pg_sleep(0.05)');
    const others = Array.from({ length: 4 }, () => new Database({ connection: db.connection, poolSize: 1 }));
    const applied = await Promise.all(others.map((database) => migrate(database, folder)));
    await Promise.all(others.map((database) => database.close()));
    expect(applied.flat()).toEqual(['3_a']);
  });

  test('an applied migration that was changed is refused, and says which', async () => {
    await add('3_a', 'CREATE TABLE made (n int)');
    await migrate(db.database, folder);
    await add('3_a', 'CREATE TABLE made (n bigint)');
    await expect(migrate(db.database, folder)).rejects.toMatchObject({
      code: 'bad-data',
      message: 'migration 3_a was changed after it had been applied',
    });
  });

  test('a migration that fails leaves nothing behind and can be put right', async () => {
    await add('3_a', 'CREATE TABLE made (n int)');
    await add('3_b', 'CREATE TABLE made_too (n int); SELECT 1 / 0');
    await expect(migrate(db.database, folder)).rejects.toThrow('division by zero');
    expect(await db.database.query(`SELECT to_regclass('made') AS a, to_regclass('made_too') AS b`)).toEqual([
      { a: null, b: null },
    ]);
    await add('3_b', 'CREATE TABLE made_too (n int)');
    expect(await migrate(db.database, folder)).toEqual(['3_a', '3_b']);
  });
});
