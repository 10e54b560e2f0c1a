import { idTime, idToUuid, newId, uuidToId } from '@tiercel/model';
import {
  aLog,
  aMetric,
  anExecution,
  aReport,
  aStep,
  aTaskRun,
  createTestDatabase,
  inState,
  type TestDatabase,
} from '@tiercel/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database, Statement } from './database.ts';
import { createExecutionStore } from './execution-store.ts';
import { ensurePartitions, lowestUuid, PARTITIONED } from './partitions.ts';

describe('bounds of partitions', () => {
  test('are the first ids of a month', () => {
    const start = Date.UTC(2026, 6, 1);
    expect(lowestUuid(start)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-0000-0000-000000000000$/);
    expect(idTime(uuidToId(lowestUuid(start)))).toBe(start);
    expect(idToUuid(newId(start))! >= lowestUuid(start)).toBe(true);
    expect(idToUuid(newId(start - 1))! < lowestUuid(start)).toBe(true);
  });
});

describe('ensurePartitions', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await createTestDatabase();
  });
  afterAll(() => db.close());
  const partitionsOf = async (table: string): Promise<readonly string[]> =>
    (
      await db.database.query<{ name: string }>(
        `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = $1::regclass ORDER BY 1`,
        [table],
      )
    ).map((row) => row.name);

  test('makes the months that are missing, over the end of a year, once, also when several ask at once', async () => {
    const now = Date.UTC(2031, 10, 30, 23, 59);
    const made = await Promise.all([1, 2, 3].map(() => ensurePartitions(db.database, now)));
    expect(made.toSorted()).toEqual([0, 0, 5 * PARTITIONED.length]);
    expect(await ensurePartitions(db.database, now)).toBe(0);
    for (const table of PARTITIONED) {
      const names = (await partitionsOf(table)).filter((name) => /_203[12]_/.test(name));
      expect(names).toEqual(
        ['2031_10', '2031_11', '2031_12', '2032_01', '2032_02'].map((month) => `${table}_${month}`),
      );
    }
  });

  test('a row goes to the month of its id, first and last moment included; without a partition it is bad data', async () => {
    const store = createExecutionStore(db.database);
    const at = (date: number) => anExecution({ originalCreatedDate: date });
    const rows = [Date.UTC(2031, 9, 1), Date.UTC(2031, 10, 1) - 1, Date.UTC(2031, 10, 1), Date.UTC(2032, 2, 1) - 1].map(
      at,
    );
    await store.create(rows.map((execution) => ({ execution })));
    const found = await db.database.query<{ name: string }>(
      `SELECT tableoid::regclass::text AS name FROM executions WHERE id = ANY($1) ORDER BY id`,
      [rows.map((execution) => idToUuid(execution.id))],
    );
    expect(found.map((row) => row.name)).toEqual(
      ['2031_10', '2031_10', '2031_11', '2032_02'].map((month) => `executions_${month}`),
    );
    await expect(store.create([{ execution: at(Date.UTC(2032, 2, 1)) }])).rejects.toMatchObject({ code: 'bad-data' });
  });
});

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Loops': number;
  'Actual Rows': number;
  'Subplans Removed'?: number;
  Plans?: Plan[];
}

describe('plans of the hot statements over 60 partitions', () => {
  const ROWS = 100;
  let db: TestDatabase;
  const ran: { readonly statement: Statement; readonly values: readonly unknown[] }[] = [];

  beforeAll(async () => {
    db = await createTestDatabase();
    await ensurePartitions(db.database, Date.now(), -30, 29);
    await runAll();
  });
  afterAll(() => db.close());

  /** A database that remembers what the store sends through it. */
  const recording = (): Database => {
    const { database } = db;
    const spy = Object.create(database) as Database;
    spy.run = (statement, values) => {
      ran.push({ statement, values });
      return database.run(statement, values);
    };
    spy.runRelaxed = (statement, values) => {
      ran.push({ statement, values });
      return database.runRelaxed(statement, values);
    };
    return spy;
  };

  /** The way of a hundred executions through the store. */
  async function runAll(): Promise<void> {
    const store = createExecutionStore(recording());
    const executions = Array.from({ length: ROWS }, () => anExecution());
    await store.create(executions.map((execution) => ({ execution })));
    const runs = executions.map((execution) => aTaskRun(execution));
    const jobs = runs.map((run, i) => ({ executionId: executions[i]!.id, taskRunSeq: run.seq, dispatch: 1 }));
    await store.commit(
      executions.map((execution, i) => aStep(inState(execution, 'RUNNING'), 0, { taskRuns: [runs[i]!] })),
    );
    await store.claim('w1', jobs, 9_000);
    await store.renew('w1', jobs, 9_000);
    await store.request([
      { id: newId(Date.now()), tenant: 'main', executionId: executions[0]!.id, operation: { kind: 'pause' } },
    ]);
    await store.report(
      executions.map((execution, i) =>
        aReport(execution, runs[i]!, { logs: [aLog(execution, runs[i])], metrics: [aMetric(execution, runs[i]!)] }),
      ),
    );
    const loaded = await store.load(executions.map((execution) => execution.id));
    await store.commit(
      loaded.map(({ execution, version, inbox, taskRuns }) =>
        aStep(inState(execution, 'SUCCESS'), version, {
          applied: inbox.map((row) => row.id),
          taskRuns,
          removedTaskRuns: [7],
          killLeases: true,
          owes: false,
        }),
      ),
    );
    await store.claimLooks({ limit: 1_000, inboxAgeMs: 2_000 });
  }

  /** Executes it once more as a named statement is executed, in a transaction that is rolled back. */
  async function planOf(statement: Statement): Promise<Plan> {
    const { values } = ran.findLast((one) => one.statement.name === statement.name)!;
    const literal = (value: unknown): string =>
      Array.isArray(value)
        ? `'{${value.join(',')}}'`
        : typeof value === 'number'
          ? String(value)
          : pg.escapeLiteral(String(value));
    let plan: Plan | undefined;
    const rollback = new Error('rolled back');
    await db.database
      .transaction(async (client) => {
        await client.query(`PREPARE it AS ${statement.text}`);
        const execute = `EXECUTE it${values.length === 0 ? '' : `(${values.map(literal).join(', ')})`}`;
        const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
          `EXPLAIN (ANALYZE, COSTS OFF, FORMAT JSON) ${execute}`,
        );
        plan = rows[0]!['QUERY PLAN'][0].Plan;
        await client.query('DEALLOCATE it');
        throw rollback;
      })
      .catch((error: Error) => {
        if (error.cause !== rollback) throw error;
      });
    return plan!;
  }

  function* nodes(plan: Plan): Iterable<Plan> {
    yield plan;
    for (const inner of plan.Plans ?? []) yield* nodes(inner);
  }

  const isPartition = (name = ''): boolean => /^(executions|task_runs|logs|metrics)_\d{4}_\d\d$/.test(name);
  const month = new Date().toISOString().slice(0, 7).replace('-', '_');

  test.each([
    'create_plain',
    'commit_1',
    'commit_481',
    'claim',
    'renew',
    'request',
    'report',
    'load_executions',
    'load_task_runs',
    'claim_looks',
    'old_inbox',
  ])('%s reads and writes only the partitions of its rows', async (name) => {
    const found = ran.find(({ statement }) => statement.name === name);
    expect(ran.map(({ statement }) => statement.name)).toContain(name);
    const all = [...nodes(await planOf(found!.statement))];
    const touched = all.filter((node) => isPartition(node['Relation Name']) && node['Actual Loops'] > 0);
    const others = touched.filter((node) => !node['Relation Name']!.endsWith(month));
    // What is due is looked for in every partition, through an index that holds only what is owed.
    const elsewhere = name === 'claim_looks' ? others.filter((node) => !/Index/.test(node['Node Type'])) : others;
    expect(elsewhere.map((node) => `${node['Node Type']} ${node['Relation Name']}`)).toEqual([]);
  });

  const PRUNED = ['commit_1', 'load_executions', 'load_task_runs', 'claim', 'request'];
  test.each(PRUNED)('%s prunes before it begins', async (name) => {
    const all = [...nodes(await planOf(ran.find(({ statement }) => statement.name === name)!.statement))];
    const removed = all.map((node) => node['Subplans Removed'] ?? 0);
    expect(Math.max(...removed)).toBeGreaterThanOrEqual(59);
    const listed = new Set(all.map((node) => node['Relation Name']).filter(isPartition));
    expect(listed.size).toBeLessThanOrEqual(4);
  });

  test.each([...PRUNED, 'commit_481', 'renew', 'old_inbox'])(
    '%s reads of a partition no more rows than the batch has',
    async (name) => {
      const all = [...nodes(await planOf(ran.find(({ statement }) => statement.name === name)!.statement))];
      const scans = all.filter((node) => isPartition(node['Relation Name']) && /Scan/.test(node['Node Type']));
      const read = scans.map((node) => node['Actual Rows'] * node['Actual Loops']);
      expect(Math.max(...read)).toBeLessThanOrEqual(ROWS);
    },
  );
});
