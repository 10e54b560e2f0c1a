import {
  anExecution,
  aReport,
  aStep,
  aTaskRun,
  createTestDatabase,
  inState,
  type TestDatabase,
} from '@tiercel/testkit';
import { idToUuid, withState, type Execution, type TaskRun } from '@tiercel/model';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { jobOf, LEASE_MS } from '../contract/subject.ts';
import type { ExecutionStore } from '../ports/execution-store.ts';
import { createExecutionStore } from './execution-store.ts';

/**
 * A row that somebody else changes while a statement waits for it is checked again by PostgreSQL ("EvalPlanQual"). Version 18
 * loses the *other* rows of the statement when the plan prunes partitions both at its start and as it runs; see
 * `oneOfIds`. Each test holds one row in the middle of a batch, and looks at the rest of it.
 */
describe('a row that changes while a batch waits for it leaves the rest of the batch alone', () => {
  let db: TestDatabase;
  let store: ExecutionStore;
  let held: pg.Client;
  let executions: readonly { readonly execution: Execution; readonly runs: readonly TaskRun[] }[];

  beforeAll(async () => {
    db = await createTestDatabase();
    store = createExecutionStore(db.database, { leaseGraceMs: 0 });
    held = new pg.Client('url' in db.connection ? { connectionString: db.connection.url } : db.connection);
    await held.connect();
  });
  afterAll(async () => {
    await held.end();
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
    const waits = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
    while ((await db.database.query(waits)).length === 0);
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
