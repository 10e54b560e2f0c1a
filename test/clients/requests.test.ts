import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LocalServer } from '../e2e/server.ts';
import { FLOWS } from './flows.ts';
import { has, shell } from './shell.ts';

const SCRIPT = fileURLToPath(new URL('python_client.py', import.meta.url));
/** Versions are fixed, so that a test that passes goes on passing. */
const PACKAGES = 'requests==2.32.5 requests-toolbelt==1.0.0';

let folder: string;
let server: LocalServer;
let missing: string | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tiercel-python-'));
  if (has('python3')) {
    missing = await shell(
      `python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check ${PACKAGES}`,
      {
        cwd: folder,
        ms: 120_000,
      },
    ).then(
      () => undefined,
      (error: Error) => `requests cannot be installed: ${error.message.split('\n').at(-1)}`,
    );
  } else missing = 'python3 is not installed';
  if (missing !== undefined) return;
  server = await LocalServer.make();
  for (const flow of Object.values(FLOWS)) await server.deploy(flow);
}, 180_000);
afterAll(async () => {
  await server?.remove();
  await rm(folder, { recursive: true, force: true });
});

test('Python: requests and MultipartEncoder', async (context) => {
  if (missing !== undefined) context.skip(missing);
  const lines = (await shell(`venv/bin/python ${SCRIPT} ${server.url}/api/v1`, { cwd: folder })).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { all: 'a string 2 content of the file' },
    { all: 'a string 3 content of the file' },
    { greeting: 'hey there' },
    { type: 'JSON', value: { a: [1, true] } },
  ]);
});
