import { StorageError } from './port.ts';

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
