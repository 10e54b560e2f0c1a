/**
 * Measures the built server over its REST API and prints a table for docs/performance.md.
 *
 *   node test/load/bench.mjs [--data DIR] [--only start,memory,serial,b1,b5,b3,search] [--seconds 15] [--ladder 1200,2400,4800,9600,19200]
 *
 * `--data`: a folder that seed.mjs has filled; without it an empty temporary one. The driver shares the machine with the server.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startServer } from '../../scripts/test/server.mjs';
import { apiOf, quantile, spanOf } from './api.mjs';
import { flows } from './flows.mjs';
import { memoryOf } from './memory.mjs';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    only: { type: 'string' },
    seconds: { type: 'string', default: '15' },
    ladder: { type: 'string', default: '1200,2400,4800,9600,19200,38400' },
    sizes: { type: 'string', default: '100,1000,10000' },
  },
});

const namespace = `bench.n${Date.now().toString(36)}`;
const rows = [];
const report = (what, figures) => {
  rows.push([what, figures]);
  console.error(`${what}: ${figures}`);
};
const ms = (number) => `${number < 10 ? number.toFixed(1) : Math.round(number)} ms`;

/** One after another on an idle server. */
async function serial(api, flow, times) {
  const spans = [];
  const walls = [];
  for (let i = 0; i < times + 5; i++) {
    const began = performance.now();
    const execution = await api.create(flow, true);
    if (i < 5) continue;
    walls.push(performance.now() - began);
    spans.push(spanOf(execution));
  }
  report(
    `${flow}, one after another`,
    `p50 ${ms(quantile(spans, 0.5))}, p99 ${ms(quantile(spans, 0.99))}; with the request p50 ${ms(quantile(walls, 0.5))}`,
  );
}

/** Sends `perMinute` webhooks a minute for some seconds, whatever the answers do, and waits for the ends. */
async function atRate(api, flow, perMinute, seconds) {
  const from = new Date().toISOString();
  const total = Math.floor((perMinute * seconds) / 60);
  const began = performance.now();
  const answers = [];
  const failures = [];
  const open = new Set();
  for (let i = 0; i < total; i++) {
    const wait = began + (i * 60_000) / perMinute - performance.now();
    if (wait > 1) await delay(wait);
    const sent = performance.now();
    const request = api
      .hook(flow)
      .then(() => answers.push(performance.now() - sent))
      .catch((error) => failures.push(error.message))
      .finally(() => open.delete(request));
    open.add(request);
  }
  await Promise.all(open);
  const sentIn = (performance.now() - began) / 1000;
  const { done, drain } = await drained(api, flow, from, answers.length);
  const spans = await spansOf(api, flow, from, Math.min(done, 2000));
  const good =
    failures.length === 0 &&
    done === answers.length &&
    quantile(spans, 0.5) < 1000 &&
    sentIn < seconds * 1.15 &&
    drain < 5;
  return {
    perMinute,
    done,
    answers,
    failures,
    lost: answers.length - done,
    drain,
    spans,
    good,
    rate: (done / (sentIn + drain)) * 60,
  };
}

async function drained(api, flow, from, wanted) {
  const began = performance.now();
  for (;;) {
    const done = (await api.search(flow, from)).total;
    const drain = (performance.now() - began) / 1000;
    if (done >= wanted || drain > 60) return { done, drain };
    await delay(200);
  }
}

async function spansOf(api, flow, from, count) {
  const spans = [];
  for (let page = 1; spans.length < count; page++) {
    const { results } = await api.search(flow, from, 100, page);
    if (results.length === 0) break;
    spans.push(...results.map(spanOf));
  }
  return spans;
}

/** Raises the rate until a step is not good; tells of the last good one and of the first that was not. */
async function ladder(api, flow) {
  await atRate(api, flow, 600, 5);
  for (const perMinute of options.ladder.split(',').map(Number)) {
    const step = await atRate(api, flow, perMinute, Number(options.seconds));
    const figures = `p50 ${ms(quantile(step.spans, 0.5))}, p99 ${ms(quantile(step.spans, 0.99))}; accepted p50 ${ms(quantile(step.answers, 0.5))}, p99 ${ms(quantile(step.answers, 0.99))}`;
    const verdict = step.good
      ? ''
      : ` — too much: ${step.failures.length} refused, ${step.lost} missing, ${step.drain.toFixed(1)} s behind, ${Math.round(step.rate)} a minute done`;
    report(`${flow}, ${perMinute} a minute`, `${figures}${verdict}`);
    if (!step.good) return;
  }
}

async function loop(api, size) {
  await api.save(flows.b3(namespace, size));
  await delay(300);
  const seconds = [];
  for (let i = 0; i < 3; i++) {
    const { id } = await api.create(`b3-${size}`, false);
    const execution = await api.ended(id, 300_000);
    if (execution.state.current !== 'SUCCESS') throw new Error(`b3-${size} ended ${execution.state.current}`);
    seconds.push(spanOf(execution) / 1000);
  }
  report(`b3, a loop of ${size}`, `${seconds.map((s) => s.toFixed(2)).join(', ')} s`);
}

/** What a user of the UI asks for most. */
async function searches(api) {
  const last = new Date(Date.now() - 86_400_000).toISOString();
  const queries = {
    'newest 25': 'size=25',
    'newest 25 that failed': 'size=25&state=FAILED',
    'newest 25 of a namespace': 'size=25&namespace=company.team3',
    'those of a flow, last day': `size=25&namespace=company.team3&flowId=flow3&startDate=${encodeURIComponent(last)}`,
    'page 100 of a namespace': 'size=25&page=100&namespace=company.team3',
    'by label': 'size=25&labels=run:4711',
  };
  for (const [name, query] of Object.entries(queries)) {
    const times = [];
    let total = 0;
    for (let i = 0; i < 5; i++) {
      const began = performance.now();
      ({ total } = await api.find(query));
      times.push(performance.now() - began);
    }
    report(`search: ${name}`, `first ${ms(times[0])}, then ${ms(quantile(times.slice(1), 0.5))} (${total} found)`);
  }
}

async function memory(server) {
  await delay(5000);
  const used = await memoryOf(server.pid);
  if (used !== undefined) report('memory, idle', `server ${used.server} MB, PostgreSQL ${used.children} MB`);
}

const parts = {
  memory: (_, server) => memory(server),
  serial: async (api) => {
    await serial(api, 'b1', 50);
    await serial(api, 'b5', 50);
  },
  search: (api) => searches(api),
  b1: (api) => ladder(api, 'b1'),
  b5: (api) => ladder(api, 'b5'),
  b3: async (api) => {
    for (const size of options.sizes.split(',').map(Number)) await loop(api, size);
  },
};

const data = options.data ?? (await mkdtemp(join(tmpdir(), 'tiercel-bench-')));
const wanted = options.only?.split(',') ?? ['start', ...Object.keys(parts)];
try {
  if (wanted.includes('start')) {
    const first = await startServer({ data });
    report('first start', ms(first.startMs));
    await first.stop();
  }
  const server = await startServer({ data });
  try {
    if (wanted.includes('start')) report('second start', ms(server.startMs));
    const api = apiOf(server.url, namespace);
    await api.save(flows.b1(namespace));
    await api.save(flows.b5(namespace));
    await delay(1000);
    for (const [name, part] of Object.entries(parts)) if (wanted.includes(name)) await part(api, server);
  } finally {
    await server.stop();
  }
} finally {
  if (options.data === undefined) await rm(data, { recursive: true, force: true });
}
console.log(
  ['| measure | result |', '|---|---|', ...rows.map(([what, figures]) => `| ${what} | ${figures} |`)].join('\n'),
);
