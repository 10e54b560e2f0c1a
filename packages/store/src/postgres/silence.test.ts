import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createTestDatabase, type TestDatabase } from '@tiercel/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Database } from './database.ts';
import { createExecutionStore } from './execution-store.ts';

/** A line to the database that can be cut without a word: it takes connections, and nothing comes through. */
async function lineTo(path: string) {
  const sockets = new Set<Socket>();
  let cut = false;
  const server: Server = createServer((near) => {
    const far = connect(path);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (data) => (cut ? undefined : to.write(data)));
      from.on('error', () => to.destroy()).on('close', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cut: (): void => void (cut = true),
    mend: (): void => void (cut = false),
    close(): void {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

describe('a database that does not answer', () => {
  let db: TestDatabase;
  let line: Awaited<ReturnType<typeof lineTo>>;
  let database: Database;
  let told: string[];
  beforeAll(async () => {
    db = await createTestDatabase();
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    const { host, port, ...rest } = db.connection as { host: string; port: number; user: string; database: string };
    line = await lineTo(`${host}/.s.PGSQL.${port}`);
    told = [];
    database = new Database({
      connection: { ...rest, host: '127.0.0.1', port: line.port },
      silence: 300,
      onError: ({ message }) => told.push(message),
    });
  });
  afterEach(async () => {
    line.mend();
    await database.close();
    line.close();
  });

  test(
    'keeps nobody waiting, in whatever way it was asked, and serves again when it is back',
    { timeout: 60_000 },
    async () => {
      const store = createExecutionStore(database);
      const transaction = () => database.transaction((client) => client.query('SELECT 1'));
      await Promise.all([store.clock(), transaction(), database.search('SELECT 1'), database.search('SELECT 1')]);
      line.cut();
      const answers = await Promise.allSettled([
        store.clock(),
        transaction(),
        database.runRelaxed({ name: 'one', text: 'SELECT 1' }, []),
        database.search('SELECT 1'),
      ]);
      for (const answer of answers)
        expect(answer).toMatchObject({ reason: { name: 'StoreError', code: 'unavailable' } });
      expect(database.pool.totalCount).toBe(0);
      expect(told).toContain('the database does not answer: its connections are given up');
      line.mend();
      expect(await store.clock()).toBeGreaterThan(0);
    },
  );

  test('is not one that only takes long', async () => {
    const rows = await database.query<{ done: number }>('SELECT 1 AS done FROM pg_sleep(2)');
    expect([rows, told]).toEqual([[{ done: 1 }], []]);
  });
});
