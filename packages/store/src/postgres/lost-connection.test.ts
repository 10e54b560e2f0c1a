import { idToUuid, newId } from '@tiercel/model';
import {
  aLog,
  anExecution,
  aReport,
  aStep,
  aTaskRun,
  createTestDatabase,
  waitUntil,
  type TestDatabase,
} from '@tiercel/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ExecutionStore } from '../ports/execution-store.ts';
import { Database } from './database.ts';
import { createExecutionStore } from './execution-store.ts';

describe('a connection that is lost in the middle of a statement', () => {
  let db: TestDatabase;
  let victim: Database;
  let store: ExecutionStore;
  const NAME = 'victim';
  beforeAll(async () => {
    db = await createTestDatabase();
    victim = new Database({ connection: db.connection, applicationName: NAME });
    store = createExecutionStore(victim);
  });
  afterAll(async () => {
    await victim.close();
    await db.close();
  });

  /** Kills the backend that waits for a lock which `work` needs. Answers how `work` ended. */
  async function interrupted(
    lock: { readonly sql: string; readonly id: string },
    work: () => Promise<unknown>,
  ): Promise<unknown> {
    return db.database.transaction(async (client) => {
      await client.query(lock.sql, [idToUuid(lock.id)]);
      const outcome = work().then(
        () => 'done',
        (error: unknown) => error,
      );
      // Whether it waits shows outside of this transaction's own snapshot of the statistics.
      await waitUntil(async () => {
        const killed = await db.database.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'`,
          [NAME],
        );
        return killed.length > 0;
      });
      return outcome;
    });
  }

  test('commit: unavailable, nothing half-written, and the same step commits when it is tried again', async () => {
    const execution = anExecution();
    await store.create([{ execution }]);
    await store.report([aReport(execution, aTaskRun(execution))]);
    const [before] = await store.load([execution.id]);
    const step = aStep(execution, 0, {
      applied: before!.inbox.map((row) => row.id),
      taskRuns: [aTaskRun(execution, 0), aTaskRun(execution, 1)],
      logs: [aLog(execution, undefined)],
      wakeUps: [{ id: newId(Date.now()), dueAt: Date.now(), wakeUp: { kind: 'start' } }],
    });
    const lock = { sql: 'SELECT 1 FROM executions WHERE id = $1 FOR UPDATE', id: execution.id };
    expect(await interrupted(lock, () => store.commit([step]))).toMatchObject({
      name: 'StoreError',
      code: 'unavailable',
    });
    expect(await store.load([execution.id])).toEqual([before]);
    expect(await db.database.query('SELECT 1 FROM logs UNION ALL SELECT 1 FROM wake_ups')).toEqual([]);
    expect(await store.commit([step])).toEqual(['committed']);
    expect(await store.load([execution.id])).toMatchObject([
      { version: 1, inbox: [], taskRuns: [{ seq: 0 }, { seq: 1 }] },
    ]);
  });

  test('report: the lease and the inbox are as before, and a repeat is taken', async () => {
    const execution = anExecution();
    await store.create([{ execution }]);
    const run = aTaskRun(execution);
    await store.commit([aStep(execution, 0, { taskRuns: [run] })]);
    await store.claim('w1', [{ executionId: execution.id, taskRunSeq: 0, dispatch: 1 }], 9_000);
    const lock = { sql: 'SELECT 1 FROM leases WHERE execution_id = $1 FOR UPDATE', id: execution.id };
    const report = aReport(execution, run, { logs: [aLog(execution, run)] });
    expect(await interrupted(lock, () => store.report([report]))).toMatchObject({ code: 'unavailable' });
    expect(await store.load([execution.id])).toMatchObject([{ inbox: [], leases: [{ taskRunSeq: 0 }] }]);
    await store.report([report]);
    expect(await store.load([execution.id])).toMatchObject([{ inbox: [{ id: report.inboxId }], leases: [] }]);
  });

  test('transaction: unavailable, also when it was between two statements, and nothing ends the process', async () => {
    const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND state = 'idle in transaction'`;
    const outcome = victim.transaction(async (client) => {
      await client.query('SELECT 1');
      // Listened for before the kill: the end can be told before the killer's own answer is.
      const ended = new Promise((resolve) => client.once('end', resolve));
      await waitUntil(async () => (await db.database.query(kill, [NAME])).length > 0);
      await ended;
      await client.query('SELECT 1');
    });
    await expect(outcome).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' });
    expect(await store.clock()).toBeGreaterThan(0);
  });

  test('all idle connections at once: the next call works', async () => {
    await Promise.all([store.clock(), store.clock(), store.clock()]);
    await db.database.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
      NAME,
    ]);
    await waitUntil(async () => (await store.clock().catch(() => 0)) > 0);
  });

  test('a database that cannot be reached is unavailable', async () => {
    const nowhere = new Database({ connection: { host: '/nonexistent', port: 1, user: 'x', database: 'x' } });
    await expect(createExecutionStore(nowhere).clock()).rejects.toMatchObject({
      name: 'StoreError',
      code: 'unavailable',
    });
    await expect(nowhere.transaction(async () => undefined)).rejects.toMatchObject({ code: 'unavailable' });
    await nowhere.close();
  });
});
