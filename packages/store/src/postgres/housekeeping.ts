import type { Database } from './database.ts';
import { ensurePartitions } from './partitions.ts';

/** How many deltas one transaction folds; several in turn until none is left. */
const FOLD_BATCH = 10_000;

const FOLD = `WITH gone AS (
    DELETE FROM execution_count_deltas WHERE id = ANY(ARRAY(SELECT id FROM execution_count_deltas ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED))
    RETURNING tenant, namespace, flow_id, day, state, delta),
  sums AS (SELECT tenant, namespace, flow_id, day, state, sum(delta) AS delta FROM gone GROUP BY 1, 2, 3, 4, 5),
  folded AS (
    INSERT INTO execution_counts AS c (tenant, namespace, flow_id, day, state, count)
    SELECT * FROM sums ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (tenant, namespace, flow_id, day, state) DO UPDATE SET count = c.count + excluded.count)
  SELECT count(*) AS count FROM gone`;

/** Adds the deltas that steps have appended to the counts. Answers how many there were. */
export async function foldCounts(database: Database): Promise<number> {
  let folded = 0;
  for (;;) {
    const [row] = await database.query<{ count: number }>(FOLD, [FOLD_BATCH]);
    folded += row?.count ?? 0;
    if ((row?.count ?? 0) < FOLD_BATCH) return folded;
  }
}

/**
 * What has to be done now and then, by any replica: partitions for the months ahead; memory of webhook deliveries that has expired;
 * operations a day after they came; news of deleted executions; the roll-up of counts.
 */
export async function housekeeping(database: Database, now: number): Promise<void> {
  await ensurePartitions(database, now);
  await database.query(`DELETE FROM deliveries WHERE expires_at < now()`);
  await database.query(`DELETE FROM operations WHERE created_at < now() - interval '1 day' AND outcome <> 'pending'`);
  // Late news of executions that were deleted meanwhile: nobody will ever apply it.
  await database.query(
    `DELETE FROM inbox i WHERE i.created_at < now() - interval '1 minute' AND NOT EXISTS (SELECT 1 FROM executions e WHERE e.id = i.execution_id)`,
  );
  await foldCounts(database);
}
