import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { waitUntil } from './wait-until.ts';

describe('createTestDatabase', () => {
  test('databases are migrated, apart from each other, and dropped when closed', async () => {
    const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    await one.database.query(`INSERT INTO members (id, service, seen_at) VALUES ('a', 'worker', now())`);
    expect(await two.database.query('SELECT * FROM members')).toEqual([]);
    const partitions = await one.database.query(`SELECT 1 FROM pg_inherits WHERE inhparent = 'executions'::regclass`);
    expect(partitions.length).toBeGreaterThanOrEqual(3);
    const databases = async (from: TestDatabase): Promise<number> =>
      (
        await from.database.query(`SELECT 1 FROM pg_database WHERE datname = ANY($1)`, [
          [one, two].map(({ connection }) => ('database' in connection ? connection.database : '')),
        ])
      ).length;
    expect(await databases(one)).toBe(2);
    await two.close();
    expect(await databases(one)).toBe(1);
    await one.close();
  });
});

describe('the keeper', () => {
  const folders: string[] = [];
  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
  });
  const exists = (path: string): Promise<boolean> =>
    stat(path).then(
      () => true,
      () => false,
    );
  /** A process that does nothing until it is killed. */
  const idle = (): { readonly pid: number; kill(): void } => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'ignore' });
    return { pid: child.pid!, kill: () => void child.kill('SIGKILL') };
  };

  test('ends the server and removes the folder when the last run is gone, however it ended', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keeper-'));
    folders.push(folder);
    const [server, run, other] = [idle(), idle(), idle()];
    await mkdir(join(folder, 'users'));
    await mkdir(join(folder, 'pg'));
    await writeFile(join(folder, 'pg', 'postmaster.pid'), `${server.pid}\n`);
    for (const { pid } of [run, other]) await writeFile(join(folder, 'users', String(pid)), '');
    const keeper = spawn(process.execPath, [fileURLToPath(new URL('./keeper.mjs', import.meta.url)), folder], {
      stdio: 'ignore',
    });
    const ended = new Promise<number | null>((resolve) => keeper.on('exit', resolve));
    run.kill();
    // It looks five times a second: one that ended with the first run would be gone by the end of this.
    await waitUntil(async () => !(await readFile(`/proc/${run.pid}/cmdline`, 'utf8').catch(() => '')));
    expect(await exists(folder)).toBe(true);
    other.kill();
    expect(await ended).toBe(0);
    expect(await exists(folder)).toBe(false);
    expect((await readdir(tmpdir())).filter((name) => name.startsWith(`${folder.split('/').at(-1)}`))).toEqual([]);
    expect(() => process.kill(server.pid, 0)).toThrow();
  });
});
