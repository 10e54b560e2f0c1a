import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { refuseS3, type TestS3, startTestS3 } from '@tiercel/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { checkS3, type S3Problem } from './check.ts';
import type { S3Settings } from './settings.ts';

const LIMITS = { connectTimeout: 300, idleTimeout: 300, attempts: 1 };

let server: TestS3;
beforeAll(async () => {
  server = await startTestS3();
});
afterAll(() => server.close());
afterEach(() => server.intercept(undefined));

/** The check must fail with this problem, in one sentence that names the bucket and no secret. */
async function refused(settings: Partial<S3Settings>, problem: S3Problem, sentence: RegExp): Promise<void> {
  const given = { ...server, limits: LIMITS, ...settings };
  const error = await checkS3(given).then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  expect(error).toMatchObject({ name: 'S3SetupError', problem });
  expect(error?.message).toMatch(sentence);
  expect(error?.message).not.toContain('\n');
  expect(error?.message).not.toContain(given.secretAccessKey);
}

/** Answers some requests with an error. */
const answering = (method: string, status: number, code: string): void =>
  server.intercept((request, response) => {
    if (request.method !== method) return false;
    refuseS3(response, status, code);
    return true;
  });

describe('checkS3', () => {
  test('a bucket that can be used is left as it was', async () => {
    await checkS3({ ...server, prefix: 'p' });
    expect(server.keys()).toEqual([]);
  });

  test('bucket absent', () => refused({ bucket: 'nowhere' }, 'no-bucket', /'nowhere'.* does not exist: make it/));

  test('access key unknown, secret wrong', async () => {
    await refused({ accessKeyId: 'other' }, 'credentials', /does not know the access key/);
    await refused({ secretAccessKey: 'wrong' }, 'credentials', /refuses the secret access key/);
  });

  test('no right to list, to write, to remove', async () => {
    answering('GET', 403, 'AccessDenied');
    await refused({}, 'credentials', /its right to list/);
    answering('PUT', 403, 'AccessDenied');
    await refused({}, 'read-only', /can be read only .* right to write/);
    answering('DELETE', 403, 'AccessDenied');
    await refused({}, 'read-only', /right to remove/);
  });

  test('server away, hanging, out of order', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    await refused({ endpoint }, 'unreachable', /cannot be reached \(ETIMEDOUT\)/);
    other.closeAllConnections();
    await new Promise((resolve) => other.close(resolve));
    await refused({ endpoint }, 'unreachable', /cannot be reached \(ECONNREFUSED\): check the address/);
    await refused({ endpoint: 'http://nowhere.invalid' }, 'unreachable', /cannot be reached/);
    await refused({ endpoint: 'nonsense' }, 'unreachable', /'nonsense' is no address/);
    answering('GET', 503, 'ServiceUnavailable');
    await refused({}, 'unreachable', /out of order \(503 ServiceUnavailable\)/);
  });

  test('https where http is spoken', () =>
    refused({ endpoint: server.endpoint.replace('http:', 'https:') }, 'unreachable', /http or https/));

  test('clocks apart, another region, no S3 server at all', async () => {
    answering('GET', 403, 'RequestTimeTooSkewed');
    await refused({}, 'clock', /set the clock of this machine/);
    answering('GET', 301, 'PermanentRedirect');
    await refused({}, 'region', /not in the region 'us-east-1'/);
    server.intercept((_request, response) => {
      response.writeHead(404, { 'Content-Type': 'text/html' }).end('<html><body>Not here</body></html>');
      return true;
    });
    await refused({}, 'refused', /that of an S3 server/);
    server.intercept((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><p>Welcome<br>');
      return true;
    });
    await refused({}, 'refused', /that of an S3 server/);
  });
});
