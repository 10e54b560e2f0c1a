import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { createHarness, type Harness } from '@tiercel/plugin-kit/harness';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fileName, httpDownload } from './download.ts';
import { httpRequest } from './request.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
let handler: Handler;
let server: Server;
let origin: string;
const requests: { method: string; url: string; headers: IncomingMessage['headers']; body: Buffer }[] = [];

const listen = async (): Promise<Server> => {
  const made = createServer((request, response) => {
    void buffer(request).then(async (body) => {
      requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      await handler(request, response);
    });
  });
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return made;
};
const originOf = (of: Server): string => `http://127.0.0.1:${(of.address() as AddressInfo).port}`;

beforeAll(async () => {
  server = await listen();
  origin = originOf(server);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
let harness: Harness;
beforeEach(() => {
  requests.length = 0;
  harness = createHarness({ render: (template) => template });
  handler = (_request, response) => void response.end('ok');
});
afterEach(() => harness.close());

const get = (properties: Record<string, unknown>) =>
  harness.run(httpRequest, { uri: `${origin}/path?q=1`, ...properties });

describe('Request', () => {
  test('outputs and metric', async () => {
    handler = (_request, response) => {
      response.setHeader('X-Two', ['a', 'b']);
      response.end('grüße');
    };
    expect(await get({})).toMatchObject({
      outputs: { uri: `${origin}/path?q=1`, code: 200, body: 'grüße', headers: { 'X-Two': ['a', 'b'] } },
    });
    expect(requests[0]).toMatchObject({ method: 'GET', url: '/path?q=1' });
    expect(harness.metrics).toEqual([
      {
        type: 'counter',
        name: 'response.length',
        value: 7,
        tags: { 'request.method': 'GET', 'response.code': '200' },
      },
    ]);
  });

  test('a path that begins with two slashes stays one', async () => {
    await get({ uri: `${origin}//double//slash?x=1#fragment` });
    expect(requests[0]?.url).toBe('//double//slash?x=1');
  });

  test('body, content type and headers', async () => {
    await get({ method: 'POST', body: '{"a":"é"}' });
    expect(requests[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '10' });
    await get({
      method: 'PUT',
      body: 'x',
      contentType: 'text/plain',
      headers: { 'X-A': 'b', 'X-L': ['1', '2'], 'X-N': 5 },
    });
    expect(requests[1]?.headers).toMatchObject({ 'content-type': 'text/plain', 'x-a': 'b', 'x-l': '1, 2', 'x-n': '5' });
    expect(requests[1]?.body.toString()).toBe('x');
    await expect(get({ headers: { 'X-A': 'a\r\nX-B: c' } })).rejects.toThrow('`headers.X-A`');
  });

  test('a form is URL-encoded and wins over the body', async () => {
    await get({ method: 'POST', body: 'unused', formData: { a: 'x y&', n: 5, none: null } });
    expect(requests[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(requests[0]?.body.toString()).toBe('a=x+y%26&n=5');
  });

  test('a multipart form with stored files, files by name and other values', async () => {
    const bytes = Buffer.from([0, 1, 2, 255]);
    const uri = await harness.context.storage.put('data.bin', bytes);
    await get({
      method: 'POST',
      contentType: 'multipart/form-data',
      formData: { text: 'plain é', file: uri, named: { name: 'my "x".bin', content: uri }, json: { a: [1] } },
    });
    const [sent] = requests;
    expect(sent?.headers['content-length']).toBe(String(sent?.body.length));
    expect(sent?.headers['transfer-encoding']).toBeUndefined();
    const form = await new Response(new Uint8Array(sent!.body), {
      headers: { 'content-type': sent?.headers['content-type'] ?? '' },
    }).formData();
    expect(form.get('text')).toBe('plain é');
    expect(form.get('json')).toBe('{"a":[1]}');
    const file = form.get('file') as File;
    expect([file.name, Buffer.from(await file.arrayBuffer())]).toEqual(['data.bin', bytes]);
    expect((form.get('named') as File).name).toBe('my "x".bin');
  });

  test('basic authentication, by options or by the address', async () => {
    const basic = `Basic ${Buffer.from('me:pä ss').toString('base64')}`;
    await get({ options: { basicAuthUser: 'me', basicAuthPassword: 'pä ss' } });
    await get({ uri: origin.replace('//', `//me:${encodeURIComponent('pä ss')}@`) });
    expect(requests.map((r) => r.headers.authorization)).toEqual([basic, basic]);
  });

  test('a status of 400 or more fails with a part of the body, unless it is allowed', async () => {
    handler = (_request, response) => {
      response.statusCode = 404;
      response.end('nothing here'.repeat(1000));
    };
    await expect(get({})).rejects.toThrow(/^GET http:.* was answered with the status 404: nothing here/);
    expect(await get({ allowFailed: true })).toMatchObject({ outputs: { code: 404 } });
  });

  test('the limit of the body, by its length and by what comes; HEAD lifts it', async () => {
    const options = { maxContentLength: 10 };
    handler = (_request, response) => {
      response.write('x'.repeat(8));
      response.end('x'.repeat(8));
    };
    await expect(get({ options })).rejects.toThrow('`options.maxContentLength`');
    handler = (request, response) => {
      response.setHeader('Content-Length', 100);
      response.end(request.method === 'HEAD' ? undefined : 'x'.repeat(100));
    };
    await expect(get({ options })).rejects.toThrow('`options.maxContentLength`');
    expect(await get({ options, method: 'HEAD' })).toMatchObject({ outputs: { code: 200 } });
  });

  test('a compressed answer is decoded, and the limit counts what comes out', async () => {
    handler = (_request, response) => {
      response.setHeader('Content-Encoding', 'gzip');
      response.end(gzipSync('x'.repeat(100_000)));
    };
    expect((await get({}))?.outputs?.['body']).toHaveLength(100_000);
    await expect(get({ options: { maxContentLength: 1000 } })).rejects.toThrow('larger than 1000');
  });

  test('character sets', async () => {
    handler = (_request, response) => {
      response.setHeader('Content-Type', 'text/plain; charset=ISO-8859-1');
      response.end(Buffer.from([0xe9]));
    };
    expect(await get({})).toMatchObject({ outputs: { body: 'é' } });
    handler = (_request, response) => void response.end(Buffer.from([0xe9]));
    await expect(get({})).rejects.toThrow('Illegal unicode code point');
    expect(await get({ options: { defaultCharset: 'ISO-8859-1' } })).toMatchObject({ outputs: { body: 'é' } });
    await expect(get({ options: { defaultCharset: 'x' } })).rejects.toThrow('`options.defaultCharset`');
  });

  test('redirects: the method of a POST changes for 302, not for 307; credentials stay at home', async () => {
    const other = await listen();
    handler = (request, response) => {
      const url = request.url ?? '';
      if (url.startsWith('/302')) response.writeHead(302, { Location: '/end' }).end();
      else if (url.startsWith('/307')) response.writeHead(307, { Location: `${originOf(other)}/end` }).end();
      else if (url.startsWith('/loop')) response.writeHead(301, { Location: '/loop' }).end();
      else response.end('end');
    };
    const post = { method: 'POST', body: 'x', headers: { Authorization: 'secret' } };
    expect(await get({ uri: `${origin}/302`, ...post })).toMatchObject({
      outputs: { body: 'end', uri: `${origin}/302` },
    });
    await get({ uri: `${origin}/307`, ...post });
    expect(requests.map((r) => [r.method, r.url, r.body.toString(), r.headers.authorization])).toEqual([
      ['POST', '/302', 'x', 'secret'],
      ['GET', '/end', '', 'secret'],
      ['POST', '/307', 'x', 'secret'],
      ['POST', '/end', 'x', undefined],
    ]);
    await expect(get({ uri: `${origin}/loop` })).rejects.toThrow('more than 20 redirects');
    expect(await get({ uri: `${origin}/302`, options: { followRedirects: false } })).toMatchObject({
      outputs: { code: 302 },
    });
    other.closeAllConnections();
    other.close();
  });

  test('a server that does not answer, breaks off, or is not there', async () => {
    handler = () => undefined;
    await expect(get({ options: { readTimeout: 'PT0.05S' } })).rejects.toThrow('`options.readTimeout`');
    handler = (_request, response) => {
      response.setHeader('Content-Length', 100);
      response.write('half');
      response.socket?.destroy();
    };
    await expect(get({})).rejects.toThrow(/failed/);
    await expect(get({ uri: 'http://127.0.0.1:1/' })).rejects.toThrow(
      /GET http:\/\/127\.0\.0\.1:1\/ failed: .*ECONNREFUSED/,
    );
  });

  test('an encrypted body takes the place of the body', async () => {
    handler = (_request, response) => void response.end('hush');
    const outputs = (await get({ encryptBody: true }))?.outputs;
    expect(outputs).not.toHaveProperty('body');
    expect(outputs?.['encryptedBody']).toEqual({
      type: 'io.kestra.datatype:aes_encrypted',
      value: Buffer.from('hush').toString('base64'),
    });
    handler = (_request, response) => void response.end();
    expect((await get({ encryptBody: true }))?.outputs).not.toHaveProperty('encryptedBody');
  });

  test('an encrypted body is not shown where it is a refusal, and nothing is called without a key', async () => {
    handler = (_request, response) => {
      response.statusCode = 403;
      response.end('hush');
    };
    await expect(get({ encryptBody: true })).rejects.toThrow(/status 403$/);
    requests.length = 0;
    const keyless = createHarness({ hasKey: false });
    await expect(keyless.run(httpRequest, { uri: origin, encryptBody: true })).rejects.toThrow('not configured');
    expect(requests).toHaveLength(0);
  });

  test('a kill ends the call', async () => {
    const controller = new AbortController();
    const killed = createHarness({ signal: controller.signal });
    handler = () => controller.abort(new Error('killed'));
    await expect(killed.run(httpRequest, { uri: origin })).rejects.toThrow('killed');
  });

  test.each([
    [{ uri: 'no address' }, '`uri`'],
    [{ uri: 'ftp://x/y' }, '`uri`'],
    [{ method: 'CONNECT' }, '`method`'],
    [{ options: { proxyType: 'HTTP' } }, '`options.proxyAddress`'],
  ])('%j is refused by its name', async (properties, name) => {
    await expect(get(properties)).rejects.toThrow(name);
  });

  test('unknown options are refused, the defaults are those of the reference', () => {
    const schema = httpRequest.properties.strict();
    expect(schema.safeParse({ uri: 'x', options: { readTimeOut: 1 } }).success).toBe(false);
    expect(schema.parse({ uri: 'x', options: {} })).toMatchObject({
      method: 'GET',
      allowFailed: false,
      encryptBody: false,
      options: { readTimeout: 'PT10S', readIdleTimeout: 'PT5M', followRedirects: true, proxyType: 'DIRECT' },
    });
  });

  test('through an HTTP proxy', async () => {
    const proxy = { proxyType: 'HTTP', proxyAddress: '127.0.0.1', proxyPort: Number(new URL(origin).port) };
    await get({ uri: 'http://nowhere.invalid/x', options: { ...proxy, proxyUsername: 'u', proxyPassword: 'p' } });
    expect(requests[0]?.url).toBe('http://nowhere.invalid/x');
    expect(requests[0]?.headers['proxy-authorization']).toBe(`Basic ${Buffer.from('u:p').toString('base64')}`);
  });
});

describe('Download', () => {
  const download = (properties: Record<string, unknown> = {}) =>
    harness.run(httpDownload, { uri: `${origin}/dir/file.csv`, ...properties });

  test('streams into the storage, larger than the limit of Request too', async () => {
    const piece = Buffer.alloc(1024 * 1024, 'x');
    handler = async (_request, response) => {
      for (let i = 0; i < 12; i += 1) {
        if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve));
      }
      response.end();
    };
    const result = await download();
    const { uri, code, length } = (result?.outputs ?? {}) as { uri: string; code: number; length: number };
    expect([code, length, harness.files.get(uri)?.length]).toEqual([200, 12 * piece.length, 12 * piece.length]);
    expect(uri).toMatch(/\.csv$/);
    expect(harness.metrics[0]).toMatchObject({ name: 'response.length', value: length });
    await expect(download({ options: { maxContentLength: 1000 } })).rejects.toThrow('`options.maxContentLength`');
  });

  test('an empty file fails, unless that is allowed', async () => {
    handler = (_request, response) => void response.end();
    await expect(download()).rejects.toThrow('`failOnEmptyResponse: false`');
    expect(harness.files.size).toBe(0);
    expect(await download({ failOnEmptyResponse: false })).toMatchObject({ outputs: { length: 0 } });
  });

  test('a file that breaks off is not stored', async () => {
    handler = (_request, response) => {
      response.setHeader('Content-Length', 100);
      response.write('half');
      response.socket?.destroy();
    };
    await expect(download()).rejects.toThrow();
    expect(harness.files.size).toBe(0);
  });

  test('a refusal fails, unless it is allowed', async () => {
    handler = (_request, response) => void response.writeHead(500).end('broken');
    await expect(download()).rejects.toThrow('status 500: broken');
    expect(await download({ allowFailed: true })).toMatchObject({ outputs: { code: 500, length: 6 } });
  });

  test('a compressed file is stored decoded, and its length fits', async () => {
    handler = (_request, response) => {
      const body = gzipSync('content');
      response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': body.length }).end(body);
    };
    const result = await download();
    expect(harness.files.get(String(result?.outputs?.['uri']))?.toString()).toBe('content');
  });

  test.each([
    ['attachment; filename="flows.zip"', 'flows.zip'],
    ['attachment; filename=plain.txt; x=y', 'plain.txt'],
    ['attachment; filename="../../etc/pass wd"', 'pass%20wd'],
    ['attachment; filename="C:\\\\dir\\\\x.txt"', 'x.txt'],
    ['attachment; filename="a.txt"; filename*=UTF-8\'\'%C3%A9t%C3%A9.txt', '%C3%A9t%C3%A9.txt'],
    ['attachment; filename="a.txt"; filename*=UTF-8\'\'%ZZ', 'a.txt'],
  ])('%s gives the name %s', (disposition, name) => {
    expect(fileName({ header: () => disposition, url: new URL('http://x/') })).toBe(name);
  });

  test('without a name: a random one with the extension of the address', () => {
    expect(fileName({ header: () => undefined, url: new URL('http://x/a/b.tar.gz?c=d.e') })).toMatch(
      /^[0-9a-f-]{36}\.gz$/,
    );
    expect(fileName({ header: () => 'attachment; filename=".."', url: new URL('http://x/') })).toMatch(
      /^[0-9a-f-]{36}$/,
    );
  });
});
