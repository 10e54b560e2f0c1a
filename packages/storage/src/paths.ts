import { type ByteRange, StorageError } from './port.ts';

const TENANT = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Throws `bad-path` unless the text can name a tenant's folder. */
export function checkTenant(tenant: string): void {
  if (!TENANT.test(tenant)) {
    throw new StorageError('bad-path', `'${tenant}' is no tenant name: letters, digits, '.', '_' and '-' are allowed`);
  }
}

/**
 * The parts of a storage path; none for `/`. Throws `bad-path` for whatever could leave the tenant's root or would name
 * the same file twice.
 */
export function pathParts(path: string): readonly string[] {
  if (path === '/') return [];
  if (!path.startsWith('/')) throw badPath(path, 'it must begin with a slash');
  if (path.includes('\0')) throw badPath(path, 'it holds a NUL character');
  if (path.includes('\\')) throw badPath(path, 'it holds a backslash');
  const parts = path.slice(1).split('/');
  for (const part of parts) {
    if (part === '') throw badPath(path, 'it has an empty part (a double or a trailing slash)');
    if (part === '.' || part === '..') throw badPath(path, `it has a part '${part}'`);
  }
  return parts;
}

/** Throws `bad-path` for the root, which is neither written nor moved nor removed. */
export function notTheRoot(path: string): void {
  if (path === '/') throw new StorageError('bad-path', `the root of the storage cannot be written, moved or removed`);
}

/** Throws `bad-path` when the target of a move lies below its source. */
export function notIntoItself(from: string, to: string): void {
  if (to.startsWith(`${from}/`)) {
    throw new StorageError('bad-path', `'${from}' cannot be moved into itself ('${to}')`);
  }
}

/** The error for a path one of whose parents is a file. */
export const fileInTheWay = (path: string): StorageError =>
  new StorageError('exists', `the storage path '${path}' cannot be made: a part of it is a file`);

/** Throws a RangeError for what no file could answer. */
export function checkRange(range: ByteRange | undefined): void {
  if (range === undefined) return;
  const { start, end } = range;
  if (!Number.isSafeInteger(start) || start < 0 || (end !== undefined && (!Number.isSafeInteger(end) || end < start))) {
    throw new RangeError(`a byte range needs 0 <= start <= end; got ${start} to ${end ?? 'the end'}`);
  }
}

const badPath = (path: string, why: string): StorageError =>
  new StorageError('bad-path', `the storage path '${path.replaceAll('\0', '\\0')}' is refused: ${why}`);

/** Order of code points, which is the order of UTF-8 bytes and thus of object stores; `<` on texts compares UTF-16 units. */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // Surrogates stand for code points above every other unit.
    const xHigh = x >= 0xd800 && x <= 0xdfff;
    const yHigh = y >= 0xd800 && y <= 0xdfff;
    return xHigh === yHigh ? x - y : xHigh ? 1 : -1;
  }
  return a.length - b.length;
}
