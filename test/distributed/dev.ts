/** `npm run dev:distributed`: a whole cluster on this machine, for trying it out; data in a folder, Ctrl-C ends it. */
import { once } from 'node:events';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Cluster, SERVICES } from './cluster.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '.tiercel-distributed' },
    port: { type: 'string', default: '8080' },
    workers: { type: 'string', default: '1' },
    executors: { type: 'string', default: '1' },
    postgres: { type: 'boolean', default: false },
  },
});

const say = (text: string): void => void process.stdout.write(`${text}\n`);
say('Starting PostgreSQL, S3 and ' + (values.postgres ? 'no Redis (queues over PostgreSQL)' : 'Redis') + ' …');
const cluster = await Cluster.make({
  folder: resolve(values.data),
  port: Number(values.port),
  redis: !values.postgres,
});
const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
try {
  await cluster.startAll();
  for (let n = 1; n < Number(values.workers); n++) await cluster.start('worker');
  for (let n = 1; n < Number(values.executors); n++) await cluster.start('executor');
  for (const name of SERVICES)
    for (const service of cluster.of(name)) say(`  ${name.padEnd(9)} process ${service.pid}  ${service.url}`);
  say(`The API is at ${cluster.url}, webhooks are also taken at ${cluster.of('webhook')[0]!.url}.`);
  say('To start more services by hand:');
  for (const [name, value] of Object.entries(cluster.env)) say(`  export ${name}='${value}'`);
  say('  PORT=0 ./tiercel server worker');
  say('Ctrl-C stops all of it.');
  await stopped;
  say('Stopping …');
} finally {
  await cluster.stop();
}
process.exit(0);
