import { anExecution, aReport, aStep, aTaskRun, createTestDatabase } from '@tiercel/testkit';
import { expect, test } from 'vitest';
import { Database } from './database.ts';
import { createExecutionStore } from './execution-store.ts';

test('what is claimed, renewed, reported and given up at the same time, in whatever order, never waits for each other', async () => {
  const db = await createTestDatabase();
  const database = new Database({ connection: db.connection });
  const store = createExecutionStore(database);
  for (let round = 0; round < 4; round++) {
    const executions = Array.from({ length: 100 }, () => anExecution());
    await store.create(executions.map((execution) => ({ execution })));
    await store.commit(executions.map((execution) => aStep(execution, 0, { taskRuns: [aTaskRun(execution)] })));
    const jobs = executions.map(({ id }) => ({ executionId: id, taskRunSeq: 0, dispatch: 1 }));
    const backwards = jobs.toReversed();
    await Promise.all([store.claim('w', jobs, 9_000), store.claim('w', backwards, 9_000)]);
    await Promise.all([
      store.renew('w', jobs, 9_000),
      store.renew('w', backwards, 9_000),
      store.report(executions.toReversed().map((execution) => aReport(execution, aTaskRun(execution)))),
      store.expireLeasesOf('w'),
    ]);
  }
  // What a connection has counted is there when it has ended.
  await database.close();
  const counted = `SELECT deadlocks::int AS deadlocks FROM pg_stat_database WHERE datname = current_database()`;
  expect(await db.database.query(counted)).toEqual([{ deadlocks: 0 }]);
  await db.close();
});
