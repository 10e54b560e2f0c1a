import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { refuseS3, type TestS3, startTestS3, waitUntil } from '@tiercel/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Storage } from '../port.ts';
import { createS3Storage } from './s3-storage.ts';
import type { S3Limits } from './settings.ts';

const T = 'main';
const LIMITS: Partial<S3Limits> = { connectTimeout: 200, idleTimeout: 150, attempts: 2 };
const away = expect.objectContaining({
  name: 'StorageError',
  code: 'unavailable',
  message: expect.stringContaining('try again') as string,
}) as Error;

/** Every operation, as far as it gets. */
const operations: readonly (readonly [string, (storage: Storage) => Promise<unknown>])[] = [
  ['put', (storage) => storage.put(T, '/f', 'x')],
  ['put of a stream', (storage) => storage.put(T, '/f', Readable.from(['x']))],
  ['get', (storage) => storage.get(T, '/f')],
  ['stat', (storage) => storage.stat(T, '/f')],
  ['list', (storage) => storage.list(T, '/')],
  ['walk', (storage) => storage.walk(T, '/')[Symbol.asyncIterator]().next()],
  ['makeDirectory', (storage) => storage.makeDirectory(T, '/d')],
  ['move', (storage) => storage.move(T, '/f', '/g')],
  ['delete', (storage) => storage.delete(T, '/f')],
];

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const at = (endpoint: string, limits: Partial<S3Limits> = LIMITS): Storage =>
  createS3Storage({ endpoint, region: 'x', bucket: 'b', accessKeyId: 'i', secretAccessKey: 's', limits });

describe('S3 away', () => {
  let storage: Storage;
  beforeAll(async () => {
    const server = createServer();
    const endpoint = await listening(server);
    // The port was free a moment ago: connections are refused.
    await new Promise((resolve) => server.close(resolve));
    storage = at(endpoint);
  });
  afterAll(() => storage.close());

  test.each(operations)('%s fails as unavailable', async (_name, run) => {
    await expect(run(storage)).rejects.toEqual(away);
  });
});

describe('S3 hanging', () => {
  let storage: Storage;
  let server: Server;
  beforeAll(async () => {
    server = createServer((socket) => socket.resume());
    storage = at(await listening(server));
  });
  afterAll(async () => {
    await storage.close();
    await new Promise((resolve) => server.close(resolve));
  });

  test.each(operations)('%s fails as unavailable', async (_name, run) => {
    await expect(run(storage)).rejects.toEqual(away);
  });

  test('a listing that stops in its middle fails as unavailable', async () => {
    const half = createHttpServer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/xml' });
      response.write('<ListBucketResult>');
    });
    const halting = at(await listening(half));
    await expect(halting.list(T, '/')).rejects.toEqual(away);
    await halting.close();
    half.closeAllConnections();
    half.close();
  });
});

describe('S3 in trouble', () => {
  let server: TestS3;
  let storage: Storage;
  /** Waits for S3 as long as a test can bear. */
  let hasty: Storage;
  beforeAll(async () => {
    server = await startTestS3();
  });
  afterAll(() => server.close());
  beforeEach(() => {
    storage = createS3Storage(server);
    hasty = createS3Storage({ ...server, limits: { idleTimeout: 300 } });
  });
  afterEach(async () => {
    server.intercept(undefined);
    await Promise.all([storage.close(), hasty.close()]);
  });

  test.each([
    [500, 'InternalError'],
    [503, 'SlowDown'],
  ])('%d %s twice and then well: the call succeeds', async (status, code) => {
    await storage.put(T, '/f', 'before');
    let refused = 0;
    server.intercept((request, response) => {
      if (request.method !== 'PUT' || refused === 2) return false;
      refused += 1;
      refuseS3(response, status, code);
      return true;
    });
    expect(await storage.put(T, '/f', Readable.from(['a', 'fter']))).toBe(5);
    expect(refused).toBe(2);
    expect(await text(await storage.get(T, '/f'))).toBe('after');
  });

  test.each([
    [503, 'SlowDown', 'unavailable'],
    [500, 'InternalError', 'unavailable'],
    [403, 'AccessDenied', 'io'],
    [400, 'InvalidRequest', 'io'],
    [507, 'XMinioStorageFull', 'no-space'],
    [403, 'QuotaExceeded', 'no-space'],
    [404, 'NoSuchBucket', 'io'],
  ])('%d %s for good is told as it is: %s', async (status, code, wanted) => {
    const quick = createS3Storage({ ...server, limits: { attempts: 1 } });
    server.intercept((request, response) => {
      if (request.method !== 'PUT') return false;
      refuseS3(response, status, code);
      return true;
    });
    const error = await quick.put(T, '/g', 'x').catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ name: 'StorageError', code: wanted, cause: { code } });
    // Logs take the cause: no request, no socket and no signature may hang on it.
    expect(JSON.stringify(Object.entries((error as Error).cause as object)).length).toBeLessThan(200);
    expect(await quick.stat(T, '/g')).toBeUndefined();
    await quick.close();
  });

  test('a body that stops is an error for the reader, and so is one that ends early', async () => {
    for (const cut of [false, true]) {
      server.intercept((_request, response) => {
        response.writeHead(200, { 'Content-Length': 100 });
        response.write('half');
        if (cut) setImmediate(() => response.destroy());
        return true;
      });
      const stream = await hasty.get(T, '/f');
      await expect(text(stream)).rejects.toMatchObject({ name: 'StorageError', code: 'unavailable' });
      await waitUntil(() => server.answering() === 0, { what: 'the connection to end' });
    }
  });

  test('a reader that takes longer than S3 may is not cut off', async () => {
    server.intercept(undefined);
    const content = Buffer.alloc(4 * 1024 * 1024, 'x');
    await storage.put(T, '/slow', content);
    const stream = await hasty.get(T, '/slow');
    const iterator = stream[Symbol.asyncIterator]();
    let size = ((await iterator.next()).value as Buffer).length;
    const began = performance.now();
    await waitUntil(() => performance.now() - began > 700, { what: 'time to pass' });
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) size += next.value.length;
    expect(size).toBe(content.length);
  });

  test('a copy that fails half-way leaves the source whole', async () => {
    for (const name of ['a', 'b', 'c']) await storage.put(T, `/d/${name}`, name);
    server.intercept((request, response) => {
      if (request.headers['x-amz-copy-source']?.includes('/d/b') !== true) return false;
      refuseS3(response, 403, 'AccessDenied');
      return true;
    });
    await expect(storage.move(T, '/d', '/e')).rejects.toMatchObject({ code: 'io' });
    expect((await storage.list(T, '/d'))?.map((entry) => entry.path)).toEqual(['/d/a', '/d/b', '/d/c']);
  });
});
