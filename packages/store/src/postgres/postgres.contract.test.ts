import { idToUuid } from '@tiercel/model';
import { createTestDatabase, type TestDatabase } from '@tiercel/testkit';
import { executionStoreContract } from '../execution-store.contract.ts';
import { Database } from './database.ts';
import { createExecutionStore } from './execution-store.ts';

let db: TestDatabase;
let second: Database;

const TABLES = [
  'executions',
  'task_runs',
  'logs',
  'metrics',
  'inbox',
  'operations',
  'leases',
  'wake_ups',
  'deliveries',
  'members',
];

/** Columns that lie in time. The database's clock cannot be moved; what it is compared with can. */
const TIMES = [
  ['executions', 'owes_at'],
  ['inbox', 'created_at'],
  ['leases', 'expires_at'],
  ['wake_ups', 'due_at'],
  ['deliveries', 'expires_at'],
  ['members', 'seen_at'],
] as const;

const age = TIMES.map(
  ([table, column]) => `UPDATE ${table} SET ${column} = ${column} - interval '%ms milliseconds'`,
).join(';');
const clear = TABLES.map((table) => `DELETE FROM ${table}`).join(';');

executionStoreContract('PostgreSQL', {
  start: async () => {
    db = await createTestDatabase();
    second = new Database({ connection: db.connection });
  },
  stop: async () => {
    await second.close();
    await db.close();
  },
  subject: async () => {
    await db.database.query(clear);
    const rowsOf = (table: string, id: string) =>
      db.database.query<{ seq: number; dispatch: number; number: number; text: string }>(
        `SELECT task_run_seq AS seq, dispatch, number, ${table === 'logs' ? 'message' : 'value::text'} AS text FROM ${table}
         WHERE execution_id = $1`,
        [idToUuid(id)],
      );
    return {
      store: createExecutionStore(db.database, { leaseGraceMs: 0 }),
      other: createExecutionStore(second, { leaseGraceMs: 0 }),
      fresh: createExecutionStore(second, { leaseGraceMs: 3_600_000_000 }),
      advance: async (ms) => void (await db.database.query(age.replaceAll('%ms', String(ms)))),
      logs: async (id) =>
        (await rowsOf('logs', id)).map(({ seq, text, ...row }) => ({ ...row, taskRunSeq: seq, message: text })),
      metrics: async (id) =>
        (await rowsOf('metrics', id)).map(({ seq, text, ...row }) => ({
          ...row,
          taskRunSeq: seq,
          value: Number(text),
        })),
      operation: async (id) =>
        (
          await db.database.query<{ outcome: string; reason: string }>(
            'SELECT outcome, reason FROM operations WHERE id = $1',
            [idToUuid(id)],
          )
        )[0],
    };
  },
});
