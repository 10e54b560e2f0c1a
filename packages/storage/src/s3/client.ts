import { createHash } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { S3_LIMITS, type S3Limits, type S3Settings } from './settings.ts';

/** What a middleware sees of a request, whatever the protocol. */
interface HttpRequest {
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/**
 * A client of the SDK within our limits: bounded retries with growing pauses (`standard`), connections that are kept
 * alive, and no wait without an end.
 */
export function createClient(settings: S3Settings): S3Client {
  const limits = { ...S3_LIMITS, ...settings.limits };
  const agent = { keepAlive: true, maxSockets: limits.maxSockets };
  const client = new S3Client({
    ...(settings.endpoint !== undefined && { endpoint: settings.endpoint }),
    forcePathStyle: settings.forcePathStyle ?? settings.endpoint !== undefined,
    region: settings.region,
    credentials: { accessKeyId: settings.accessKeyId, secretAccessKey: settings.secretAccessKey },
    retryMode: 'standard',
    maxAttempts: limits.attempts,
    // By default the SDK adds checksums of a newer kind, which many servers that speak S3 refuse or drop. Nothing is lost: all that we
    // send is a buffer, whose SHA-256 is part of the signature, and what we read is guarded by its length and by TLS.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: limits.connectTimeout,
      requestTimeout: limits.idleTimeout,
      throwOnRequestTimeout: true,
      // It would also end what is read slowly, since a reader that pauses leaves the socket idle. See `guardedBody`.
      socketTimeout: 0,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
  useContentMd5(client);
  useDeadlines(client, limits);
  return client;
}

/** The slowest line that is waited for when a request carries a body, in bytes per ms. */
const SLOWEST = 64;
/** What the server does before it answers may take it longer than to find a file. */
const SLOW_COMMANDS = new Set(['CopyObjectCommand', 'UploadPartCopyCommand', 'CompleteMultipartUploadCommand']);

/**
 * Gives each request a time by which its answer must have begun, and all of its tries together one by which the call
 * returns: the SDK itself would wait for ever for the rest of a listing.
 */
function useDeadlines(client: S3Client, limits: S3Limits): void {
  type Send = (command: S3Command, options?: object) => Promise<unknown>;
  const send = client.send.bind(client) as unknown as Send;
  const bounded: Send = async (command, options) => {
    const body = command.input.Body;
    const size = body instanceof Uint8Array ? body.byteLength : 0;
    const slow = SLOW_COMMANDS.has(command.constructor.name) ? 4 : 1;
    const requestTimeout = Math.ceil(limits.idleTimeout * slow + size / SLOWEST);
    const overall = new AbortController();
    const timer = setTimeout(() => overall.abort(), (requestTimeout + limits.idleTimeout) * limits.attempts);
    try {
      return await send(command, { ...options, requestTimeout, abortSignal: overall.signal });
    } finally {
      clearTimeout(timer);
    }
  };
  client.send = bounded;
}

interface S3Command {
  readonly input: { readonly Body?: unknown };
}

/**
 * The one request whose checksum S3 requires is that which removes many objects. AWS takes both kinds of checksum, older
 * servers only the old one.
 */
function useContentMd5(client: S3Client): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName === 'DeleteObjectsCommand') {
        const request = args.request as HttpRequest;
        for (const name of Object.keys(request.headers)) {
          if (/^x-amz-(sdk-)?checksum-/i.test(name)) delete request.headers[name];
        }
        request.headers['content-md5'] = createHash('md5')
          .update(request.body as string)
          .digest('base64');
      }
      return next(args);
    },
    { step: 'build', priority: 'low', name: 'contentMd5' },
  );
}
