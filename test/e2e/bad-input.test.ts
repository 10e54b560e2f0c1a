import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { LocalServer, until, type ExecutionShape } from './server.ts';

vi.setConfig({ testTimeout: 120_000 });

const MIB = 1024 * 1024;
/** How much more memory than before a bad request may take at its worst. */
const GROWTH = 300 * MIB;

let server: LocalServer;
let before: number;
let peak: number;
let watch: NodeJS.Timeout;
beforeAll(async () => {
  server = await LocalServer.make();
  await server.deploy(FLOW);
  await server.run('company.bad/typed', form({ number: '1' }));
});
afterAll(() => server.remove());
beforeEach(async () => {
  before = peak = (await server.memory()) ?? 0;
  watch = setInterval(() => void server.memory().then((now) => (peak = Math.max(peak, now ?? 0))), 50);
});
/** After each of them the server works as before, has kept its memory and no half of a file. */
afterEach(async () => {
  clearInterval(watch);
  expect(peak - before).toBeLessThan(GROWTH);
  expect((await server.run('company.bad/typed', form({ number: '1' }))).state.current).toBe('SUCCESS');
  await until('a storage without remains', async () => ((await storedFiles()).length === 0 ? true : undefined));
});

const FLOW = `id: typed
namespace: company.bad
inputs:
  - id: number
    type: INT
  - id: file
    type: FILE
    required: false
tasks:
  - id: t
    type: io.kestra.plugin.core.debug.Return
    format: "{{ inputs.number }}"
`;
const YAML = { 'Content-Type': 'application/x-yaml' };

function form(fields: Readonly<Record<string, string>>): FormData {
  const made = new FormData();
  for (const [name, value] of Object.entries(fields)) made.append(name, value);
  return made;
}

async function storedFiles(): Promise<readonly string[]> {
  const entries = await readdir(join(server.data, 'storage'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

async function refusal(path: string, init: RequestInit): Promise<{ status: number; message: string }> {
  const answer = await server.call(path, init);
  const text = await answer.text();
  return { status: answer.status, message: (JSON.parse(text) as { message: string }).message };
}

describe('flows', () => {
  test.each([
    ['malformed YAML', 'id: [', 422, /Illegal flow yaml/],
    ['no mapping', '- 1', 422, /Illegal flow|Invalid/],
    [
      'an alias bomb',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
        .split('')
        .map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefghij'[i]}`).join(',')}]`)
        .join('\n')}`,
      422,
      /./,
    ],
    [
      'an unknown type',
      'id: x\nnamespace: company.bad\ntasks:\n  - id: t\n    type: none.such',
      422,
      /Invalid type: none\.such/,
    ],
    [
      'an id with ../',
      'id: ../x\nnamespace: company.bad\ntasks:\n  - id: t\n    type: io.kestra.plugin.core.log.Log\n    message: x',
      422,
      /id/,
    ],
  ])('%s', async (_name, body, status, message) => {
    const answer = await refusal('/flows', { method: 'POST', headers: YAML, body });
    expect(answer.status).toBe(status);
    expect(answer.message).toMatch(message);
  });

  test('50 MB of YAML', async () => {
    const answer = await refusal('/flows', { method: 'POST', headers: YAML, body: `id: x\n# ${'y'.repeat(50 * MIB)}` });
    expect(answer.status).toBe(413);
    expect(answer.message).toMatch(/large|limit|bytes/i);
  });
});

describe('executions', () => {
  const start = (flow: string, body?: FormData): Promise<{ status: number; message: string }> =>
    refusal(`/executions/${flow}`, { method: 'POST', ...(body !== undefined && { body }) });

  test.each([
    ['an unknown flow', 'company.bad/none', {}, 404, /Requested Flow is not found/],
    ['a wrong type', 'company.bad/typed', { number: 'many' }, 422, /number/],
    ['a missing input', 'company.bad/typed', {}, 422, /number/],
    ['an id with ../', 'company.bad/..%2F..%2Fetc', {}, 404, /./],
    ['an unknown revision', 'company.bad/typed?revision=99', { number: '1' }, 404, /Requested Flow is not found/],
  ])('%s', async (_name, flow, fields, status, message) => {
    const answer = await start(flow, form(fields));
    expect(answer.status).toBe(status);
    expect(answer.message).toMatch(message);
  });

  test('10,000 parts', async () => {
    const answer = await start(
      'company.bad/typed',
      form(Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`f${i}`, 'x']))),
    );
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.message).toMatch(/part/i);
  });

  test('a field over the limit', async () => {
    const answer = await start('company.bad/typed', form({ number: '1'.repeat(30 * MIB) }));
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });

  test('an upload that breaks off leaves nothing, and no execution', async () => {
    const found = (): Promise<{ total: number }> => server.json('/executions?namespace=company.bad&flowId=typed');
    const { total } = await found();
    await brokenUpload('/executions/company.bad/typed', 20 * MIB);
    await until('a storage without remains', async () => ((await storedFiles()).length === 0 ? true : undefined));
    expect((await found()).total).toBe(total);
  });

  test('a body of another type', async () => {
    const answer = await refusal('/executions/company.bad/typed', {
      method: 'POST',
      headers: { 'Content-Type': 'text/csv' },
      body: 'a,b',
    });
    expect(answer.status).toBe(415);
  });

  test('JSON over the limit', async () => {
    const body = JSON.stringify(Array.from({ length: 2 * MIB }, () => 'aaaaaaaa'));
    const answer = await refusal('/executions/kill/by-ids', {
      method: 'DELETE',
      headers: { 'Content-Type': 'application/json' },
      body,
    });
    expect(answer.status).toBe(413);
  });
});

/** Sends the beginning of a form with a file, and then nothing but the end of the connection. */
const brokenUpload = (path: string, bytes: number): Promise<void> =>
  new Promise((resolve) => {
    const headers = { 'Content-Type': 'multipart/form-data; boundary=xx', 'Transfer-Encoding': 'chunked' };
    const sent = request(`${server.url}/api/v1${path}`, { method: 'POST', headers });
    sent.on('error', () => resolve());
    sent.on('close', () => resolve());
    sent.write('--xx\r\nContent-Disposition: form-data; name="number"\r\n\r\n1\r\n');
    sent.write('--xx\r\nContent-Disposition: form-data; name="files"; filename="file"\r\n\r\n');
    sent.write(Buffer.alloc(bytes, 'x'), () => sent.destroy());
  });

describe('paths that would leave their place', () => {
  test.each(['/../../../etc/passwd', '/a/../../../../etc/passwd', '..%2F..%2Fetc', '/%2e%2e/%2e%2e/etc/passwd'])(
    '%s',
    async (path) => {
      const answer = await server.call(`/namespaces/company.bad/files?path=${path}`);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(await answer.text()).not.toContain('root:');
    },
  );
});

describe('expressions without end', () => {
  const run = async (id: string, expression: string): Promise<ExecutionShape> => {
    await server.deploy(
      `id: ${id}\nnamespace: company.bad\ntasks:\n  - id: t\n    type: io.kestra.plugin.core.debug.Return\n    format: '${expression}'\n`,
    );
    return server.run(`company.bad/${id}`);
  };

  test.each([
    ['loop', '{% for i in range(1, 100000) %}{% for j in range(1, 100000) %}{{ i * j }}{% endfor %}{% endfor %}'],
    ['grow', '{% set x = "aaaaaaaaaa" %}{% for i in range(1, 60) %}{% set x = x ~ x %}{% endfor %}{{ x }}'],
  ])('%s: the execution fails and its log says why', async (id, expression) => {
    const { state, id: executionId } = await run(id, expression);
    expect(state.current).toBe('FAILED');
    const log = await (await server.call(`/logs/${executionId}/download`)).text();
    expect(log).toMatch(/ERROR.*(limit|steps|large|long|more than)/i);
  });
});
