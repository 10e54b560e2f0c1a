import { StorageError, type StorageErrorCode } from '../port.ts';

/** What an error of the SDK, or of the connection below it, says of itself. */
export interface S3Failure {
  /** S3's own code (`NoSuchKey`), the system's (`ECONNREFUSED`), or the name of the error. */
  readonly code: string;
  /** Of the answer; undefined when there was none. */
  readonly status: number | undefined;
  readonly message: string;
}

const CODES: Readonly<Record<string, StorageErrorCode>> = {
  NoSuchKey: 'not-found',
  NotFound: 'not-found',
  NoSuchUpload: 'io',
  KeyTooLongError: 'bad-path',
  XMinioInvalidObjectName: 'bad-path',
  // Of servers with disks or quotas of their own, and of AWS for a file above its limit.
  QuotaExceeded: 'no-space',
  InsufficientStorage: 'no-space',
  XMinioStorageFull: 'no-space',
  XMinioAdminBucketQuotaExceeded: 'no-space',
  EntityTooLarge: 'no-space',
  SlowDown: 'unavailable',
  RequestTimeout: 'unavailable',
  TooManyRequests: 'unavailable',
  TimeoutError: 'unavailable',
  // Our own deadline.
  AbortError: 'unavailable',
};

/** Connections that were not made, or broke. Certificates are not among them: they do not get better by themselves. */
const CONNECTION =
  /^(ECONN(REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|E(HOST|NET)(UNREACH|DOWN)|ERR_STREAM_PREMATURE_CLOSE)$/;

/** Reads an error of the SDK. */
export function failureOf(error: unknown): S3Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, Code, $metadata } = error as {
    code?: unknown;
    Code?: unknown;
    $metadata?: { httpStatusCode?: number };
  };
  const own = [Code, code].find((one): one is string => typeof one === 'string');
  return { code: own ?? error.name, status: $metadata?.httpStatusCode, message: error.message };
}

/**
 * An error of the SDK for a log: without the request and the answer that the SDK hangs onto it, with sockets and all.
 * What S3 wants to be told when it is asked about a request stays.
 */
export function plainCause(error: unknown): unknown {
  const failure = failureOf(error);
  if (failure === undefined) return error;
  const { name, message, stack, $metadata } = error as Error & { $metadata?: { requestId?: string } };
  const requestId = $metadata?.requestId;
  const plain = Object.assign(new Error(message), {
    code: failure.code,
    ...(requestId !== undefined && { requestId }),
  });
  plain.name = name;
  if (stack !== undefined) plain.stack = stack;
  return plain;
}

/** True when the server could not be reached or did not answer in time. */
export const isUnreachable = ({ code, status }: S3Failure): boolean =>
  status === undefined && (code === 'TimeoutError' || code === 'AbortError' || CONNECTION.test(code));

function codeOf(failure: S3Failure): StorageErrorCode {
  const { code, status } = failure;
  if (isUnreachable(failure)) return 'unavailable';
  const known = Object.hasOwn(CODES, code) ? CODES[code] : undefined;
  if (known !== undefined) return known;
  if (status === 507) return 'no-space';
  if (status === 429 || (status !== undefined && status >= 500 && status !== 501)) return 'unavailable';
  return 'io';
}

const TEXTS: Readonly<Record<StorageErrorCode, string>> = {
  'not-found': 'does not exist',
  'no-space':
    'cannot be written: the object storage (S3) takes no more; free space, raise its quota, or split the file',
  exists: 'is in the way: a file and a directory cannot have the same path',
  'bad-path': 'is refused by the object storage (S3): it is too long or not allowed',
  unavailable: 'cannot be read or written now: the object storage (S3) cannot be reached or is too busy, try again',
  io: 'cannot be read or written: the object storage (S3) refuses it',
};

/** The storage's error for one of the SDK; a StorageError, and what is no error of S3, come back as they are. */
export function toS3Error(error: unknown, path: string): unknown {
  if (error instanceof StorageError) return error;
  const failure = failureOf(error);
  if (failure === undefined || error instanceof RangeError || error instanceof TypeError) return error;
  const code = codeOf(failure);
  return new StorageError(code, `the storage path '${path}' ${TEXTS[code]} (${failure.code})`, {
    cause: plainCause(error),
  });
}
