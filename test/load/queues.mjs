// What the backends of the queues can do: messages added and handled in a second, and the time from adding to the handler.
//   node test/load/queues.mjs [--messages 20000] [--backends memory,redis,postgres]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundled } from './bundle.mjs';

const { values: options } = parseArgs({
  options: {
    messages: { type: 'string', default: '20000' },
    backends: { type: 'string', default: 'memory,redis,postgres' },
    concurrency: { type: 'string', default: '64' },
  },
});
const MESSAGES = Number(options.messages);
const CONCURRENCY = Number(options.concurrency);
const PROBES = 300;

const tools = await bundled(
  'queues',
  `export { createMemoryMessaging } from '@tiercel/queue';
   export { createRedisMessaging } from '@tiercel/queue/redis';
   export { createPostgresMessaging } from '@tiercel/queue/postgres';
   export { startEmbeddedPostgres } from '@tiercel/store/embedded';
   export { startRedis, waitUntil } from '@tiercel/testkit';`,
);
const silent = () => undefined;
const log = { debug: silent, info: silent, warn: console.warn, error: console.error };

/** Each answers messaging made twice, as for two processes, and how to end what is under it. */
const backends = {
  async memory() {
    const messaging = tools.createMemoryMessaging();
    return { adding: messaging, consuming: messaging, end: () => messaging.close() };
  },
  async redis() {
    const redis = await tools.startRedis({ appendonly: true });
    const make = (instance) => tools.createRedisMessaging({ url: redis.url, cluster: 'load', instance, log });
    const [adding, consuming] = [await make('a'), await make('b')];
    return {
      adding,
      consuming,
      end: async () => {
        await Promise.all([adding.close(), consuming.close()]);
        await redis.close();
      },
    };
  },
  async postgres() {
    const dataDir = await mkdtemp(join(tmpdir(), 'tiercel-queues-'));
    const server = await tools.startEmbeddedPostgres({ dataDir, log: silent });
    const make = (instance) => tools.createPostgresMessaging({ connection: server.connection, instance, log });
    const [adding, consuming] = [await make('a'), await make('b')];
    return {
      adding,
      consuming,
      end: async () => {
        await Promise.all([adding.close(), consuming.close()]);
        await server.stop();
        await rm(dataDir, { recursive: true, force: true });
      },
    };
  },
};

const message = (executionId) => ({ v: 1, kind: 'look', tenant: 'main', partition: 0, executionId });
const forever = { timeoutMs: 300_000, everyMs: 5 };
const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];

async function measure(name) {
  const { adding, consuming, end } = await backends[name]();
  const queue = adding.queue;
  const addBegun = performance.now();
  for (let i = 0; i < MESSAGES; i += 100) {
    const items = Array.from({ length: 100 }, (_, j) => ({ id: `m${i + j}`, message: message(`m${i + j}`) }));
    queue.add('throughput', items);
    // As it comes in life: some in each turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await tools.waitUntil(async () => (await queue.counts('throughput')).waiting >= MESSAGES, forever);
  const added = performance.now() - addBegun;

  let handled = 0;
  const handleBegun = performance.now();
  consuming.queue.consume('throughput', { concurrency: CONCURRENCY }, async () => void handled++);
  await tools.waitUntil(() => handled >= MESSAGES, forever);
  const handling = performance.now() - handleBegun;

  const latencies = [];
  let arrived;
  consuming.queue.consume('latency', { concurrency: 8 }, async () => arrived());
  for (let i = 0; i < PROBES; i++) {
    const sent = performance.now();
    const there = new Promise((resolve) => (arrived = resolve));
    queue.add('latency', [{ id: `p${i}`, message: message('p') }]);
    await there;
    latencies.push(performance.now() - sent);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await end();
  latencies.sort((a, b) => a - b);
  return {
    'adds/s': Math.round((MESSAGES / added) * 1_000),
    'handled/s': Math.round((MESSAGES / handling) * 1_000),
    'p50 ms': Number(quantile(latencies, 0.5).toFixed(2)),
    'p99 ms': Number(quantile(latencies, 0.99).toFixed(2)),
  };
}

const table = {};
for (const name of options.backends.split(',')) table[name] = await measure(name);
console.table(table);
process.exit(0);
