/** Which bucket, and how to reach it. */
export interface S3Settings {
  /** Address of the server; without it, that of AWS for the region. */
  readonly endpoint?: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Bucket in the path, not in the host name: most servers other than AWS need it. Default: true with an endpoint. */
  readonly forcePathStyle?: boolean;
  /** Begins the key of every file, for a bucket that is shared with others. */
  readonly prefix?: string;
  readonly limits?: Partial<S3Limits>;
}

/** Bounds of time, memory and connections. Times in ms, sizes in bytes. */
export interface S3Limits {
  /** How long a connection may take, the wait for a free one included. */
  readonly connectTimeout: number;
  /** How long the server may be silent while it is waited for; more for requests with a body and for copies. */
  readonly idleTimeout: number;
  /** How often a request is tried in all. */
  readonly attempts: number;
  /** Connections at a time. A file that is read holds one until it was read or closed. */
  readonly maxSockets: number;
  /** Files above it go up in parts of this size, of which S3 takes 10,000. At least 5 MiB. */
  readonly partSize: number;
  /** Parts of one file that go up at a time: what a put holds in memory is about twice as many. */
  readonly partsAtATime: number;
  /** Files above it are copied in parts of this size, at most 5 GiB, so that no copy is silent for long. */
  readonly copySize: number;
  /** How long a path that was seen not to be a file is not looked at again when something is put below it. */
  readonly parentsKnownFor: number;
}

const MIB = 1024 * 1024;

/** The limits of a process in earnest. */
export const S3_LIMITS: S3Limits = {
  connectTimeout: 3000,
  idleTimeout: 30_000,
  attempts: 4,
  maxSockets: 256,
  partSize: 8 * MIB,
  partsAtATime: 2,
  copySize: 512 * MIB,
  parentsKnownFor: 30_000,
};

/** Where the storage is, for messages: never a secret. */
export const placeOf = ({ endpoint, region, bucket }: S3Settings): string =>
  `the bucket '${bucket}' at ${endpoint ?? `AWS (${region})`}`;
