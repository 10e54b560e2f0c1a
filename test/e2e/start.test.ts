import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@tiercel/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ROOT, until } from './server.ts';

// A start sets up a database, on a machine that may be busy.
vi.setConfig({ testTimeout: 180_000 });

let folder: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tiercel-start-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  await rm(folder, { recursive: true, force: true });
});

/** What `npm start` runs; in this checkout everything is set up. */
function start(port: number): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [join(ROOT, 'scripts', 'start.mjs')], {
    cwd: ROOT,
    env: { ...process.env, PORT: String(port), TIERCEL_DATA: join(folder, 'data'), npm_lifecycle_event: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  }
  return { child, output: () => text };
}

const upWith = ({ child, output }: ReturnType<typeof start>): Promise<true> =>
  until(
    'the end of the start',
    () => {
      if (child.exitCode !== null) throw new Error(output());
      return output().includes('Try in another terminal') ? true : undefined;
    },
    120_000,
  );

test('npm start: server, examples, one of them run on real input, a clean stop; and again', async () => {
  const port = await freePort();
  for (const change of ['created', 'unchanged']) {
    const started = start(port);
    await upWith(started);
    const output = started.output();
    expect(output).toContain(`Tiercel is ready at http://localhost:${port}`);
    expect(output).toMatch(new RegExp(`${change}\\s+company\\.shop/orders-report \\(revision 1\\)`));
    expect(output).toMatch(/240 orders make 81332\.4; the best region is north/);
    expect(output).toContain('"bestRegion": "north"');
    expect(output).not.toContain('not all examples');
    started.child.kill('SIGINT');
    expect(await once(started.child, 'exit')).toEqual([0, null]);
    expect(existsSync(join(folder, 'data', 'server.pid'))).toBe(false);
    expect(existsSync(join(folder, 'data', 'postgres', 'postmaster.pid'))).toBe(false);
  }
});

test('a busy port is told at once, in one sentence', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { child, output } = start(port);
  const [code] = (await once(child, 'close')) as [number];
  other.close();
  expect(code).toBe(1);
  expect(output()).toBe(
    `Port ${port} is in use by another program; stop it, or take another port: PORT=${port + 1} npm start\n`,
  );
});
