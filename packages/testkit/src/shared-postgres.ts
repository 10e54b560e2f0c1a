import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@tiercel/store/embedded';
import { waitUntil } from './wait-until.ts';

/**
 * One PostgreSQL for all tests of a checkout that run at a time, whichever process they run in: the first that needs it
 * starts it, the others find it running, and a keeper process ends it with the last test run (see keeper.mjs).
 */
const checkout = fileURLToPath(new URL('../../../', import.meta.url));
const folder = join(
  tmpdir(),
  `tiercel-tests-${userInfo().uid}-${createHash('sha256').update(checkout).digest('hex').slice(0, 10)}`,
);
const lockPath = `${folder}.lock`;

// No crash of the machine matters here, and a disk flush would cost more than most tests.
const SETTINGS = [
  'fsync=off',
  'full_page_writes=off',
  'max_connections=300',
  'shared_buffers=64MB',
  'max_wal_size=512MB',
  'log_min_messages=log',
  'autovacuum_naptime=5min',
];

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** The process whose end is the end of the test run: vitest's own when this is one of its child processes. */
const runPid = (): number =>
  process.env['VITEST'] !== undefined && isMainThread && process.ppid > 1 ? process.ppid : process.pid;

/** A lock file holds the pid of its owner; that of a dead one is void. */
async function takeLock(): Promise<boolean> {
  try {
    const file = await open(lockPath, 'wx');
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const owner = Number(await readFile(lockPath, 'utf8').catch(() => ''));
  if (owner > 0 && !alive(owner)) {
    // Of several that see this only one gets to move it away.
    const moved = `${lockPath}.${process.pid}`;
    await rename(lockPath, moved).then(
      () => rm(moved, { force: true }),
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      },
    );
  }
  return false;
}

async function start(): Promise<EmbeddedPostgres['connection']> {
  await waitUntil(takeLock, { timeoutMs: 60_000, what: `the lock ${lockPath}` });
  try {
    await mkdir(join(folder, 'users'), { recursive: true });
    await writeFile(join(folder, 'users', String(runPid())), '');
    const keeper = Number(await readFile(join(folder, 'keeper'), 'utf8').catch(() => ''));
    // Before the database: should this process be killed now, somebody still cleans up.
    if (!(keeper > 0) || !alive(keeper)) await startKeeper();
    const server = await startEmbeddedPostgres({
      dataDir: join(folder, 'pg'),
      log: () => undefined,
      settings: SETTINGS,
    });
    return server.connection;
  } finally {
    await rm(lockPath, { force: true });
  }
}

async function startKeeper(): Promise<void> {
  const script = fileURLToPath(new URL('./keeper.mjs', import.meta.url));
  // In a session of its own: neither Ctrl-C nor the end of the terminal reaches it.
  const child = spawn(process.execPath, [script, folder], { detached: true, stdio: 'ignore', env: {} });
  child.unref();
  await writeFile(join(folder, 'keeper'), String(child.pid));
}

let started: Promise<EmbeddedPostgres['connection']> | undefined;

/** Where the tests' PostgreSQL is; starts it when it does not run. */
export const sharedPostgres = (): Promise<EmbeddedPostgres['connection']> => (started ??= start());
