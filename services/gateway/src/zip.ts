import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import yazl from 'yazl';
import { ApiError } from '@tiercel/contracts';
import type { Storage } from '@tiercel/storage';
import { pipeToClient } from './http/download.ts';

export interface ZipEntry {
  readonly name: string;
  /** Opened when its turn comes. */
  readonly content: string | (() => Promise<Readable>);
}

/** Entries and unpacked bytes that an uploaded archive may have: small archives can unpack to very much. */
const MAX_ENTRIES = 10_000;
const MAX_UNPACKED = 10 * 1024 ** 3;

/** Streams an archive to the client, one file open at a time. */
export async function writeZip(res: Response, entries: () => AsyncIterable<ZipEntry>): Promise<void> {
  const zip = new yazl.ZipFile();
  const output = zip.outputStream as Readable;
  const sent = pipeToClient(pipeline(output, res), res);
  try {
    for await (const { name, content } of entries()) {
      if (res.destroyed) break;
      if (typeof content === 'string') zip.addBuffer(Buffer.from(content), name);
      else await addFile(zip, name, await content(), res);
    }
    zip.end();
  } catch (error) {
    output.destroy(error as Error);
  }
  await sent;
}

/** Adds a file and waits until it is read whole, so that the next is opened only then. */
const addFile = (zip: yazl.ZipFile, name: string, content: Readable, res: Response): Promise<void> =>
  new Promise((resolve, reject) => {
    const gone = (): void => {
      content.destroy();
      resolve();
    };
    res.once('close', gone);
    content.once('end', () => {
      res.off('close', gone);
      resolve();
    });
    content.once('error', reject);
    zip.addReadStream(content, name);
  });

const open = (path: string): Promise<ZipFile> =>
  new Promise((resolve, reject) => {
    yauzl.open(path, { lazyEntries: true, autoClose: false }, (error, zip) =>
      error === null ? resolve(zip) : reject(error),
    );
  });

const contentOf = (zip: ZipFile, entry: Entry): Promise<Readable> =>
  new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, content) => (error === null ? resolve(content) : reject(error)));
  });

/** All entries first, so that a bad one refuses the archive before anything is written. */
const entriesOf = (zip: ZipFile): Promise<readonly Entry[]> =>
  new Promise((resolve, reject) => {
    const entries: Entry[] = [];
    zip.on('entry', (entry: Entry) => {
      entries.push(entry);
      if (entries.length > MAX_ENTRIES)
        reject(new ApiError('tooLarge', `the archive has more than ${MAX_ENTRIES} entries`));
      else zip.readEntry();
    });
    zip.once('end', () => resolve(entries));
    zip.once('error', reject);
    zip.readEntry();
  });

const MAX_READ = 32 * 1024 * 1024;

export interface ReadEntry {
  /** As it stands in the archive; nothing is written there. */
  readonly name: string;
  readonly content: Buffer;
}

/**
 * The files of an archive that fits into memory, at most 32 MiB unpacked. The library gives up an entry that unpacks to more than the
 * archive says, so that the sum of what it says is a bound. Throws ApiError 422 for what is no archive, 413 for one that is too large.
 */
export async function readZip(archive: Buffer, wanted: (name: string) => boolean): Promise<readonly ReadEntry[]> {
  try {
    const zip = await openBuffer(archive);
    const files = (await entriesOf(zip)).filter(({ fileName }) => !fileName.endsWith('/') && wanted(fileName));
    const unpacked = files.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
    if (unpacked > MAX_READ) throw new ApiError('tooLarge', `the archive unpacks to more than ${MAX_READ} bytes`);
    const read: ReadEntry[] = [];
    for (const entry of files) read.push({ name: entry.fileName, content: await buffer(await contentOf(zip, entry)) });
    return read;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError('illegalArgument', `The archive cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

const openBuffer = (archive: Buffer): Promise<ZipFile> =>
  new Promise((resolve, reject) => {
    yauzl.fromBuffer(archive, { lazyEntries: true, autoClose: false }, (error, zip) =>
      error === null ? resolve(zip) : reject(error),
    );
  });

/**
 * Unpacks an uploaded archive into the storage; `target` gives an entry's path, or throws to refuse the archive. The archive waits
 * in a temporary file, because its directory stands at its end. Answers the paths that were written.
 */
export async function storeZip(
  storage: Storage,
  tenant: string,
  content: Readable,
  target: (name: string) => string,
): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tiercel-zip-'));
  try {
    const file = join(folder, 'upload.zip');
    await pipeline(content, createWriteStream(file));
    const zip = await open(file);
    try {
      const files = (await entriesOf(zip)).filter((entry) => !entry.fileName.endsWith('/'));
      const unpacked = files.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
      if (unpacked > MAX_UNPACKED)
        throw new ApiError('tooLarge', `the archive unpacks to more than ${MAX_UNPACKED} bytes`);
      const targets = files.map((entry) => target(entry.fileName));
      for (const [i, entry] of files.entries()) await storage.put(tenant, targets[i]!, await contentOf(zip, entry));
      return targets;
    } finally {
      zip.close();
    }
  } catch (error) {
    if (error instanceof ApiError || (error as { name?: string }).name === 'StorageError') throw error;
    throw new ApiError('illegalArgument', `The archive cannot be read: ${(error as Error).message}`, { cause: error });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
