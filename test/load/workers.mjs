/**
 * How tasks scale with workers: a loop of tasks that sleep 100 ms, through the queue, with 1, 2 and 4 workers of 8 places each,
 * one process a service.
 *
 *   node test/load/workers.mjs [--workers 1,2,4] [--seconds 10] [--postgres]
 */
import { parseArgs } from 'node:util';
import { apiOf, spanOf } from './api.mjs';
import { bundled } from './bundle.mjs';

const { values: options } = parseArgs({
  options: {
    workers: { type: 'string', default: '1,2,4' },
    seconds: { type: 'string', default: '10' },
    postgres: { type: 'boolean', default: false },
  },
});
const PLACES = 8;
const SLEEP_MS = 100;

const { Cluster } = await bundled('workers', `export { Cluster } from './distributed/cluster.ts';`);
const namespace = 'workers';
const flow = (size) => `id: sleepers-${size}
namespace: ${namespace}
tasks:
  - id: loop
    type: io.kestra.plugin.core.flow.ForEach
    values: "{{ range(1, ${size}) }}"
    concurrencyLimit: 0
    tasks:
      - { id: nap, type: io.kestra.plugin.core.flow.Sleep, duration: PT0.1S }
`;
const cluster = await Cluster.make({
  redis: !options.postgres,
  env: { TIERCEL_WORKER_CAPACITY: String(PLACES) },
});
try {
  await cluster.startAll();
  const api = apiOf(cluster.url, namespace);
  for (const wanted of options.workers.split(',').map(Number)) {
    while (cluster.of('worker').length < wanted) await cluster.start('worker');
    const size = Math.round((wanted * PLACES * Number(options.seconds) * 1000) / SLEEP_MS);
    await api.save(flow(size));
    const { id } = await api.create(`sleepers-${size}`, false);
    // Seldom: it is long, and whoever reads it takes time from the workers.
    const execution = await api.ended(id, 300_000, 1_000);
    const seconds = spanOf(execution) / 1000;
    const rate = size / seconds;
    console.log(
      `${wanted} workers: ${size} tasks in ${seconds.toFixed(1)} s, ${rate.toFixed(0)} a second, ${(rate / wanted).toFixed(1)} a worker (${execution.state.current})`,
    );
  }
} finally {
  await cluster.remove();
}
process.exit(0);
