import { StorageError, type StorageErrorCode } from './port.ts';

const CODES: Readonly<Record<string, StorageErrorCode>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EFBIG: 'no-space',
  EISDIR: 'exists',
  EEXIST: 'exists',
  ENOTEMPTY: 'exists',
  ENAMETOOLONG: 'bad-path',
  ELOOP: 'bad-path',
  EINVAL: 'bad-path',
};

const TEXTS: Readonly<Record<StorageErrorCode, string>> = {
  'not-found': 'does not exist',
  'no-space': 'cannot be written: the disk of the internal storage is full; free space or move the storage',
  exists: 'is in the way: a file and a directory cannot have the same path',
  'bad-path': 'is refused by the file system: a part of it is too long or not allowed',
  unavailable: 'cannot be reached now, try again',
  io: 'cannot be read or written',
};

/** The system's own error code, when the error has one. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** The storage's error for one of the file system; a StorageError and errors without a system code come back as they are. */
export function toStorageError(error: unknown, path: string): unknown {
  if (error instanceof StorageError) return error;
  const code = systemCode(error);
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
  const kind = CODES[code] ?? 'io';
  return new StorageError(kind, `the storage path '${path}' ${TEXTS[kind]} (${code})`, { cause: error });
}
