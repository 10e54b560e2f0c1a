import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type TestS3, startTestS3, waitUntil } from '@tiercel/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Storage } from '../port.ts';
import { storageContract } from '../storage.contract.ts';
import { createS3Storage } from './s3-storage.ts';
import { contractSubject, externalS3 } from './test-target.ts';

const MIB = 1024 * 1024;
const T = 'main';

let server: TestS3;
beforeAll(async () => {
  server = await startTestS3();
});
afterAll(() => server.close());

storageContract('S3 in this process', async () => contractSubject(server));

const external = externalS3(process.env);
if (external !== undefined) storageContract(`S3 at ${external.endpoint}`, async () => contractSubject(external));

describe('S3', () => {
  let storage: Storage;
  beforeEach(() => {
    storage = createS3Storage({ ...server, limits: { parentsKnownFor: 0 } });
  });
  afterEach(async () => {
    server.intercept(undefined);
    await storage.delete(T, '/t');
    await storage.close();
  });

  test('keys are tenant and path below the prefix; directories that were made end in a slash', async () => {
    const prefixed = createS3Storage({ ...server, prefix: '/a//b/' });
    await prefixed.put(T, '/x/y.txt', 'x');
    await prefixed.makeDirectory(T, '/x/d');
    expect(server.keys()).toEqual(['a/b/main/x/d/', 'a/b/main/x/y.txt']);
    expect(await prefixed.delete(T, '/x')).toBe(true);
    expect(server.keys()).toEqual([]);
    await prefixed.close();
  });

  test('an upload in parts is never far ahead of the server, however long the source', async () => {
    let produced = 0;
    let received = 0;
    let furthest = 0;
    server.intercept((request) => {
      if (request.url?.includes('partNumber=') === true) {
        received += Number(request.headers['content-length']);
      }
      return false;
    });
    const piece = Buffer.alloc(256 * 1024, 'x');
    const source = Readable.from(
      (function* () {
        for (let i = 0; i < 4 * 96; i += 1) {
          produced += piece.length;
          furthest = Math.max(furthest, produced - received);
          yield piece;
        }
      })(),
    );
    expect(await storage.put(T, '/t/large', source)).toBe(96 * MIB);
    expect(received).toBe(96 * MIB);
    expect(furthest).toBeLessThanOrEqual(5 * 8 * MIB);
  });

  test('nothing is left of uploads that fail, and the source is closed', async () => {
    let parts = 0;
    let produced = 0;
    server.intercept((request, response) => {
      if (request.url?.includes('partNumber=') !== true) return false;
      parts += 1;
      if (parts < 2) return false;
      response.writeHead(403).end();
      return true;
    });
    const source = Readable.from(
      (function* () {
        for (; produced < 400; produced += 1) yield Buffer.alloc(MIB);
      })(),
    );
    await expect(storage.put(T, '/t/large', source)).rejects.toMatchObject({ name: 'StorageError', code: 'io' });
    expect(source.destroyed).toBe(true);
    expect(produced).toBeLessThan(60);
    expect(server.pendingUploads()).toEqual([]);
    expect(await storage.stat(T, '/t/large')).toBeUndefined();
  });

  test('a source is closed when its path is taken', async () => {
    await storage.put(T, '/t/d/f', 'x');
    const source = Readable.from(['x']);
    await expect(storage.put(T, '/t/d', source)).rejects.toMatchObject({ code: 'exists' });
    expect(source.destroyed).toBe(true);
  });

  test('readers that leave, and answers that were read, leave no connection in use', async () => {
    await storage.put(T, '/t/f', Buffer.alloc(8 * MIB));
    const narrow = createS3Storage({ ...server, limits: { maxSockets: 2, connectTimeout: 2000 } });
    for (let i = 0; i < 12; i += 1) {
      const stream = await narrow.get(T, '/t/f');
      if (i % 3 === 1) for await (const _chunk of stream) break;
      if (i % 3 === 2) await text(stream);
      stream.destroy();
    }
    await waitUntil(() => server.answering() === 0, { what: 'all answers to end' });
    await narrow.close();
  });

  test('a file and a directory of one path, as only others could make them: the file is seen, nothing is lost', async () => {
    const blind = createS3Storage({ ...server, limits: { parentsKnownFor: 60_000 } });
    await blind.put(T, '/t/x/first', 'x');
    await storage.delete(T, '/t/x');
    await storage.put(T, '/t/x', 'the file');
    await blind.put(T, '/t/x/below', 'y');
    expect(await storage.stat(T, '/t/x')).toMatchObject({ type: 'File' });
    expect((await storage.list(T, '/t'))?.map((e) => [e.path, e.type])).toEqual([['/t/x', 'File']]);
    const walked: string[] = [];
    for await (const entry of storage.walk(T, '/t')) walked.push(entry.path);
    expect(walked).toEqual(['/t/x', '/t/x/below']);
    await storage.move(T, '/t/x', '/t/y');
    expect(await text(await storage.get(T, '/t/y'))).toBe('the file');
    expect(await text(await storage.get(T, '/t/y/below'))).toBe('y');
    expect(await storage.delete(T, '/t/y')).toBe(true);
    expect(server.keys()).toEqual([]);
    await blind.close();
  });

  test('large files are moved in parts', async () => {
    const small = createS3Storage({ ...server, limits: { copySize: 5 * MIB } });
    const content = 'abcdefgh'.repeat((12 * MIB) / 8);
    await small.put(T, '/t/from', content);
    await small.move(T, '/t/from', '/t/to here');
    expect((await text(await small.get(T, '/t/to here'))) === content).toBe(true);
    expect(await small.stat(T, '/t/from')).toBeUndefined();
    expect(server.pendingUploads()).toEqual([]);
    await small.close();
  });

  test('parents are looked at once, not for each file', async () => {
    const known = createS3Storage(server);
    let heads = 0;
    server.intercept((request) => {
      if (request.method === 'HEAD') heads += 1;
      return false;
    });
    for (let i = 0; i < 5; i += 1) await known.put(T, `/t/a/b/${i}`, 'x');
    expect(heads).toBe(3);
    await known.close();
  });
});
