import { randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import {
  lstat,
  mkdir,
  open,
  opendir,
  readdir,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { Readable } from 'node:stream';
import { systemCode, toStorageError } from './local-errors.ts';
import { checkRange, checkTenant, comparePaths, fileInTheWay, notIntoItself, notTheRoot, pathParts } from './paths.ts';
import { type ByteRange, type DeleteOptions, type Storage, StorageError, type StoredEntry } from './port.ts';

/** Unfinished uploads; no tenant's name begins with a dot, so nothing here is ever listed. */
const UPLOADS = '.uploads';
/** Uploads that nobody touched for this long belong to a process that died. */
const STALE_UPLOAD_MS = 24 * 60 * 60 * 1000;
/** How often a write begins again when another call removes its parent directory in between. */
const PARENT_ATTEMPTS = 5;

/**
 * Internal storage on a local disk: tenant `t`, path `/a/b` is the file `<root>/t/a/b`. Several processes may share the
 * root. Symbolic links are followed only where they stay within the tenant's folder.
 *
 * @param root folder, made when it does not exist; it must be one file system
 * @throws StorageError when the folder cannot be made or written
 */
export async function createLocalStorage(root: string): Promise<Storage> {
  try {
    await mkdir(join(root, UPLOADS), { recursive: true });
    const real = await realpath(root);
    await removeStaleUploads(join(real, UPLOADS), Date.now() - STALE_UPLOAD_MS);
    return new LocalStorage(real);
  } catch (error) {
    throw toStorageError(error, root);
  }
}

async function removeStaleUploads(folder: string, before: number): Promise<void> {
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name);
    const stats = await lstatIfThere(path);
    if (stats !== undefined && stats.mtimeMs < before) await rm(path, { force: true });
  }
}

class LocalStorage implements Storage {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async put(tenant: string, path: string, content: Readable | Buffer | string): Promise<number> {
    const target = this.#target(tenant, path);
    const upload = join(this.#root, UPLOADS, randomUUID());
    // It may break before the file is open, and an error without a listener ends the process. Reading it tells the error again.
    if (content instanceof Readable) content.on('error', () => undefined);
    try {
      const written = await writeDurably(upload, content);
      await this.#intoPlace(tenant, path, upload, target);
      return written;
    } catch (error) {
      if (content instanceof Readable) content.destroy();
      await rm(upload, { force: true });
      throw toStorageError(error, path);
    }
  }

  async get(tenant: string, path: string, range?: ByteRange): Promise<Readable> {
    checkRange(range);
    const full = this.#full(tenant, path);
    try {
      const real = await this.#confined(tenant, path, full);
      // The path was resolved already: a link put there since then is refused, not followed.
      const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW);
      if (!(await file.stat()).isFile()) {
        await file.close();
        throw new StorageError('not-found', `the storage path '${path}' is a directory, not a file`);
      }
      return file.createReadStream(range === undefined ? {} : { start: range.start, end: range.end ?? Infinity });
    } catch (error) {
      throw toStorageError(error, path);
    }
  }

  async stat(tenant: string, path: string): Promise<StoredEntry | undefined> {
    const full = this.#full(tenant, path);
    return absentAsUndefined(path, async () => {
      const stats = await stat(await this.#confined(tenant, path, full));
      return toEntry(path, stats);
    });
  }

  async list(tenant: string, path: string): Promise<readonly StoredEntry[] | undefined> {
    const full = this.#full(tenant, path);
    return absentAsUndefined(path, async () => {
      const real = await this.#confined(tenant, path, full);
      const names = (await readdir(real)).toSorted(comparePaths);
      const entries: StoredEntry[] = [];
      for (const name of names) {
        const entry = await this.#visible(tenant, join(real, name), childPath(path, name));
        if (entry !== undefined) entries.push(entry);
      }
      return entries;
    });
  }

  async *walk(tenant: string, path: string): AsyncGenerator<StoredEntry> {
    const children = await this.list(tenant, path);
    if (children === undefined) return;
    for (const entry of children.toSorted((a, b) => comparePaths(sortKey(a), sortKey(b)))) {
      if (entry.type === 'File') yield entry;
      // A link to a directory is listed but not entered: it could lead back up.
      else if (await this.#isRealDirectory(tenant, entry.path)) yield* this.walk(tenant, entry.path);
    }
  }

  async makeDirectory(tenant: string, path: string): Promise<void> {
    const full = this.#full(tenant, path);
    try {
      await this.#confineParent(tenant, path, full);
      await mkdir(full, { recursive: true });
    } catch (error) {
      // A file among the parents: mkdir says "not a directory", which elsewhere means that nothing is there.
      throw toStorageError(systemCode(error) === 'ENOTDIR' ? fileInTheWay(path) : error, path);
    }
  }

  async move(tenant: string, from: string, to: string): Promise<void> {
    const source = this.#target(tenant, from);
    const target = this.#target(tenant, to);
    notIntoItself(from, to);
    try {
      await this.#confined(tenant, from, source);
      await this.#intoPlace(tenant, to, source, target);
    } catch (error) {
      throw toStorageError(systemCode(error) === 'ENOTDIR' ? fileInTheWay(to) : error, from);
    }
  }

  async delete(tenant: string, path: string, options?: DeleteOptions): Promise<boolean> {
    const target = this.#target(tenant, path);
    const stop = options?.pruneUpTo === undefined ? undefined : this.#full(tenant, options.pruneUpTo);
    try {
      const there = await absentAsUndefined(path, async () => {
        await this.#confined(tenant, dirname(path), dirname(target));
        const stats = await lstat(target);
        // A link itself goes, never what it points to.
        await (stats.isDirectory() ? rm(target, { recursive: true }) : unlink(target));
        return true;
      });
      if (there && stop !== undefined) await pruneEmpty(dirname(target), stop);
      return there ?? false;
    } catch (error) {
      throw toStorageError(error, path);
    }
  }

  async close(): Promise<void> {}

  #full(tenant: string, path: string): string {
    checkTenant(tenant);
    return join(this.#root, tenant, ...pathParts(path));
  }

  /** As `#full`, for what is written, moved or removed: never the tenant's root itself. */
  #target(tenant: string, path: string): string {
    notTheRoot(path);
    return this.#full(tenant, path);
  }

  /** The path without symbolic links; throws when it does not exist, or leads out of the tenant's folder. */
  async #confined(tenant: string, path: string, full: string): Promise<string> {
    const real = await realpath(full);
    const base = join(this.#root, tenant);
    if (real !== base && !real.startsWith(base + sep)) {
      throw new StorageError('bad-path', `the storage path '${path}' leads through a link out of the storage`);
    }
    return real;
  }

  /** Checks the nearest existing ancestor, so that no directory is made outside. */
  async #confineParent(tenant: string, path: string, full: string): Promise<void> {
    const base = join(this.#root, tenant);
    for (let folder = dirname(full); folder.length >= base.length; folder = dirname(folder)) {
      const found = await absentAsUndefined(path, () => this.#confined(tenant, path, folder));
      if (found !== undefined) return;
    }
  }

  async #intoPlace(tenant: string, path: string, source: string, target: string): Promise<void> {
    const parent = dirname(target);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#confineParent(tenant, path, target);
        const firstMade = await mkdir(parent, { recursive: true });
        await rename(source, join(await this.#confined(tenant, path, parent), basename(target)));
        await syncDirectories(parent, firstMade);
        return;
      } catch (error) {
        if (systemCode(error) === 'ENOTDIR') throw fileInTheWay(path);
        // Another call may prune the parent between mkdir and rename.
        const again = systemCode(error) === 'ENOENT' && (await lstatIfThere(source)) !== undefined;
        if (!again || attempt >= PARENT_ATTEMPTS) throw error;
      }
    }
  }

  /** The entry of a child, or undefined when it vanished, leads out of the storage or is no file or directory. */
  async #visible(tenant: string, full: string, path: string): Promise<StoredEntry | undefined> {
    const stats = await lstatIfThere(full);
    if (stats === undefined) return undefined;
    if (!stats.isSymbolicLink()) return stats.isFile() || stats.isDirectory() ? toEntry(path, stats) : undefined;
    try {
      return await this.stat(tenant, path);
    } catch (error) {
      if (error instanceof StorageError && error.code === 'bad-path') return undefined;
      throw error;
    }
  }

  async #isRealDirectory(tenant: string, path: string): Promise<boolean> {
    return (await lstatIfThere(this.#full(tenant, path)))?.isDirectory() ?? false;
  }
}

async function writeDurably(path: string, content: Readable | Buffer | string): Promise<number> {
  const file = await open(path, 'wx', 0o640);
  try {
    // Takes one chunk after the other and destroys the source when the disk refuses one.
    await writeFile(file, content);
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** A rename is durable once its directory is written, and with it those that were made on the way. */
async function syncDirectories(parent: string, firstMade: string | undefined): Promise<void> {
  const last = firstMade === undefined ? parent : dirname(firstMade);
  for (let folder = parent; folder.length >= last.length; folder = dirname(folder)) await syncDirectory(folder);
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function pruneEmpty(from: string, stop: string): Promise<void> {
  for (let folder = from; folder.startsWith(stop + sep); folder = dirname(folder)) {
    try {
      await rmdir(folder);
    } catch (error) {
      const code = systemCode(error);
      // Not empty: done. Gone: somebody else prunes as well.
      if (code === 'ENOTEMPTY' || code === 'EEXIST') return;
      if (code !== 'ENOENT') throw error;
    }
  }
}

/** A directory's files begin with its name and a slash, so that is what orders it among its siblings. */
const sortKey = (entry: StoredEntry): string => (entry.type === 'Directory' ? `${entry.path}/` : entry.path);

const childPath = (path: string, name: string): string => (path === '/' ? `/${name}` : `${path}/${name}`);

const toEntry = (path: string, stats: Stats): StoredEntry => ({
  path,
  type: stats.isDirectory() ? 'Directory' : 'File',
  size: stats.isDirectory() ? 0 : stats.size,
  lastModified: Math.floor(stats.mtimeMs),
  // File systems without birth times answer 0.
  created: Math.floor(stats.birthtimeMs > 0 ? stats.birthtimeMs : stats.ctimeMs),
});

async function lstatIfThere(path: string): Promise<Stats | undefined> {
  return absentAsUndefined(path, () => lstat(path));
}

/** Runs a look-up; what is not there gives undefined, other failures come out as errors of the storage. */
async function absentAsUndefined<T>(path: string, look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    const known = toStorageError(error, path);
    if (known instanceof StorageError && known.code === 'not-found') return undefined;
    throw known;
  }
}
