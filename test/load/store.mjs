// The store's own code for scripts.
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundled } from './bundle.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

const loadStore = () =>
  bundled(
    'store',
    `export { startEmbeddedPostgres } from '@tiercel/store/embedded';
     export { Database, ensurePartitions, migrate } from '@tiercel/store';`,
  );

/** Refuses a data folder that a server is using. */
async function refuseIfUsed(data) {
  const holder = Number.parseInt(await readFile(join(data, 'server.pid'), 'utf8').catch(() => ''), 10);
  if (!Number.isInteger(holder)) return;
  try {
    process.kill(holder, 0);
  } catch (error) {
    if (error.code === 'ESRCH') return;
    throw error;
  }
  throw new Error(`${data} is in use by the server with process id ${holder}; stop it first.`);
}

/** Opens the database of a data folder that no server uses, migrated and with partitions for the last `days`. */
export async function openDatabase(folder, days) {
  const data = resolve(folder);
  await refuseIfUsed(data);
  await mkdir(data, { recursive: true });
  const { startEmbeddedPostgres, Database, ensurePartitions, migrate } = await loadStore();
  const postgres = await startEmbeddedPostgres({
    dataDir: join(data, 'postgres'),
    log: () => undefined,
    settings: [
      'shared_buffers=512MB',
      'max_wal_size=8GB',
      'checkpoint_timeout=1h',
      'synchronous_commit=off',
      'work_mem=128MB',
    ],
  });
  const database = new Database({ connection: postgres.connection, applicationName: 'seed' });
  await migrate(database, join(root, 'prisma', 'migrations'));
  await ensurePartitions(database, Date.now(), -Math.ceil(days / 28));
  const close = async () => {
    await database.close();
    await postgres.stop();
  };
  return { database, close };
}
