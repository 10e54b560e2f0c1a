import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Database } from './database.ts';
import { createExecutionQueries } from './execution-queries.ts';

test('a search over a database that has gone fails once, and leaves no rejection behind', async () => {
  const database = new Database({ connection: { host: '/nowhere', port: 5432, user: 'u', database: 'd' } });
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  try {
    const queries = createExecutionQueries(database);
    await expect(
      queries.search({ tenant: 'main', systemNamespace: 'system' }, { page: 1, size: 10 }, [], 10),
    ).rejects.toMatchObject({
      code: 'unavailable',
    });
    await turn();
    await turn();
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
    await database.close();
  }
});
