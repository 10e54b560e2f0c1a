import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { probeWritable } from '@tiercel/store/embedded';
import { CommandError } from '../errors.ts';

/** The folder of an embedded server, held by this process until it is released. */
export interface DataFolder {
  readonly root: string;
  readonly database: string;
  readonly storage: string;
  readonly working: string;
  /** Made at the first start, when none is configured. Base64 of 32 bytes. */
  readonly encryptionKey: string;
  release(): Promise<void>;
}

/** Opens a data folder, making what is missing. Throws CommandError: in use, not writable, disk full. */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  const root = resolve(folder);
  try {
    await mkdir(root, { recursive: true });
    await probeWritable(root);
  } catch (error) {
    throw new CommandError(unusable(root, error as NodeJS.ErrnoException), { cause: error });
  }
  const release = await takeLock(root);
  const working = join(root, 'tmp');
  try {
    // What a killed server left of its working directories.
    await rm(working, { recursive: true, force: true });
    for (const part of ['storage', 'tmp']) await mkdir(join(root, part), { recursive: true });
    const encryptionKey = await keyOf(join(root, 'encryption.key'));
    return { root, database: join(root, 'postgres'), storage: join(root, 'storage'), working, encryptionKey, release };
  } catch (error) {
    await release();
    throw new CommandError(unusable(root, error as NodeJS.ErrnoException), { cause: error });
  }
}

function unusable(root: string, error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOSPC')
    return `The disk of the data folder ${root} is full; make room, or give another folder with --data DIR.`;
  if (error.code === 'ENOTDIR' || error.code === 'EEXIST')
    return `${root} is a file, not a folder; give a folder with --data DIR.`;
  return `The data folder ${root} cannot be used (${error.message}); give another with --data DIR, or mend its permissions.`;
}

/** One server a folder: the lock names the process that holds it, and a lock of a dead process is nobody's. */
async function takeLock(root: string): Promise<() => Promise<void>> {
  const path = join(root, 'server.pid');
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await writeFile(path, `${process.pid}\n`, { flag: 'wx' });
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number.parseInt(await readFile(path, 'utf8').catch(() => ''), 10);
    if (Number.isInteger(holder) && holder !== process.pid && (await isTiercel(holder))) {
      throw new CommandError(
        `The data folder ${root} is in use by another Tiercel server (process ${holder}); stop it, or give another folder with --data DIR.`,
      );
    }
    await rm(path, { force: true });
  }
  throw new CommandError(`The lock file ${path} cannot be taken; remove it when no Tiercel server is running.`);
}

/** Whether a folder was held by a server of this user that is dead. */
export async function isAbandoned(root: string): Promise<boolean> {
  const holder = Number.parseInt(await readFile(join(root, 'server.pid'), 'utf8').catch(() => ''), 10);
  return Number.isInteger(holder) && !(await isTiercel(holder));
}

/** Whether a process lives and is a server of ours; process ids are used again. */
async function isTiercel(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => 'tiercel');
  return /tiercel/.test(commandLine);
}

async function keyOf(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const key = randomBytes(32).toString('base64');
  await writeFile(path, `${key}\n`, { mode: 0o600 });
  return key;
}
