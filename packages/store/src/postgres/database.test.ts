import { createTestDatabase, type TestDatabase } from '@tiercel/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classify, Database } from './database.ts';
import { createExecutionQueries } from './execution-queries.ts';
import { createFlowStore } from './flow-store.ts';

describe('searches', () => {
  let db: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    db = await createTestDatabase();
    database = new Database({ connection: db.connection, poolSize: 2, searchTimeout: 1500 });
  });
  afterAll(async () => {
    await database.close();
    await db.close();
  });

  it('that are slow are given up, and do not keep anything else from the database', async () => {
    const slow = Promise.allSettled(Array.from({ length: 6 }, () => database.search('SELECT pg_sleep(60)')));
    const order: string[] = [];
    await Promise.all([
      slow.then(() => order.push('slow')),
      database.query('SELECT 1').then(() => order.push('query')),
      database.transaction((client) => client.query('SELECT 1')).then(() => order.push('transaction')),
    ]);
    expect(order.at(-1)).toBe('slow');
    for (const outcome of await slow) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'too-slow' } });
    }
    expect(await database.search('SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  it('bear some words and characters, and no more', async () => {
    const queries = createExecutionQueries(database);
    const flows = createFlowStore(database);
    const page = { page: 1, size: 1 };
    const everywhere = (q: string): Promise<unknown>[] => [
      queries.searchLogs({ tenant: 'main', q }, page, []),
      queries.search({ tenant: 'main', q }, page, [], 1),
      flows.search({ tenant: 'main', q }, page, []),
    ];
    const words = (count: number): string => Array.from({ length: count }, (_, n) => `w${n}`).join(' ');
    for (const found of everywhere(words(10))) expect(await found).toEqual({ results: [], total: 0 });
    for (const found of everywhere('same '.repeat(30))) expect(await found).toEqual({ results: [], total: 0 });
    // Not everything: what finds everything could delete everything.
    for (const found of everywhere('%')) expect(await found).toEqual({ results: [], total: 0 });
    for (const refused of await Promise.allSettled([...everywhere(words(11)), ...everywhere('x'.repeat(201))])) {
      expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'bad-data' } });
    }
  });
});

describe('what an error means', () => {
  const coded = (code: string, error = new Error('it failed')): Error => Object.assign(error, { code });

  it('is read from SQLSTATE, and not from codes that only look like one', () => {
    expect(classify(coded('22021'))).toMatchObject({ code: 'bad-data', message: 'it failed (SQLSTATE 22021)' });
    expect(classify(coded('XX000', new pg.DatabaseError('broken', 6, 'error'))).message).toBe(
      'broken (SQLSTATE XX000)',
    );
    for (const code of ['EPIPE', 'P2025', '2202a']) {
      expect(classify(coded(code))).toMatchObject({ code: 'unavailable', message: 'it failed' });
    }
  });
});
