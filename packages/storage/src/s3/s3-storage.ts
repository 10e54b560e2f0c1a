import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { checkRange, comparePaths, fileInTheWay, notIntoItself, notTheRoot } from '../paths.ts';
import { type ByteRange, type DeleteOptions, type Storage, StorageError, type StoredEntry } from '../port.ts';
import { guardedBody } from './body.ts';
import { createClient } from './client.ts';
import { copyObject } from './copy.ts';
import { failureOf, toS3Error } from './errors.ts';
import { cleanPrefix, decodeName, isProper, keyOf, parentsOf, RecentSet } from './keys.ts';
import { S3_LIMITS, type S3Limits, type S3Settings } from './settings.ts';
import { uploadStream } from './upload.ts';

const COPIES_AT_A_TIME = 8;
const REMEMBERED_PARENTS = 10_000;

/**
 * Internal storage in a bucket: tenant `t`, path `/a/b` is the object `<prefix>/t/a/b`. A directory is there when any key
 * begins with it; one that was made is an object of no bytes whose key ends with a slash. Any number of processes may
 * share a bucket.
 *
 * S3 has no transactions: that a file and a directory do not get one path is looked up beforehand and can be missed by two
 * writers at once. Then the file is the one that `get`, `stat` and `list` see, `walk` gives all, and `delete` removes both.
 *
 * No request is sent here; see `checkS3`.
 */
export function createS3Storage(settings: S3Settings): Storage {
  return new S3Storage(settings);
}

/** What is known of an object: `size` in bytes, `modified` in ms since 1970. */
interface Found {
  readonly key: string;
  readonly size: number;
  readonly modified: number;
}

interface Page {
  readonly objects: readonly Found[];
  /** Keys of directories, with their slash. */
  readonly directories: readonly string[];
}

class S3Storage implements Storage {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #limits: S3Limits;
  /** Keys that were no files a moment ago: parents are looked at once, not again for every file below them. */
  readonly #noFiles: RecentSet;

  constructor(settings: S3Settings) {
    this.#client = createClient(settings);
    this.#bucket = settings.bucket;
    this.#prefix = cleanPrefix(settings.prefix);
    this.#limits = { ...S3_LIMITS, ...settings.limits };
    this.#noFiles = new RecentSet(REMEMBERED_PARENTS, this.#limits.parentsKnownFor);
  }

  async put(tenant: string, path: string, content: Readable | Buffer | string): Promise<number> {
    const key = this.#target(tenant, path);
    const ready = (): Promise<void> => this.#makeWay(tenant, path, key);
    if (content instanceof Readable) {
      const { partSize, partsAtATime } = this.#limits;
      const to = { client: this.#client, bucket: this.#bucket, key, partSize, partsAtATime };
      return uploadStream(to, content, ready, (error) => toS3Error(error, path));
    }
    return this.#told(path, async () => {
      await ready();
      const body = typeof content === 'string' ? Buffer.from(content) : content;
      await this.#client.send(new PutObjectCommand({ ...this.#at(key), Body: body }));
      return body.byteLength;
    });
  }

  async get(tenant: string, path: string, range?: ByteRange): Promise<Readable> {
    checkRange(range);
    const key = keyOf(this.#prefix, tenant, path);
    const bytes = range === undefined ? {} : { Range: `bytes=${range.start}-${range.end ?? ''}` };
    return this.#told(path, async () => {
      try {
        const { Body } = await this.#client.send(new GetObjectCommand({ ...this.#at(key), ...bytes }));
        return guardedBody(Body as Readable, path, this.#limits.idleTimeout);
      } catch (error) {
        // The range begins behind the end.
        if (range !== undefined && failureOf(error)?.status === 416) return Readable.from([]);
        throw error;
      }
    });
  }

  async stat(tenant: string, path: string): Promise<StoredEntry | undefined> {
    const key = keyOf(this.#prefix, tenant, path);
    return this.#told(path, async () => {
      const file = path === '/' ? undefined : await this.#head(key);
      if (file !== undefined) return fileEntry(path, file);
      return (await this.#first(`${key}/`, 1)).length > 0 ? directoryEntry(path) : undefined;
    });
  }

  async list(tenant: string, path: string): Promise<readonly StoredEntry[] | undefined> {
    const key = `${keyOf(this.#prefix, tenant, path)}/`;
    return this.#told(path, async () => {
      const base = path === '/' ? '/' : `${path}/`;
      const entries = new Map<string, StoredEntry>();
      let isThere = false;
      for await (const { objects, directories } of this.#pages(key, { delimiter: '/' })) {
        isThere ||= objects.length > 0 || directories.length > 0;
        for (const directory of directories) {
          const name = directory.slice(key.length, -1);
          if (isProper(name) && !entries.has(name)) entries.set(name, directoryEntry(base + name));
        }
        for (const object of objects) {
          const name = object.key.slice(key.length);
          // The directory's own marker has no name left.
          if (isProper(name)) entries.set(name, fileEntry(base + name, object));
        }
      }
      return isThere ? [...entries.values()].toSorted((a, b) => comparePaths(a.path, b.path)) : undefined;
    });
  }

  async *walk(tenant: string, path: string): AsyncGenerator<StoredEntry> {
    const key = `${keyOf(this.#prefix, tenant, path)}/`;
    const base = path === '/' ? '/' : `${path}/`;
    try {
      // S3 lists in the order of UTF-8 bytes, which is that of code points.
      for await (const { objects } of this.#pages(key)) {
        for (const object of objects) {
          const rest = object.key.slice(key.length);
          if (isProper(rest)) yield fileEntry(base + rest, object);
        }
      }
    } catch (error) {
      throw toS3Error(error, path);
    }
  }

  async makeDirectory(tenant: string, path: string): Promise<void> {
    const key = keyOf(this.#prefix, tenant, path);
    await this.#told(path, async () => {
      const inTheWay = path === '/' ? undefined : await this.#head(key);
      if (inTheWay !== undefined) throw exists(path, 'a file');
      await this.#checkParents(tenant, path);
      await this.#putMarker(`${key}/`);
    });
  }

  async move(tenant: string, from: string, to: string): Promise<void> {
    const source = this.#target(tenant, from);
    const target = this.#target(tenant, to);
    notIntoItself(from, to);
    await this.#told(from, async () => {
      const file = await this.#head(source);
      const below: Found[] = [];
      for await (const { objects } of this.#pages(`${source}/`)) below.push(...objects);
      const all = file === undefined ? below : [file, ...below];
      if (all.length === 0) throw new StorageError('not-found', `the storage path '${from}' does not exist`);
      if (from === to) return;
      if (file !== undefined) await this.#makeWay(tenant, to, target);
      if (below.length > 0) await this.#makeWayForDirectory(tenant, to, target);
      await inTurns(all, COPIES_AT_A_TIME, async (found) => {
        const key = target + found.key.slice(source.length);
        // Made anew: servers over a file system do not copy directories.
        if (key.endsWith('/')) await this.#putMarker(key);
        else await copyObject(this.#client, this.#bucket, found, key, this.#limits.copySize);
      });
      // Only what was copied goes: a file that came meanwhile stays where it is.
      for (let i = 0; i < all.length; i += 1000) await this.#remove(all.slice(i, i + 1000));
    });
  }

  async delete(tenant: string, path: string, options?: DeleteOptions): Promise<boolean> {
    const key = this.#target(tenant, path);
    const stop = options?.pruneUpTo === undefined ? undefined : keyOf(this.#prefix, tenant, options.pruneUpTo);
    return this.#told(path, async () => {
      const file = await this.#head(key);
      if (file !== undefined) await this.#client.send(new DeleteObjectCommand(this.#at(key)));
      let isThere = file !== undefined;
      for await (const { objects } of this.#pages(`${key}/`)) {
        if (objects.length === 0) continue;
        isThere = true;
        await this.#remove(objects);
      }
      if (isThere && stop !== undefined) await this.#prune(key, stop, options?.pruneUpTo === '/');
      return isThere;
    });
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  /** The key of a path that is written, moved or removed. */
  #target(tenant: string, path: string): string {
    notTheRoot(path);
    return keyOf(this.#prefix, tenant, path);
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: key };
  }

  /** Runs requests; what S3 says against them comes out as an error of the storage. */
  async #told<T>(path: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw toS3Error(error, path);
    }
  }

  /** The object of a key, or undefined. */
  async #head(key: string): Promise<Found | undefined> {
    try {
      const { ContentLength, LastModified } = await this.#client.send(new HeadObjectCommand(this.#at(key)));
      return { key, size: ContentLength ?? 0, modified: LastModified?.getTime() ?? 0 };
    } catch (error) {
      if (failureOf(error)?.status === 404) return undefined;
      throw error;
    }
  }

  /** What begins with a prefix, page by page; with a delimiter, keys are cut off behind it. */
  async *#pages(prefix: string, options: { delimiter?: string; pageSize?: number } = {}): AsyncGenerator<Page> {
    let token: string | undefined;
    do {
      const page = await this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: prefix,
          // XML cannot hold every character that a name may have.
          EncodingType: 'url',
          ...(options.delimiter !== undefined && { Delimiter: options.delimiter }),
          ...(options.pageSize !== undefined && { MaxKeys: options.pageSize }),
          ...(token !== undefined && { ContinuationToken: token }),
        }),
      );
      const plain = page.EncodingType === 'url' ? decodeName : (name: string) => name;
      yield {
        objects: (page.Contents ?? []).map(({ Key, Size, LastModified }) => ({
          key: plain(Key ?? ''),
          size: Size ?? 0,
          modified: LastModified?.getTime() ?? 0,
        })),
        directories: (page.CommonPrefixes ?? []).map(({ Prefix }) => plain(Prefix ?? '')),
      };
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** The first few objects below a directory; none when it does not exist. */
  async #first(prefix: string, count: number): Promise<readonly Found[]> {
    const found: Found[] = [];
    for await (const { objects } of this.#pages(prefix, { pageSize: count })) {
      found.push(...objects);
      if (found.length >= count) break;
    }
    return found;
  }

  /** Checks that a file can be put: no parent is a file, and the path itself is no directory. */
  async #makeWay(tenant: string, path: string, key: string): Promise<void> {
    const [below] = await Promise.all([this.#first(`${key}/`, 1), this.#checkParents(tenant, path)]);
    if (below.length > 0) throw exists(path, 'a directory');
    this.#noFiles.delete(key);
  }

  /** The same for a directory; an empty one may be there already. */
  async #makeWayForDirectory(tenant: string, path: string, key: string): Promise<void> {
    const [file, below] = await Promise.all([
      this.#head(key),
      this.#first(`${key}/`, 2),
      this.#checkParents(tenant, path),
    ]);
    if (file !== undefined) throw exists(path, 'a file');
    if (below.some((one) => one.key !== `${key}/`)) throw exists(path, 'a directory that is not empty');
  }

  async #checkParents(tenant: string, path: string): Promise<void> {
    const keys = parentsOf(path).map((parent) => keyOf(this.#prefix, tenant, parent));
    const unknown = keys.filter((key) => !this.#noFiles.has(key));
    const files = await Promise.all(unknown.map((key) => this.#head(key)));
    if (files.some((file) => file !== undefined)) throw fileInTheWay(path);
    for (const key of unknown) this.#noFiles.add(key);
  }

  async #putMarker(key: string): Promise<void> {
    await this.#client.send(new PutObjectCommand({ ...this.#at(key), Body: Buffer.alloc(0) }));
  }

  /** Removes up to 1,000 objects. */
  async #remove(objects: readonly Found[]): Promise<void> {
    const { Errors = [] } = await this.#client.send(
      new DeleteObjectsCommand({
        Bucket: this.#bucket,
        Delete: { Quiet: true, Objects: objects.map(({ key }) => ({ Key: key })) },
      }),
    );
    const [first] = Errors;
    if (first !== undefined) throw Object.assign(new Error(first.Message ?? 'not removed'), { Code: first.Code });
  }

  /** Removes the markers of parents in which nothing else is left; the last directory stays even when empty. */
  async #prune(key: string, stop: string, toRoot: boolean): Promise<void> {
    if (!key.startsWith(`${stop}/`)) return;
    for (let end = key.lastIndexOf('/'); end > stop.length; end = key.lastIndexOf('/', end - 1)) {
      const parent = key.slice(0, end + 1);
      const left = await this.#first(parent, 2);
      if (left.some((one) => one.key !== parent)) return;
      if (left.length > 0) await this.#client.send(new DeleteObjectCommand(this.#at(parent)));
    }
    if (!toRoot && (await this.#first(`${stop}/`, 1)).length === 0) await this.#putMarker(`${stop}/`);
  }
}

const fileEntry = (path: string, { size, modified }: Found): StoredEntry => ({
  path,
  type: 'File',
  size,
  lastModified: modified,
  created: modified,
});

const directoryEntry = (path: string): StoredEntry => ({
  path,
  type: 'Directory',
  size: 0,
  lastModified: 0,
  created: 0,
});

const exists = (path: string, what: string): StorageError =>
  new StorageError('exists', `the storage path '${path}' cannot be written: ${what} is there`);

/** Runs a job for each item, at most so many at a time. The first failure stops the rest and is thrown when all have ended. */
async function inTurns<T>(items: readonly T[], atATime: number, job: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const item of left) {
      if (failures.length > 0) return;
      try {
        await job(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atATime, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
}
