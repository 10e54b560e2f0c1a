/**
 * Fills the database of a stopped embedded server with history: executions spread over the last days, their task runs,
 * logs and counts, of some fifty flows. Done again it does nothing; stopped half-way it goes on where it was.
 *
 *   node test/load/seed.mjs --data DIR [--executions 1000000] [--days 30]
 */
import { parseArgs } from 'node:util';
import { openDatabase } from './store.mjs';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    executions: { type: 'string', default: '1000000' },
    days: { type: 'string', default: '30' },
  },
});
const total = Number(values.executions);
const days = Number(values.days);
if (values.data === undefined || !(total > 0) || !(days > 0)) {
  console.error('node test/load/seed.mjs --data DIR [--executions 1000000] [--days 30]');
  process.exit(2);
}

const CHUNK = 50_000;
const FLOWS = 50;
const STEPS = ['extract', 'transform', 'validate', 'load', 'notify'];

/** How many tasks the flow number `n` has, 2 to 5. */
const tasksOf = (n) => 2 + (n % 4);

const namespaceOf = (n) => `company.team${n % 10}`;

function flowSource(n) {
  const tasks = STEPS.slice(0, tasksOf(n)).map(
    (id) => `  - { id: ${id}, type: io.kestra.plugin.core.log.Log, message: "${id} {{ execution.id }}" }`,
  );
  return `id: flow${n}\nnamespace: ${namespaceOf(n)}\ninputs:\n  - { id: day, type: STRING, defaults: today }\ntasks:\n${tasks.join('\n')}\n`;
}

const insertFlows = `INSERT INTO flows (tenant, namespace, id, revision, latest, disabled, deleted, source)
  SELECT 'main', r.namespace, r.id, 1, true, false, false, r.source FROM json_to_recordset($1) AS r(namespace text, id text, source text)
  ON CONFLICT DO NOTHING`;

// What an execution of the chunk is, decided once; the tables below are made of it. Created in the order of time, more by
// day than by night; a few flows have most of the executions.
const decide = `CREATE TEMP TABLE seeding ON COMMIT DROP AS
  SELECT i, ms, f AS flow, 2 + f % 4 AS tasks, s AS state, took, h,
    (lpad(to_hex(ms), 12, '0') || '7' || substr(h, 1, 3) || substr('89ab', 1 + i % 4, 1) || substr(h, 4, 15))::uuid AS id
  FROM (
    SELECT i::int, md5('execution' || i) AS h, floor(${FLOWS} * power(random(), 2))::int AS f, (20 + 3000 * power(random(), 3))::int AS took,
      (ARRAY['FAILED', 'FAILED', 'FAILED', 'FAILED', 'WARNING', 'KILLED'])[1 + floor(100 * random())::int] AS bad,
      $1::bigint + floor($2::float8 * (x + 0.6 * sin(2 * pi() * x * $3) / (2 * pi() * $3)))::bigint AS ms
    FROM generate_series($4::int, $5::int) AS i, LATERAL (SELECT (i - 0.5) / $6::float8 AS x)) AS drawn,
    LATERAL (SELECT coalesce(bad, 'SUCCESS') AS s)`;

const history = (from, to, state) =>
  `('[{"state":"CREATED","date":' || ${from} || '},{"state":"RUNNING","date":' || (${from} + 2) || '},{"state":"' || ${state} || '","date":' || (${to}) || '}]')`;

const insertExecutions = `INSERT INTO executions
    (id, tenant, namespace, flow_id, flow_revision, partition, version, state, history, inputs, labels, trigger, original_id,
     original_created, started_at, ended_at)
  SELECT id, 'main', 'company.team' || flow % 10, 'flow' || flow, 1, i % 64, 3, state, ${history('ms', 'ms + took * tasks', 'state')}::json,
    ('{"day":"' || to_char(to_timestamp(ms / 1000), 'YYYY-MM-DD') || '"}')::json,
    jsonb_build_array(jsonb_build_object('key', 'team', 'value', 'team' || flow % 10), jsonb_build_object('key', 'run', 'value', i::text)),
    CASE WHEN flow % 2 = 0 THEN ('{"id":"schedule","type":"io.kestra.plugin.core.trigger.Schedule","variables":{"date":' || ms || '}}')::json END,
    id, ms, to_timestamp(ms / 1000.0), to_timestamp((ms + took * tasks) / 1000.0)
  FROM seeding ORDER BY id`;

// Tasks run one after another; the last one ends as the execution did.
const runs = `seeding s, generate_series(0, s.tasks - 1) AS seq,
  LATERAL (SELECT s.ms + 3 + seq * s.took AS began, CASE WHEN seq = s.tasks - 1 THEN s.state ELSE 'SUCCESS' END AS ended) AS t`;

const insertTaskRuns = `INSERT INTO task_runs
    (execution_id, seq, id, tenant, task_id, branch, state, dispatch, sent, history, attempts, outputs)
  SELECT s.id, seq,
    (lpad(to_hex(s.ms), 12, '0') || '7' || substr(h2, 1, 3) || substr('89ab', 1 + seq % 4, 1) || substr(h2, 4, 15))::uuid,
    'main', ($1::text[])[seq + 1], 'main', t.ended, 1, false, ${history('t.began', 't.began + s.took - 1', 't.ended')}::json,
    ('[{"history":' || ${history('t.began', 't.began + s.took - 1', 't.ended')} || '}]')::json,
    CASE WHEN seq % 2 = 0 THEN ('{"rows":' || s.i % 1000 || ',"uri":"kestra:///company/team/' || substr(s.h, 1, 12) || '.ion"}')::json ELSE '{}' END
  FROM ${runs}, LATERAL (SELECT md5(s.h || seq) AS h2) AS more ORDER BY s.id, seq`;

const insertLogs = `INSERT INTO logs
    (execution_id, task_run_seq, dispatch, number, tenant, namespace, flow_id, task_id, attempt, level, logged_at, message)
  SELECT s.id, seq, 1, 0, 'main', 'company.team' || s.flow % 10, 'flow' || s.flow, ($1::text[])[seq + 1], 0,
    CASE WHEN t.ended = 'FAILED' THEN 4 WHEN t.ended = 'WARNING' THEN 3 ELSE 2 END, t.began + 1,
    CASE WHEN t.ended = 'FAILED' THEN 'the source answered 503 for part ' || s.i ELSE ($1::text[])[seq + 1] || ' ' || s.h END
  FROM ${runs} ORDER BY s.id, seq`;

const addCounts = `INSERT INTO execution_counts AS c (tenant, namespace, flow_id, day, state, count)
  SELECT 'main', 'company.team' || flow % 10, 'flow' || flow, (to_timestamp(ms / 1000) AT TIME ZONE 'UTC')::date, state, count(*)
  FROM seeding GROUP BY 1, 2, 3, 4, 5
  ON CONFLICT (tenant, namespace, flow_id, day, state) DO UPDATE SET count = c.count + excluded.count`;

/** How far an earlier call came: a comment on the database, written with each chunk. */
async function progress(database) {
  const [row] = await database.query(
    `SELECT shobj_description(oid, 'pg_database') AS mark FROM pg_database WHERE datname = current_database()`,
  );
  return row.mark === null ? undefined : JSON.parse(row.mark);
}

async function seedChunk(client, plan, from) {
  const to = Math.min(from + CHUNK, plan.total) - 1;
  await client.query('SET LOCAL statement_timeout = 0');
  const span = plan.days * 86_400_000;
  await client.query(decide, [plan.start, span, plan.days, from + 1, to + 1, plan.total]);
  await client.query(insertExecutions);
  await client.query(insertTaskRuns, [STEPS]);
  await client.query(insertLogs, [STEPS]);
  await client.query(addCounts);
  const { rows } = await client.query('SELECT current_database() AS name');
  await client.query(`COMMENT ON DATABASE ${rows[0].name} IS '${JSON.stringify({ ...plan, done: to + 1 })}'`);
  return to + 1;
}

async function seed(database) {
  const began = Date.now();
  const earlier = await progress(database);
  const plan = earlier ?? { total, days, start: Date.now() - days * 86_400_000, done: 0 };
  if (earlier !== undefined && (earlier.total !== total || earlier.days !== days)) {
    throw new Error(
      `this folder has been seeded with ${earlier.total} executions over ${earlier.days} days; take another`,
    );
  }
  if (plan.done >= total) return console.log(`${total} executions are there already`);
  const flows = Array.from({ length: FLOWS }, (_, n) => ({
    namespace: namespaceOf(n),
    id: `flow${n}`,
    source: flowSource(n),
  }));
  await database.query(insertFlows, [JSON.stringify(flows)]);
  for (let done = plan.done; done < total;) {
    done = await database.transaction((client) => seedChunk(client, plan, done));
    console.log(`${done} of ${total} executions (${((Date.now() - began) / 1000).toFixed(0)} s)`);
  }
  return finish(database, began);
}

async function finish(database, began) {
  const client = await database.pool.connect();
  try {
    await client.query('SET statement_timeout = 0');
    // Without VACUUM the first searches would pay for looking at every row.
    await client.query('VACUUM (ANALYZE)');
    await client.query('CHECKPOINT');
    const { rows } = await client.query(`SELECT pg_size_pretty(pg_database_size(current_database())) AS size`);
    console.log(`done in ${((Date.now() - began) / 1000).toFixed(0)} s; the database has ${rows[0].size}`);
  } finally {
    client.release();
  }
}

const { database, close } = await openDatabase(values.data, days);
try {
  await seed(database);
} finally {
  await close();
}
