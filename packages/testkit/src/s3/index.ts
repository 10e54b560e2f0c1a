import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ObjectFolder } from './objects.ts';
import { perform } from './operations.ts';
import { S3Refusal } from './refusal.ts';
import { checkSignature, type S3Credentials } from './signature.ts';
import { xml } from './xml.ts';

export interface TestS3Options {
  /** Default `tiercel`. */
  readonly bucket?: string;
  /** Where the objects are kept; default: a temporary folder, removed with the server. */
  readonly folder?: string;
  /** Default: a free one. */
  readonly port?: number;
}

/** A running server, with what a client needs to use it. */
export interface TestS3 extends S3Credentials {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly forcePathStyle: true;
  /** Keys of all objects. */
  keys(): readonly string[];
  /** Keys of multipart uploads that were neither completed nor aborted. */
  pendingUploads(): readonly string[];
  /** Connections that are open now, used or kept alive. */
  connections(): number;
  /** Answers of requests that are under way. */
  answering(): number;
  /** Looks at each request first; true when it has answered, or will never. Undefined ends it. */
  intercept(handler: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined): void;
  close(): Promise<void>;
}

const ACCESS = { accessKeyId: 'tiercel', secretAccessKey: 'tiercel-secret' };

/**
 * Starts an S3 server in this process, with one bucket: for tests and for trying things out, never for data that matter.
 * It holds what our storage needs as S3 does it: signatures, order of keys, atomic puts, multipart uploads, copies. It
 * refuses what older servers refuse (checksums behind a body, removal without Content-MD5).
 *
 * `s3rver` from npm, which one would rather use, fails on Node.js 17 and later at the second page of a listing (it
 * encrypts its tokens with DES), knows no abort of uploads, lists in another order, and mixes two puts of one key.
 */
export async function startTestS3(options: TestS3Options = {}): Promise<TestS3> {
  const bucket = options.bucket ?? 'tiercel';
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'tiercel-s3-')));
  const objects = await ObjectFolder.open(join(folder, bucket));
  const sockets = new Set<Socket>();
  let answering = 0;
  let intercepted: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    checkSignature(request, ACCESS);
    const url = new URL(request.url ?? '/', 'http://localhost');
    const [, name = '', ...key] = (request.url ?? '/').split('?')[0]!.split('/');
    if (decodeURIComponent(name) !== bucket) throw new S3Refusal(404, 'NoSuchBucket', 'The bucket does not exist');
    const call = { request, response, folder: objects, bucket, query: url.searchParams };
    await perform({ ...call, key: decodeURIComponent(key.join('/')) });
  };
  const server = createServer((request, response) => {
    answering += 1;
    response.once('close', () => {
      answering -= 1;
    });
    if (intercepted?.(request, response) === true) return;
    serve(request, response).catch((error: unknown) => refuse(request, response, error));
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    ...ACCESS,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    bucket,
    forcePathStyle: true,
    keys: () => [...objects.from('')].map(({ key }) => key),
    pendingUploads: () => objects.uploads.map(({ key }) => key),
    connections: () => sockets.size,
    answering: () => answering,
    intercept: (handler) => {
      intercepted = handler;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Answers with an error as S3 does it. For interceptors too. */
export function refuseS3(response: ServerResponse, status: number, code: string, message = code): void {
  response.writeHead(status, { 'Content-Type': 'application/xml' });
  response.end(xml({ Error: { Code: code, Message: message } }));
}

function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  // The client left, or the answer is under way: the connection is all that can tell.
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  // What was not read of the body must not be taken for the next request.
  if (!request.complete) response.setHeader('Connection', 'close');
  if (error instanceof S3Refusal) refuseS3(response, error.status, error.code, error.message);
  else refuseS3(response, 500, 'InternalError', String(error));
}
