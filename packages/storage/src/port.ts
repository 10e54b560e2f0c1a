import type { Readable } from 'node:stream';

/** Attributes of a stored file or directory. Times in ms since 1970, size in bytes. */
export interface StoredEntry {
  /** Path below the tenant's root, with a leading slash. */
  readonly path: string;
  readonly type: 'File' | 'Directory';
  readonly size: number;
  readonly lastModified: number;
  readonly created: number;
}

/** Bytes `start` to `end`, both inclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

/**
 * Internal storage: files by tenant and path. Paths begin with a slash, are normalised, and never leave the tenant's
 * root: `..`, empty parts, NUL and backslashes are refused with an error of code `bad-path`. Reading what does not exist
 * fails with code `not-found`; a full disk with `no-space`.
 */
export interface Storage {
  /** Streams content to a path; the file appears whole or not at all (temporary name, then rename). Returns bytes written. */
  put(tenant: string, path: string, content: Readable | Buffer | string): Promise<number>;
  get(tenant: string, path: string, range?: ByteRange): Promise<Readable>;
  /** Undefined when there is nothing. */
  stat(tenant: string, path: string): Promise<StoredEntry | undefined>;
  /** Direct children of a directory, by name; undefined when the directory does not exist. */
  list(tenant: string, path: string): Promise<readonly StoredEntry[] | undefined>;
  /** All files below a directory, in order of their paths. */
  walk(tenant: string, path: string): AsyncIterable<StoredEntry>;
  makeDirectory(tenant: string, path: string): Promise<void>;
  /** Moves a file or a directory with its content. */
  move(tenant: string, from: string, to: string): Promise<void>;
  /** Removes a file, or a directory with its content; false when there was nothing. */
  delete(tenant: string, path: string): Promise<boolean>;
  close(): Promise<void>;
}

/** An error of the storage, recognised by its code. */
export class StorageError extends Error {
  readonly code: 'bad-path' | 'not-found' | 'no-space' | 'exists' | 'io';
  constructor(code: StorageError['code'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StorageError';
    this.code = code;
  }
}
