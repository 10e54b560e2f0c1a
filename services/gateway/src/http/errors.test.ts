import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StorageError } from '@tiercel/storage';
import { StoreError } from '@tiercel/store';
import { anExecution } from '../testing/fakes.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { toApiError } from './errors.ts';

let test: TestGateway;
beforeAll(async () => {
  test = await startTestGateway({ config: { jsonLimit: 1024 } });
});
afterAll(() => test.stop());

/** Sends bytes as they are, which `fetch` would mend. */
async function raw(text: string): Promise<string> {
  const socket = connect(test.port, '127.0.0.1');
  socket.end(text);
  let answer = '';
  socket.setEncoding('utf8');
  socket.on('data', (part: string) => {
    answer += part;
  });
  await once(socket, 'close');
  return answer;
}

describe('errors', () => {
  it('503 for a storage that is away, to be tried again; 500 without details for one that is broken', () => {
    const away = toApiError(new StorageError('unavailable', 'the key a/b'));
    expect(away).toMatchObject({ status: 503, headers: { 'Retry-After': '1' } });
    expect(away.message).toBe('Service Unavailable: the storage cannot be reached or is too busy, try again');
    const broken = toApiError(new StorageError('io', 'the key a/b'));
    expect(broken).toMatchObject({ status: 500, code: 'internal' });
    expect(broken.message).not.toContain('a/b');
  });

  it('404 for a path that nothing serves, 405 with the methods for one that something does', async () => {
    expect((await test.api('/nonsense')).status).toBe(404);
    expect((await test.api('/executions/x/y/z/w')).status).toBe(404);
    const response = await test.api('/executions/search', { method: 'PUT' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toContain('GET');
    expect(await response.json()).toMatchObject({ _links: { self: { href: '/api/v1/executions/search' } } });
  });

  it('406 for an answer that the route cannot give', async () => {
    expect((await test.api('/configs', { headers: { accept: 'image/png' } })).status).toBe(406);
    for (const accept of ['application/json', '*/*', 'text/html, */*;q=0.1', 'application/*']) {
      expect((await test.api('/configs', { headers: { accept } })).status).toBe(200);
    }
  });

  it('415 for a body of another type, 413 for one that is too large', async () => {
    const put = (body: string, type: string): Promise<Response> =>
      test.api('/namespaces/a/kv/k', { method: 'PUT', body, headers: { 'content-type': type } });
    expect((await put('<a/>', 'application/xml')).status).toBe(415);
    expect((await put(`"${'x'.repeat(2000)}"`, 'application/json')).status).toBe(413);
  });

  it('413 for a body without a length, too', async () => {
    const body = 'x'.repeat(4000);
    const answer = await raw(
      `PUT /api/v1/namespaces/a/kv/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });

  it('400 for malformed percent-encoding in path and query', async () => {
    for (const path of ['/executions/%zz', '/executions/search?q=%ff', '/executions/search?q=%']) {
      expect(await raw(`GET /api/v1${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)).toMatch(
        /^HTTP\/1.1 400 /,
      );
    }
  });

  it('422 for control characters in paths, without asking anybody', async () => {
    for (const path of ['/executions/a%00b', '/flows/company.team/a%1Fb', '/namespaces/a%0Ab/kv']) {
      const response = await test.api(path);
      expect([response.status, ((await response.json()) as { message: string }).message]).toEqual([
        422,
        'Illegal argument: the path holds a control character',
      ]);
    }
    expect((await test.api('/executions/a%2500')).status).toBe(404);
  });

  it('422 for what the store cannot keep, without its words; with them for a search that was too slow', async () => {
    const execution = anExecution();
    test.executions.put(execution);
    const refusal = async (failure: Error): Promise<unknown> => {
      test.executions.failure = failure;
      const response = await test.api(`/executions/${execution.id}`);
      test.executions.failure = undefined;
      return [response.status, ((await response.json()) as { message: string }).message];
    };
    expect(await refusal(new StoreError('bad-data', 'Invalid `prisma.flow.findMany()` (SQLSTATE 22021)'))).toEqual([
      422,
      'Illegal argument: the request holds a value that cannot be stored or compared',
    ]);
    expect(await refusal(new StoreError('too-slow', 'narrow it'))).toEqual([422, 'Unprocessable Entity: narrow it']);
  });

  it('503 while the store is away, and no details of what nobody foresaw', async () => {
    const execution = anExecution();
    test.executions.put(execution);
    test.executions.failure = new StoreError('unavailable', 'connection refused at 10.0.0.1');
    const away = await test.api(`/executions/${execution.id}`);
    expect(away.status).toBe(503);
    expect(away.headers.get('retry-after')).toBe('1');
    test.executions.failure = new Error('secret detail');
    const broken = await test.api(`/executions/${execution.id}`);
    expect(broken.status).toBe(500);
    expect(await broken.text()).not.toContain('secret detail');
    test.executions.failure = undefined;
  });

  it('answers ping and leads to the UI', async () => {
    const base = `http://127.0.0.1:${test.port}`;
    expect(await (await fetch(`${base}/ping`)).text()).toBe('pong');
    const root = await fetch(base, { redirect: 'manual' });
    expect([root.status, root.headers.get('location')]).toEqual([307, '/ui/']);
  });
});

describe('sign-in', () => {
  it('asks for user and password where they are configured, but not for open paths', async () => {
    const guarded = await startTestGateway({ config: { username: 'ada', password: 'love:lace' } });
    try {
      const refused = await guarded.api('/configs');
      expect([refused.status, await refused.text(), refused.headers.get('www-authenticate')]).toEqual([
        401,
        '',
        'Basic realm="Kestra"',
      ]);
      const authorization = `Basic ${Buffer.from('ada:love:lace').toString('base64')}`;
      expect((await guarded.api('/configs', { headers: { authorization } })).status).toBe(200);
      const wrong = `Basic ${Buffer.from('ada:lace').toString('base64')}`;
      expect((await guarded.api('/configs', { headers: { authorization: wrong } })).status).toBe(401);
      expect((await fetch(`http://127.0.0.1:${guarded.port}/ping`)).status).toBe(200);
    } finally {
      await guarded.stop();
    }
  });
});
