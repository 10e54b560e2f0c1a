import { encodeId, idToUuid } from '@tiercel/model';
import type { Database } from './database.ts';

/** Tables that are partitioned by the month in the execution's id. */
export const PARTITIONED = ['executions', 'task_runs', 'logs', 'metrics'] as const;

/** The smallest UUIDv7 of a moment: bound of a partition. */
export const lowestUuid = (ms: number): string =>
  idToUuid(encodeId([Math.floor(ms / 0x1_0000) >>> 0, ((ms % 0x1_0000) << 16) >>> 0, 0, 0]))!;

const month = (ms: number, offset: number): Date => {
  const date = new Date(ms);
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset, 1));
};

// Services that start together take turns; two that make the same table at once would fail.
const LOCK = 0x7e1ce3;

interface Partition {
  readonly table: string;
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

function partitionsAround(now: number, from: number, to: number): readonly Partition[] {
  const wanted: Partition[] = [];
  for (let offset = from; offset <= to; offset++) {
    const start = month(now, offset);
    const bounds = { from: lowestUuid(start.getTime()), to: lowestUuid(month(now, offset + 1).getTime()) };
    const suffix = start.toISOString().slice(0, 7).replace('-', '_');
    for (const table of PARTITIONED) wanted.push({ table, name: `${table}_${suffix}`, ...bounds });
  }
  return wanted;
}

const EXISTING = `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
  WHERE p.relname = ANY($1)`;

/**
 * Makes the partitions of the months `from` to `to` around now (0 is this month) that do not exist yet, and answers how
 * many. Ids come from the clocks of several machines, hence last month too.
 */
export async function ensurePartitions(database: Database, now: number, from = -1, to = 3): Promise<number> {
  const existing = new Set((await database.query<{ name: string }>(EXISTING, [PARTITIONED])).map((row) => row.name));
  const wanted = partitionsAround(now, from, to);
  if (wanted.every(({ name }) => existing.has(name))) return 0;
  return database.transaction(async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    const present = new Set(
      (await client.query<{ name: string }>(EXISTING, [PARTITIONED])).rows.map((row) => row.name),
    );
    const missing = wanted.filter(({ name }) => !present.has(name));
    for (const { table, name, from: low, to: high } of missing) {
      // Names and bounds are made of numbers here: nothing of a user's goes into this text.
      await client.query(`CREATE TABLE ${name} PARTITION OF ${table} FOR VALUES FROM ('${low}') TO ('${high}')`);
    }
    return missing.length;
  });
}
