import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@tiercel/store/embedded';
import { createTestDatabase, waitUntil, type TestDatabase } from '@tiercel/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MessagingError, type Messaging } from '../port.ts';
import { memoryLog } from '../testing/log.ts';
import { items, type TaskMessage } from '../testing/messages.ts';
import { createPostgresMessaging } from './index.ts';
import { explain } from './pools.ts';

const SOON = { timeoutMs: 4_000 };
const collect = (messaging: Messaging, queue: string): string[] => {
  const seen: string[] = [];
  messaging.queue.consume<TaskMessage>(queue, { concurrency: 4 }, async ({ taskRunId }) => void seen.push(taskRunId));
  return seen;
};
/** Adds until it comes out: what is added while the database is away is dropped. */
const comesThrough = (messaging: Messaging, queue: string, seen: readonly string[], name: string): Promise<boolean> =>
  waitUntil(
    () => {
      messaging.queue.add(queue, items(name, 1));
      return seen.includes(`${name}0`);
    },
    { ...SOON, everyMs: 50, what: `a message after ${name}` },
  );
const whyNot = async (work: Promise<Messaging>): Promise<MessagingError> => {
  const error: unknown = await work.then(
    (messaging) => messaging.close(),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(MessagingError);
  return error as MessagingError;
};

describe('queues in PostgreSQL', () => {
  let db: TestDatabase;
  let messaging: Messaging;
  const log = memoryLog();
  beforeAll(async () => {
    db = await createTestDatabase();
    messaging = await createPostgresMessaging({ connection: db.connection, instance: 'one', log });
  });
  afterAll(async () => {
    await messaging.close();
    await db.close();
  });
  const connections = async (): Promise<readonly { application_name: string }[]> =>
    db.database.query(
      `SELECT application_name FROM pg_stat_activity
       WHERE datname = current_database() AND application_name LIKE 'tiercel % one'`,
    );

  test('several processes that start at once make the schema once', async () => {
    const fresh = await createTestDatabase();
    const all = await Promise.all(
      ['a', 'b', 'c'].map((instance) => createPostgresMessaging({ connection: fresh.connection, instance, log })),
    );
    const seen = all.map((one) => collect(one, `q-${all.indexOf(one)}`));
    all.forEach((_, i) => all[0]!.queue.add(`q-${i}`, items('m', 1)));
    await waitUntil(() => seen.every((list) => list.length === 1));
    await Promise.all(all.map((one) => one.close()));
    await fresh.close();
  });

  test('a message comes at once, not at the next look', async () => {
    const seen = collect(messaging, 'prompt');
    await comesThrough(messaging, 'prompt', seen, 'first');
    const begun = Date.now();
    for (let i = 0; i < 20; i++) {
      messaging.queue.add('prompt', items(`p${i}-`, 1));
      await waitUntil(() => seen.includes(`p${i}-0`), { everyMs: 1 });
    }
    // Each of them would have waited for up to two seconds.
    expect(Date.now() - begun).toBeLessThan(15_000);
  });

  test('finished messages leave no rows, and few events', async () => {
    const seen = collect(messaging, 'growth');
    messaging.queue.add('growth', items('m', 2_000));
    await waitUntil(() => seen.length === 2_000, { timeoutMs: 60_000 });
    await waitUntil(async () => (await messaging.queue.counts('growth')).active === 0);
    const [rows] = await db.database.query<{ jobs: number; events: number }>(
      `SELECT (SELECT count(*) FROM bullmq.job WHERE queue = 'growth') AS jobs,
              (SELECT count(*) FROM bullmq.event WHERE queue = 'growth') AS events`,
    );
    expect(rows!.jobs).toBe(0);
    expect(rows!.events).toBeLessThan(1_000);
  });

  test('when all its connections are cut, the same consumers and subscribers go on, and all that is owed is asked for', async () => {
    let wiped = 0;
    messaging.queue.onWiped(() => wiped++);
    const seen = collect(messaging, 'cut');
    const other = await createPostgresMessaging({ connection: db.connection, instance: 'two', log });
    let heard = 0;
    messaging.bus.subscribe('kill', () => heard++);
    await comesThrough(messaging, 'cut', seen, 'before');
    const errors = log.lines.filter(({ level }) => level === 'error').length;
    await db.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name LIKE 'tiercel %' AND pid <> pg_backend_pid()`,
    );
    await comesThrough(messaging, 'cut', seen, 'after');
    await waitUntil(
      () => {
        other.bus.publish('kill', { executionId: 'x' });
        return heard > 0;
      },
      { ...SOON, everyMs: 50 },
    );
    await waitUntil(() => wiped === 1, SOON);
    expect(log.lines.filter(({ level }) => level === 'error').length).toBe(errors);
    expect((await connections()).length).toBeLessThanOrEqual(6);
    await other.close();
  });

  test('events that are too long for a notification go in several, and one that can never be sent is left out', async () => {
    const other = await createPostgresMessaging({ connection: db.connection, instance: 'two', log });
    const heard: string[] = [];
    messaging.bus.subscribe('flow', ({ flowId }) => void heard.push(flowId));
    const ids = Array.from({ length: 40 }, (_, i) => `${i}-${'ä'.repeat(1_000)}`);
    for (const flowId of [...ids, 'x'.repeat(9_000), 'end']) {
      other.bus.publish('flow', { tenant: 'main', namespace: 'n', flowId });
    }
    await waitUntil(() => heard.at(-1) === 'end');
    expect(heard).toEqual([...ids, 'end']);
    await other.close();
  });

  test('what cannot be used is refused in one sentence', async () => {
    const make = (change: object, patienceMs = 500) =>
      whyNot(
        createPostgresMessaging({
          connection: { ...db.connection, ...change },
          instance: 'x',
          log,
          patienceMs,
        }),
      );
    expect(await make({ database: 'nowhere' })).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('no such database'),
    });
    expect(await make({ host: '/nowhere' })).toMatchObject({ kind: 'unreachable' });
    await db.database.query(`CREATE ROLE nobody_may LOGIN`);
    expect(await make({ user: 'nobody_may' })).toMatchObject({ kind: 'refused' });
    await db.database.query(`DROP ROLE nobody_may`);
    const old = Object.assign(new Error('server 12 is too old'), { name: 'UnsupportedPostgresVersionError' });
    expect(explain(old)).toMatchObject({ kind: 'refused', message: expect.stringContaining('server 12') });
  });
});

describe('an outage of PostgreSQL', () => {
  let folder: string;
  let server: EmbeddedPostgres;
  const start = (): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({ dataDir: join(folder, 'pg'), log: () => undefined, settings: ['fsync=off'] });
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tiercel-queue-pg-'));
    server = await start();
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('adding neither waits nor throws, and consumers go on by themselves, also what they held', async () => {
    const log = memoryLog();
    const messaging = await createPostgresMessaging({ connection: server.connection, instance: 'one', log });
    const seen = collect(messaging, 'q');
    let release!: () => void;
    let held = 0;
    messaging.queue.consume('held', { concurrency: 1 }, () => {
      held++;
      return new Promise<void>((resolve) => (release = resolve));
    });
    messaging.queue.add('held', items('h', 1));
    await comesThrough(messaging, 'q', seen, 'before');
    await waitUntil(() => held === 1);
    await server.stop();
    release();
    const begun = Date.now();
    for (let i = 0; i < 100; i++) messaging.queue.add('q', items(`lost${i}-`, 10));
    messaging.bus.publish('kill', { executionId: 'x' });
    expect(Date.now() - begun).toBeLessThan(1_500);
    await waitUntil(() => log.lines.some(({ level, text }) => level === 'warn' && text.includes('could not be sent')));
    await expect(messaging.queue.counts('q')).rejects.toThrow();
    server = await start();
    await comesThrough(messaging, 'q', seen, 'after');
    await waitUntil(async () => (await messaging.queue.counts('held')).active === 0, SOON);
    expect(held).toBe(1);
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
    expect(log.lines.filter(({ level }) => level === 'warn').length).toBeLessThanOrEqual(2);
    await messaging.close();
  });

  test('a process whose first message falls into an outage can send when it is over', async () => {
    const log = memoryLog();
    const messaging = await createPostgresMessaging({ connection: server.connection, instance: 'one', log });
    await server.stop();
    messaging.queue.add('first', items('lost', 1));
    await waitUntil(() => log.lines.some(({ text }) => text.includes('could not be sent')));
    server = await start();
    const seen = collect(messaging, 'first');
    await comesThrough(messaging, 'first', seen, 'after');
    await messaging.close();
  });

  test('stop and close do not wait for a database that is away', async () => {
    const messaging = await createPostgresMessaging({
      connection: server.connection,
      instance: 'one',
      log: memoryLog(),
    });
    const consumer = messaging.queue.consume('q', { concurrency: 1 }, async () => undefined);
    await server.stop();
    const begun = Date.now();
    await consumer.stop();
    await messaging.close();
    expect(Date.now() - begun).toBeLessThan(15_000);
    server = await start();
  });
});
