import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { createClient } from './client.ts';
import { failureOf, isUnreachable, plainCause, type S3Failure } from './errors.ts';
import { cleanPrefix } from './keys.ts';
import { placeOf, type S3Settings } from './settings.ts';

/** What is wrong with a storage that cannot be used. */
export type S3Problem = 'no-bucket' | 'credentials' | 'read-only' | 'unreachable' | 'clock' | 'region' | 'refused';

/** One sentence that tells a person what is wrong with the object storage or its settings, and what to do. */
export class S3SetupError extends Error {
  readonly problem: S3Problem;
  constructor(problem: S3Problem, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'S3SetupError';
    this.problem = problem;
  }
}

/**
 * Makes sure, when a process starts, that the bucket is there and that we may list, write and remove in it: with a small
 * object that no listing shows, since no tenant's name begins with a dot. Throws S3SetupError with one clear sentence.
 */
export async function checkS3(settings: S3Settings): Promise<void> {
  let client: S3Client;
  try {
    client = createClient(settings);
    // Reads the address, which the SDK would do at the first request.
    await client.config.endpoint?.();
  } catch (error) {
    throw new S3SetupError(
      'unreachable',
      `'${settings.endpoint}' is no address of an object storage: give one as https://host:port`,
      { cause: error },
    );
  }
  const probe = { Bucket: settings.bucket, Key: `${cleanPrefix(settings.prefix)}.tiercel-check/${randomUUID()}` };
  try {
    // A listing: its errors have a body that tells the reason, those of a look at the bucket have none.
    const list = { Bucket: settings.bucket, Prefix: probe.Key, MaxKeys: 1 };
    await step(settings, 'list', () => client.send(new ListObjectsV2Command(list)));
    await step(settings, 'write', () => client.send(new PutObjectCommand({ ...probe, Body: Buffer.from('check') })));
    await step(settings, 'remove', () => client.send(new DeleteObjectCommand(probe)));
  } finally {
    client.destroy();
  }
}

type Doing = 'list' | 'write' | 'remove';

async function step(settings: S3Settings, doing: Doing, send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    const [problem, message] = explain(settings, doing, failure);
    throw new S3SetupError(problem, message, { cause: plainCause(error) });
  }
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL|^EPROTO$/;

/** The sentence for a failure, and what kind of problem it is. */
function explain(settings: S3Settings, doing: Doing, failure: S3Failure): readonly [S3Problem, string] {
  const place = placeOf(settings);
  const { code, status } = failure;
  if (isUnreachable(failure)) {
    return ['unreachable', `${place} cannot be reached (${code}): check the address, and that the server runs`];
  }
  if (CERTIFICATE.test(code)) {
    return [
      'unreachable',
      `${place} cannot be reached safely (${code}): check http or https, and that its certificate is trusted`,
    ];
  }
  switch (code) {
    case 'NoSuchBucket':
      return ['no-bucket', `${place} does not exist: make it, or check its name`];
    case 'InvalidBucketName':
      return ['no-bucket', `${place} cannot exist: its name is not allowed`];
    case 'InvalidAccessKeyId':
      return ['credentials', `${place} does not know the access key: check its id`];
    case 'SignatureDoesNotMatch':
      return ['credentials', `${place} refuses the secret access key: check it`];
    case 'RequestTimeTooSkewed':
      return ['clock', `${place} refuses us because our clock and its own are apart: set the clock of this machine`];
    case 'PermanentRedirect':
    case 'AuthorizationHeaderMalformed':
    case 'IllegalLocationConstraintException':
      return ['region', `${place} is not in the region '${settings.region}': check the region and the address`];
  }
  if (status === 401 || status === 403) {
    if (doing === 'list') {
      return ['credentials', `${place} refuses us (${code}): check the access key and its right to list`];
    }
    return ['read-only', `${place} can be read only (${code}): give the access key the right to ${doing}`];
  }
  if (status !== undefined && status >= 500) {
    return ['unreachable', `${place} is out of order (${status} ${code}): look at the server, and try again`];
  }
  const answer = status === undefined ? code : `${status} ${code}`;
  return [
    'refused',
    `${place} cannot be used: a test to ${doing} failed (${answer}); check that the address is that of an S3 server`,
  ];
}
