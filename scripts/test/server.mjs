// The built server on a free port with a data folder of its own, for what talks to it over HTTP.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { at } from '../lib.mjs';
import { endGroup, start } from './child.mjs';

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 50_000;

async function freePort() {
  const probe = createServer();
  await new Promise((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Starts it; answers { url, stop, output, pid }. `data`: a folder to keep; without one it is a temporary one. */
export async function startServer({ data, env } = {}) {
  const folder = data ?? (await mkdtemp(join(tmpdir(), 'tiercel-test-')));
  const port = await freePort();
  const command = [
    process.execPath,
    '--enable-source-maps',
    at('dist', 'bin', 'tiercel.mjs'),
    'server',
    'local',
    '--port',
    `${port}`,
    '--data',
    folder,
  ];
  const began = performance.now();
  const { child, ended, output } = start(command, { env });
  let code;
  void ended.then((value) => {
    code = value;
  });
  while (!/is ready at/.test(output())) {
    if (code !== undefined || performance.now() - began > START_LIMIT_MS) {
      endGroup(child);
      throw new Error(`the server did not start:\n${output()}`);
    }
    await delay(20);
  }
  const startMs = performance.now() - began;
  return {
    url: `http://localhost:${port}`,
    pid: child.pid,
    startMs,
    output,
    stop: async () => {
      child.kill('SIGTERM');
      const stopped = await Promise.race([ended.then(() => true), delay(STOP_LIMIT_MS, false, { ref: false })]);
      endGroup(child);
      if (data === undefined) await rm(folder, { recursive: true, force: true });
      return stopped;
    },
  };
}
