/**
 * Holds a rate for minutes against a cluster of its own (one process a service) and looks at what must not grow: memory of
 * each process, tables of what is under way, Redis. Prints a line a minute, what an execution cost, and what grew; exit code 1
 * when something did, or when an execution was lost.
 *
 *   node test/load/steady.mjs [--minutes 10] [--rate 3000] [--flow mix|b1|b5] [--postgres]
 *
 * `--rate`: executions a minute, of which a third goes through a worker, unless `--flow` names one kind. `--postgres`: queues over PostgreSQL, no Redis.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { apiOf, quantile, spanOf } from './api.mjs';
import { bundled } from './bundle.mjs';
import { flows } from './flows.mjs';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '3000' },
    flow: { type: 'string', default: 'mix' },
    postgres: { type: 'boolean', default: false },
  },
});
const MINUTES = Number(options.minutes);
const RATE = Number(options.rate);
/** Tables whose rows stand for work under way: as many at the end as at the beginning. */
const PASSING = ['inbox', 'leases', 'wake_ups', 'members', 'execution_count_deltas'];
const IDLE_SECONDS = 10;
const LASTING = ['executions', 'task_runs', 'logs', 'kv_entries'];

const { Cluster, Database } = await bundled(
  'steady',
  `export { Cluster } from './distributed/cluster.ts';
   export { Database } from '@tiercel/store';`,
);
const namespace = `steady.n${Date.now().toString(36)}`;
const cluster = await Cluster.make({ redis: !options.postgres });
await cluster.startAll();
const database = new Database({ connection: { url: cluster.databaseUrl }, poolSize: 1 });
const api = apiOf(cluster.url, namespace);
let failed = false;

const number = (text, key) => Number(new RegExp(`^${key}:(\\d+)`, 'm').exec(text)?.[1] ?? 0);

/** Everything that is looked at, at one moment. */
async function look() {
  const counts = {};
  for (const table of PASSING) {
    const where = table === 'leases' ? ' WHERE reported IS NULL' : '';
    counts[table] = Number((await database.query(`SELECT count(*) AS n FROM ${table}${where}`))[0].n);
  }
  const [sizes] = await database.query(
    `SELECT pg_database_size(current_database())::float8 AS bytes, (pg_current_wal_lsn() - '0/0')::float8 AS wal,
       (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database())::float8 AS commits`,
  );
  const redis = cluster.redis === undefined ? '' : String(await cluster.redis.command('INFO'));
  const memory = {};
  for (const service of cluster.services) memory[service.name] = Math.round((await service.memory()) / 2 ** 20);
  return {
    counts,
    ...sizes,
    memory,
    redis: {
      used: number(redis, 'used_memory'),
      keys: cluster.redis === undefined ? 0 : Number(await cluster.redis.command('DBSIZE')),
      commands: number(redis, 'total_commands_processed'),
      input: number(redis, 'total_net_input_bytes'),
      output: number(redis, 'total_net_output_bytes'),
    },
  };
}

/** Calls webhooks at the rate for a minute. Answers how many were accepted. */
async function minute() {
  const total = RATE;
  const began = performance.now();
  const open = new Set();
  const refused = [];
  let accepted = 0;
  for (let i = 0; i < total; i++) {
    const wait = began + (i * 60_000) / total - performance.now();
    if (wait > 1) await delay(wait);
    const call = api
      .hook(options.flow === 'mix' ? (i % 3 === 0 ? 'b5' : 'b1') : options.flow)
      .then(() => accepted++)
      .catch((error) => refused.push(error.message))
      .finally(() => open.delete(call));
    open.add(call);
  }
  await Promise.all(open);
  if (refused.length > 0) console.log(`  refused: ${refused.length}, such as ${refused[0]}`);
  return accepted;
}

async function settled(from, accepted) {
  for (let tries = 0; tries < 300; tries++) {
    const done = (await api.search('b1', from)).total + (await api.search('b5', from)).total;
    if (done >= accepted) return done;
    await delay(200);
  }
  return (await api.search('b1', from)).total + (await api.search('b5', from)).total;
}

try {
  for (const flow of ['b1', 'b5']) await api.save(flows[flow](namespace));
  // What the services do by themselves is not the cost of an execution.
  const resting = await look();
  await delay(IDLE_SECONDS * 1000);
  const rested = await look();
  const idle = (pick) => (pick(rested) - pick(resting)) / IDLE_SECONDS;
  const from = new Date().toISOString();
  console.log(`${RATE} executions a minute for ${MINUTES} minutes; memory in MB`);
  // The first minute warms up: code is compiled, pools and caches fill.
  let accepted = await minute();
  const first = await look();
  const firstAt = performance.now();
  const seen = [first];
  const before = accepted;
  for (let n = 2; n <= MINUTES; n++) {
    accepted += await minute();
    const now = await look();
    seen.push(now);
    const shown = options.flow === 'mix' ? 'b5' : options.flow;
    const spans = (await api.search(shown, from, 100)).results.map(spanOf);
    const memory = Object.entries(now.memory).map(([name, mb]) => `${name} ${mb}`);
    const passing = Object.entries(now.counts).map(([table, rows]) => `${table} ${rows}`);
    console.log(
      `${n}: p50 of ${shown} ${quantile(spans, 0.5)} ms; ${memory.join(', ')}; ${passing.join(', ')}; Redis ${(now.redis.used / 2 ** 20).toFixed(1)} MB, ${now.redis.keys} keys`,
    );
  }
  const done = await settled(from, accepted);
  await delay(2_000);
  const last = await look();
  const made = accepted - before;
  const seconds = (performance.now() - firstAt) / 1000;
  const per = (pick, digits = 0) => ((pick(last) - pick(first) - idle(pick) * seconds) / made).toFixed(digits);
  console.log(`accepted ${accepted}, succeeded ${done}`);
  console.log(
    `an execution: ${per((l) => l.commits, 1)} transactions, ${per((l) => l.wal)} B of WAL, ${per((l) => l.bytes)} B kept; ` +
      `Redis ${per((l) => l.redis.commands, 1)} commands (those of scripts counted one by one), ` +
      `${per((l) => l.redis.input)} B in, ${per((l) => l.redis.output)} B out`,
  );
  const grew = [];
  if (done < accepted) grew.push(`${accepted - done} executions are lost`);
  for (const table of PASSING) {
    const limit = Math.max(1_000, first.counts[table] * 2);
    if (last.counts[table] > limit) grew.push(`${table} has ${last.counts[table]} rows`);
  }
  // Memory goes up and down with collections; what leaks goes up in the second half as well.
  const half = seen.slice(Math.floor(seen.length / 2));
  for (const [name, mb] of Object.entries(half[0].memory)) {
    const end = half[half.length - 1].memory[name];
    if (end > mb * 1.25 + 20) grew.push(`${name} went from ${mb} to ${end} MB in the second half`);
  }
  if (last.redis.used > first.redis.used * 1.5 + 5 * 2 ** 20) grew.push(`Redis has ${last.redis.used} B`);
  for (const table of LASTING) {
    const [row] = await database.query(`SELECT count(*) AS n FROM ${table}`);
    console.log(`${table}: ${row.n} rows`);
  }
  failed = grew.length > 0;
  console.log(failed ? `GREW: ${grew.join('; ')}` : 'nothing grew that must not');
} finally {
  await database.close();
  await cluster.remove();
}
process.exit(failed ? 1 : 0);
