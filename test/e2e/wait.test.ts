import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LocalServer, ROOT } from './server.ts';

let server: LocalServer;
beforeAll(async () => {
  server = await LocalServer.make();
});
afterAll(() => server.remove());

test('each of many waits and follows at a time is answered with the end', async () => {
  const script = join(ROOT, 'test', 'load', 'wait.mjs');
  const args = [script, '--server', server.url, '--calls', '1000', '--callers', '64', '--follow', '0.2'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 110_000 });
  process.stdout.write(stdout);
  expect(stdout).toContain('1000 calls');
  expect(stdout).toContain('failed 0');
}, 120_000);
