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

/**
 * Makes the partitions of the months `from` to `to` around now (0 is this month) that do not exist yet. Ids come from the
 * clocks of several machines, hence last month too.
 */
export async function ensurePartitions(database: Database, now: number, from = -1, to = 3): Promise<number> {
  const existing = new Set(
    (
      await database.query<{ name: string }>(
        `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
         WHERE p.relname = ANY($1)`,
        [PARTITIONED],
      )
    ).map((row) => row.name),
  );
  let made = 0;
  for (let offset = from; offset <= to; offset++) {
    const start = month(now, offset);
    const end = month(now, offset + 1);
    const suffix = start.toISOString().slice(0, 7).replace('-', '_');
    for (const table of PARTITIONED) {
      if (existing.has(`${table}_${suffix}`)) continue;
      // Names and bounds are made of numbers here: nothing of a user's goes into this text.
      await database.query(
        `CREATE TABLE IF NOT EXISTS ${table}_${suffix} PARTITION OF ${table}
         FOR VALUES FROM ('${lowestUuid(start.getTime())}') TO ('${lowestUuid(end.getTime())}')`,
      );
      made++;
    }
  }
  return made;
}
