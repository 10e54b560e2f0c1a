/**
 * How tasks scale with workers: loops of tasks that sleep 100 ms, through the queue, with 1, 2 and 4 workers of 8 places each,
 * one process a service. Loops of 200: this is about workers, not about executions with thousands of task runs.
 *
 *   node test/load/workers.mjs [--workers 1,2,4] [--seconds 10] [--postgres]
 */
import { parseArgs } from 'node:util';
import { apiOf } from './api.mjs';
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
const SIZE = 200;
const FLOW = 'sleepers';
const flow = `id: ${FLOW}
namespace: ${namespace}
tasks:
  - id: loop
    type: io.kestra.plugin.core.flow.ForEach
    values: "{{ range(1, ${SIZE}) }}"
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
  await api.save(flow);
  for (const wanted of options.workers.split(',').map(Number)) {
    while (cluster.of('worker').length < wanted) await cluster.start('worker');
    const count = Math.round((wanted * PLACES * Number(options.seconds) * 1000) / SLEEP_MS / SIZE);
    const executions = await Promise.all(Array.from({ length: count }, () => api.create(FLOW, false)));
    const from = Math.min(...executions.map(({ state }) => Date.parse(state.histories[0].date)));
    // Seldom: whoever reads them takes time from the workers.
    const ended = await Promise.all(executions.map(({ id }) => api.ended(id, 300_000, 1_000)));
    const seconds = (Math.max(...ended.map(({ state }) => Date.parse(state.histories.at(-1).date))) - from) / 1000;
    const rate = (count * SIZE) / seconds;
    const states = [...new Set(ended.map(({ state }) => state.current))].join(', ');
    console.log(
      `${wanted} workers: ${count * SIZE} tasks in ${seconds.toFixed(1)} s, ${rate.toFixed(0)} a second, ${(rate / wanted).toFixed(1)} a worker (${states})`,
    );
  }
} finally {
  await cluster.remove();
}
process.exit(0);
