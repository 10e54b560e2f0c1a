import type { Readable } from 'node:stream';

/**
 * Attributes of a stored file or directory. Times in ms since 1970, size in bytes. An object store has no times of
 * directories, which are 0, and knows only when a file was last written, which is then `created` too.
 */
export interface StoredEntry {
  /** Path below the tenant's root, with a leading slash. */
  readonly path: string;
  readonly type: 'File' | 'Directory';
  readonly size: number;
  readonly lastModified: number;
  readonly created: number;
}

/** Bytes `start` to `end`, both inclusive; what lies beyond the end of the file is left out. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

export interface DeleteOptions {
  /** Also removes the parents that became empty, up to this directory, which itself stays. */
  readonly pruneUpTo?: string;
}

/**
 * Internal storage: files by tenant and path. Paths begin with a slash, are normalised, and never leave the tenant's
 * root: `.`, `..`, empty parts, NUL and backslashes are refused with an error of code `bad-path`. Reading what does not
 * exist fails with code `not-found`; a full disk with `no-space`; a file where a directory is needed, or the other way
 * round, with `exists`; a storage that is away with `unavailable`.
 *
 * A directory that was made stays until it is removed. One that is there only because a file was put below it may go with its last file:
 * object stores know no directories.
 */
export interface Storage {
  /**
   * Streams content to a path; the file appears whole or not at all (temporary name, then rename). Parents are made,
   * an existing file is replaced. Returns bytes written. When the content fails, its error comes out unchanged; when
   * the storage fails, the content is destroyed.
   */
  put(tenant: string, path: string, content: Readable | Buffer | string): Promise<number>;
  get(tenant: string, path: string, range?: ByteRange): Promise<Readable>;
  /** Undefined when there is nothing. */
  stat(tenant: string, path: string): Promise<StoredEntry | undefined>;
  /** Direct children of a directory, by name; undefined when the directory does not exist. */
  list(tenant: string, path: string): Promise<readonly StoredEntry[] | undefined>;
  /** All files below a directory, in order of their paths (code points); none when there is no such directory. */
  walk(tenant: string, path: string): AsyncIterable<StoredEntry>;
  /** Makes a directory with its parents; an existing one is left alone. */
  makeDirectory(tenant: string, path: string): Promise<void>;
  /**
   * Moves a file or a directory with its content; parents of the target are made, an existing file is replaced. An object store copies
   * and then removes: a move that fails half-way leaves the source whole, and perhaps copies.
   */
  move(tenant: string, from: string, to: string): Promise<void>;
  /** Removes a file, or a directory with its content; false when there was nothing. */
  delete(tenant: string, path: string, options?: DeleteOptions): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * `unavailable`: the storage is away or too busy, the same call may succeed later; `io`: whatever else kept it from
 * reading or writing, and will do so again until somebody mends it.
 */
export type StorageErrorCode = 'bad-path' | 'not-found' | 'no-space' | 'exists' | 'unavailable' | 'io';

/** An error of the storage, recognised by its code; its message is for people. */
export class StorageError extends Error {
  readonly code: StorageErrorCode;
  constructor(code: StorageErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StorageError';
    this.code = code;
  }
}
