// npm start: sets up what is not set up yet, starts the embedded server, loads the examples, runs one of them on real input,
// and stays until Ctrl-C. PORT and TIERCEL_DATA name another port and another data folder.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { at, checkNode, run } from './lib.mjs';
import { build, install } from './setup.mjs';

const port = Number(process.env.PORT || 8080);
const url = `http://localhost:${port}`;
const data = process.env.TIERCEL_DATA || at('.tiercel');
/** Longest wait for the first answer, ms; a slow disk needs a while to set up a database. */
const READY_LIMIT = 120_000;

checkNode();
if (!Number.isInteger(port) || port < 1 || port > 65_535) fail(`PORT=${process.env.PORT} is no port (1 to 65535).`);
await checkPort();
await install();
await build();

const server = startServer();
await untilReady();
const steps = [
  await tiercel('flow', 'deploy', 'examples'),
  await tiercel(
    'execution',
    'start',
    'company.shop/orders-report',
    '--file',
    'orders=examples/data/orders.csv',
    '--follow',
  ),
];
if (!server.stopping) {
  if (steps.includes(false)) process.stdout.write('\nThe server runs, but not all examples do; see above.\n');
  showNext();
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Before a minute of set-up rather than after it. */
async function checkPort() {
  const code = await new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error) => resolve(error.code));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(undefined)));
  });
  if (code === undefined) return;
  if (code === 'EACCES') fail(`Port ${port} may not be opened by this user; take one above 1023: PORT=8081 npm start`);
  const pong = await fetch(`${url}/ping`, { signal: AbortSignal.timeout(1_000) }).then(
    (answer) => answer.text(),
    () => '',
  );
  if (pong === 'pong')
    fail(`A Tiercel server runs at ${url} already. For a second one: PORT=${port + 1} TIERCEL_DATA=DIR npm start`);
  fail(`Port ${port} is in use by another program; stop it, or take another port: PORT=${port + 1} npm start`);
}

/** The server in a process group of its own: a Ctrl-C in the terminal reaches it through us, and once. */
function startServer() {
  const state = { ended: undefined, stopping: false };
  const child = spawn(
    process.execPath,
    [
      '--enable-source-maps',
      at('dist', 'bin', 'tiercel.mjs'),
      'server',
      'local',
      '--port',
      String(port),
      '--data',
      data,
    ],
    { stdio: ['ignore', 'inherit', 'inherit'], detached: true },
  );
  child.on('error', (error) => fail(`The server cannot be started: ${error.message}`));
  child.on('exit', (code, signal) => {
    state.ended = true;
    // What went wrong, the server has said itself.
    process.exit(signal === null ? code : 1);
  });
  // However we end, the server ends with us.
  process.on('exit', () => child.kill('SIGTERM'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      state.stopping = true;
      child.kill('SIGTERM');
    });
  }
  watchParent(() => child.kill('SIGTERM'));
  return state;
}

/** npm hands no SIGTERM on to what it runs; when it has gone, we go. */
function watchParent(stop) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    stop();
  }, 250);
}

async function untilReady() {
  const until = Date.now() + READY_LIMIT;
  for (;;) {
    const ready = await fetch(`${url}/health/ready`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready || server.stopping) return;
    if (Date.now() > until) {
      process.stderr.write(`The server has not become ready within ${READY_LIMIT / 1000} s.\n`);
      process.kill(process.pid, 'SIGTERM');
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Calls the command line as a person would, and shows the call. */
async function tiercel(...args) {
  if (server.stopping) return false;
  process.stdout.write(`\n$ ./tiercel ${args.join(' ')}\n`);
  const onServer = port === 8080 ? [] : ['--server', url];
  const code = await run([process.execPath, at('dist', 'bin', 'tiercel.mjs'), ...args, ...onServer]);
  return code === 0;
}

function showNext() {
  const option = port === 8080 ? '' : ` --server ${url}`;
  process.stdout.write(`
Tiercel runs at ${url}; its data is in ${data}. Ctrl-C stops it, npm start goes on from there.
Try in another terminal:

  ./tiercel flow list${option}
  ./tiercel execution start company.team/hello --input greeting="hey there" --follow${option}
  curl -X POST '${url}/api/v1/executions/company.team/hello?wait=true' -F greeting="hey there"
  curl -X POST ${url}/api/v1/executions/webhook/company.shop/webhook-order/a-secret-of-your-own \\
    -H 'Content-Type: application/json' -d '{"order": 4711, "amount": 1200}'
  ./tiercel run examples/regions.yaml        (a flow from a file, without this server)

`);
}
