import {
  anExecution,
  aReport,
  aStep,
  aTaskRun,
  createTestDatabase,
  inState,
  waitUntil,
  type TestDatabase,
} from '@tiercel/testkit';
import { idToUuid, withState, type Execution, type TaskRun } from '@tiercel/model';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { jobOf, LEASE_MS } from '../contract/subject.ts';
import type { ExecutionStore, JobKey } from '../ports/execution-store.ts';
import { Database } from './database.ts';
import { createExecutionStore } from './execution-store.ts';

const waits = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;

/**
 * A row that somebody else changes while a statement waits for it is checked again by PostgreSQL ("EvalPlanQual"). Version 18
 * loses the *other* rows of the statement when the plan prunes partitions both at its start and as it runs; see
 * `oneOfIds`. Each test holds one row in the middle of a batch, and looks at the rest of it.
 */
const PLANS = [
  ['as the planner likes', ''],
  ['nested loops', 'enable_hashjoin enable_mergejoin enable_seqscan enable_material enable_memoize'],
  ['merge joins', 'enable_hashjoin enable_nestloop'],
  ['hash joins', 'enable_mergejoin enable_nestloop'],
] as const;

describe.each(PLANS)('a row that changes while a batch waits for it leaves the rest of it alone: %s', (_, off) => {
  let db: TestDatabase;
  let limited: Database;
  let store: ExecutionStore;
  let held: pg.Client;
  let executions: readonly { readonly execution: Execution; readonly runs: readonly TaskRun[] }[];

  beforeAll(async () => {
    db = await createTestDatabase();
    const [row] = await db.database.query<{ name: string }>('SELECT current_database() AS name');
    for (const setting of off.split(' ').filter((one) => one !== ''))
      await db.database.query(`ALTER DATABASE "${row!.name}" SET ${setting} = off`);
    // Its connections are made after the settings.
    limited = new Database({ connection: db.connection });
    store = createExecutionStore(limited, { leaseGraceMs: 0 });
    held = new pg.Client('url' in db.connection ? { connectionString: db.connection.url } : db.connection);
    await held.connect();
  });
  afterAll(async () => {
    await held.end();
    await limited.close();
    await db.close();
  });
  beforeEach(async () => {
    await db.database.query('DELETE FROM leases');
    executions = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const execution = anExecution();
        await store.create([{ execution }]);
        const runs = [aTaskRun(execution, 0, {})];
        expect(await store.commit([aStep(execution, 0, { taskRuns: runs })])).toEqual(['committed']);
        return { execution, runs };
      }),
    );
  });

  /** Does `work` while a change of another transaction is held, and lets that be committed once `work` waits for it. */
  const during = async <T>(change: string, id: string, work: () => Promise<T>): Promise<T> => {
    await held.query('BEGIN');
    await held.query(change, [idToUuid(id)]);
    const done = work();
    await waitUntil(async () => (await db.database.query(waits)).length > 0);
    await held.query('COMMIT');
    return done;
  };
  const jobs = () => executions.map(({ execution, runs }) => jobOf(execution, runs[0]!));
  const steps = () =>
    executions.map(({ execution, runs }) =>
      aStep(inState(execution, 'RUNNING'), 1, {
        taskRuns: [{ ...runs[0]!, history: withState(runs[0]!.history, 'RUNNING', Date.now()) }],
      }),
    );
  const stored = async () =>
    Promise.all(
      executions.map(async ({ execution }) => {
        const [found] = await store.load([execution.id]);
        return `${found?.version} ${found?.execution.history.at(-1)?.state} ${found?.taskRuns[0]?.history.at(-1)?.state}`;
      }),
    );

  test.each([0, 2, 4])('renewal of leases, number %i of which is reported', async (n) => {
    await store.claim('w', jobs(), LEASE_MS);
    const outcomes = await during(
      'UPDATE leases SET reported = gen_random_uuid() WHERE execution_id = $1',
      jobs()[n]!.executionId,
      () => store.renew('w', jobs(), LEASE_MS),
    );
    expect(outcomes).toEqual(jobs().map((_, i) => (i === n ? 'lost' : 'kept')));
  });

  test.each([0, 2, 4])('renewal of leases that a crash has lost, while number %i is reported', async (n) => {
    await store.claim('w', jobs(), LEASE_MS);
    const id = jobs()[n]!.executionId;
    await db.database.query('DELETE FROM leases WHERE execution_id <> $1', [idToUuid(id)]);
    const outcomes = await during('UPDATE leases SET reported = gen_random_uuid() WHERE execution_id = $1', id, () =>
      store.renew('w', jobs(), LEASE_MS),
    );
    expect(outcomes).toEqual(jobs().map((_job, i) => (i === n ? 'lost' : 'kept')));
  });

  test.each([0, 2, 4])('renewal of leases, while number %i expires: it is not inserted again', async (n) => {
    await store.claim('w', jobs(), LEASE_MS);
    const outcomes = await during('DELETE FROM leases WHERE execution_id = $1', jobs()[n]!.executionId, () =>
      store.renew('w', jobs(), LEASE_MS),
    );
    expect(outcomes).toEqual(jobs().map((_job, i) => (i === n ? 'lost' : 'kept')));
    expect(await db.database.query('SELECT 1 FROM leases')).toHaveLength(jobs().length - 1);
  });

  test.each([0, 2, 4])('commit of steps that remove task runs, number %i of which is looked at', async (n) => {
    const removing = executions.map(({ execution }) => aStep(execution, 1, { removedTaskRuns: [0] }));
    const look = 'UPDATE executions SET owes_tries = owes_tries + 1 WHERE id = $1';
    await during(look, executions[n]!.execution.id, () => store.commit(removing));
    expect(await stored()).toEqual(executions.map(() => '2 CREATED undefined'));
  });

  test('a claim that has waited so long that its job was claimed, reported and applied meanwhile is refused', async () => {
    const inOrder = executions.toSorted((a, b) => (a.execution.id < b.execution.id ? -1 : 1));
    const [x, y] = inOrder.map(({ execution, runs }) => jobOf(execution, runs[0]!)) as [JobKey, JobKey];
    const { execution, runs } = inOrder[1]!;
    await store.claim('w1', [x], LEASE_MS);
    await held.query('BEGIN');
    await held.query('UPDATE leases SET kill = kill WHERE execution_id = $1', [idToUuid(x.executionId)]);
    // It waits for the lease of x, with a sight of y that grows old.
    const waiting = store.claim('w1', [x, y], LEASE_MS);
    await waitUntil(async () => (await db.database.query(waits)).length > 0);
    expect(await store.claim('w2', [y], LEASE_MS)).toEqual([true]);
    const report = aReport(execution, runs[0]!);
    await store.report([report]);
    const ended = { ...runs[0]!, history: withState(runs[0]!.history, 'SUCCESS', Date.now()) };
    expect(await store.commit([aStep(execution, 1, { taskRuns: [ended], applied: [report.inboxId] })])).toEqual([
      'committed',
    ]);
    await store.expireLeases(100);
    await held.query('COMMIT');
    expect(await waiting).toEqual([false, false]);
  });

  test.each([0, 2, 4])('report of results, number %i of whose leases is renewed', async (n) => {
    await store.claim('w', jobs(), LEASE_MS);
    await during(
      `UPDATE leases SET expires_at = now() + interval '1 hour' WHERE execution_id = $1`,
      jobs()[n]!.executionId,
      () => store.report(executions.map(({ execution, runs }) => aReport(execution, runs[0]!))),
    );
    const reported = await db.database.query('SELECT 1 FROM leases WHERE reported IS NOT NULL');
    expect(reported).toHaveLength(executions.length);
  });

  test.each([0, 2, 4])('commit of steps, number %i of which is looked at by the reconciler', async (n) => {
    const outcomes = await during(
      'UPDATE executions SET owes_tries = owes_tries + 1 WHERE id = $1',
      executions[n]!.execution.id,
      () => store.commit(steps()),
    );
    expect(outcomes).toEqual(executions.map(() => 'committed'));
    expect(await stored()).toEqual(executions.map(() => '2 RUNNING RUNNING'));
  });

  test.each([0, 2, 4])('commit of steps, number %i of which is made elsewhere', async (n) => {
    const outcomes = await during(
      'UPDATE executions SET version = version + 1 WHERE id = $1',
      executions[n]!.execution.id,
      () => store.commit(steps()),
    );
    expect(outcomes).toEqual(executions.map((_, i) => (i === n ? 'conflict' : 'committed')));
    expect(await stored()).toEqual(executions.map((_, i) => (i === n ? '2 CREATED CREATED' : '2 RUNNING RUNNING')));
  });
});
