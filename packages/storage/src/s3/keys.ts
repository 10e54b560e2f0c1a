import { Buffer } from 'node:buffer';
import { checkTenant, pathParts } from '../paths.ts';
import { StorageError } from '../port.ts';

/** S3 takes 1,024 bytes; some stay free for the slash of a directory and for servers that count more. */
const MAX_KEY = 1000;

/** A prefix as keys begin with it: '' or 'a/b/'. */
export function cleanPrefix(prefix: string | undefined): string {
  const parts = (prefix ?? '').split('/').filter((part) => part !== '');
  return parts.map((part) => `${part}/`).join('');
}

/** The key of a file; with a slash behind it, that of its directory. Throws `bad-path`. */
export function keyOf(prefix: string, tenant: string, path: string): string {
  checkTenant(tenant);
  const key = `${prefix}${[tenant, ...pathParts(path)].join('/')}`;
  if (Buffer.byteLength(key) > MAX_KEY) {
    throw new StorageError('bad-path', `the storage path '${path.slice(0, 200)}…' is refused: it is too long for S3`);
  }
  return key;
}

/** The directories above a path, from the topmost; the root is none of them. */
export function parentsOf(path: string): readonly string[] {
  const parents: string[] = [];
  for (let end = path.indexOf('/', 1); end !== -1; end = path.indexOf('/', end + 1)) parents.push(path.slice(0, end));
  return parents;
}

/** Whether others, who put objects into the bucket by hand, made a path that the port would refuse. */
export function isProper(path: string): boolean {
  return !path.includes('\\') && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** A key in the header that names the source of a copy: percent-encoded, but for its slashes. */
export const copySource = (bucket: string, key: string): string =>
  `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;

/** Reads a name of a listing with `EncodingType: 'url'`, in which a plus may stand for a blank. */
export const decodeName = (name: string): string => decodeURIComponent(name.replaceAll('+', ' '));

/** Texts that are remembered for a while, at most so many. */
export class RecentSet {
  readonly #until = new Map<string, number>();
  readonly #max: number;
  readonly #lifetime: number;

  constructor(max: number, lifetime: number) {
    this.#max = max;
    this.#lifetime = lifetime;
  }

  has(text: string): boolean {
    const until = this.#until.get(text);
    if (until === undefined) return false;
    if (until > performance.now()) return true;
    this.#until.delete(text);
    return false;
  }

  add(text: string): void {
    if (this.#lifetime <= 0) return;
    this.#until.delete(text);
    this.#until.set(text, performance.now() + this.#lifetime);
    if (this.#until.size <= this.#max) return;
    // A Map keeps the order of insertion: the first is the oldest.
    for (const oldest of this.#until.keys()) {
      this.#until.delete(oldest);
      return;
    }
  }

  delete(text: string): void {
    this.#until.delete(text);
  }
}
