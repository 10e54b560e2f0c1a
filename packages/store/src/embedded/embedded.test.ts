import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { waitUntil } from '@tiercel/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '../postgres/database.ts';
import { locateBinaries, privilegesFor } from './binaries.ts';
import { probeWritable, startEmbeddedPostgres, type EmbeddedPostgres } from './index.ts';

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('embedded PostgreSQL', () => {
  let template: string;
  let home: string;
  let dataDir: string;
  let started: EmbeddedPostgres[];
  const databases: Database[] = [];
  const lines: string[] = [];
  beforeAll(async () => {
    template = await mkdtemp(join(tmpdir(), 'embedded-'));
    await (
      await startEmbeddedPostgres({ dataDir: join(template, 'pg'), log: () => undefined, settings: ['fsync=off'] })
    ).stop();
  });
  afterAll(() => rm(template, { recursive: true }));
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'embedded-'));
    dataDir = join(home, 'pg');
    started = [];
    lines.length = 0;
  });
  afterEach(async () => {
    await Promise.all(databases.splice(0).map((database) => database.close()));
    for (const server of started) await server.stop();
    await rm(home, { recursive: true });
  });

  const start = async (folder = dataDir): Promise<EmbeddedPostgres> => {
    const server = await startEmbeddedPostgres({
      dataDir: folder,
      log: (line) => lines.push(line),
      settings: ['fsync=off', 'shared_buffers=16MB'],
    });
    started.push(server);
    return server;
  };
  /** A folder that has been set up: a copy costs less than a set-up. */
  const prepare = (folder = dataDir): Promise<unknown> =>
    promisify(execFile)('cp', ['-a', join(template, 'pg'), folder]);
  const connect = (server: EmbeddedPostgres): Database => {
    const database = new Database({ connection: server.connection, poolSize: 1 });
    databases.push(database);
    return database;
  };
  const answers = async (database: Database): Promise<boolean> =>
    database.query('SELECT 1').then(
      () => true,
      () => false,
    );

  test('starts in an empty folder, stops, and starts again with its data', async () => {
    const first = await start();
    expect(first.adopted).toBe(false);
    expect(alive(first.pid())).toBe(true);
    await connect(first).query('CREATE TABLE kept AS SELECT 7 AS n');
    await Promise.all(databases.splice(0).map((database) => database.close()));
    await first.stop();
    expect(alive(first.pid())).toBe(false);
    await first.stop();
    const second = await start();
    expect(second.adopted).toBe(false);
    expect(await connect(second).query('SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  /** A server as it is left behind when the process that started it is killed. */
  const orphan = async (socketDir: string): Promise<number> => {
    const binaries = await locateBinaries();
    const launch = await privilegesFor(binaries);
    const settings = ['listen_addresses=', 'fsync=off', `unix_socket_directories=${socketDir}`].flatMap((setting) => [
      '-c',
      setting,
    ]);
    const [command, args] = launch.command(binaries.postgres, ['-D', dataDir, '-p', '5432', ...settings]);
    const child = spawn(command, args, { stdio: 'ignore', detached: true, ...launch.spawnOptions });
    return child.pid!;
  };

  test('takes over a server that lives in the folder, and starts it again when it dies', async () => {
    await prepare();
    const first = await start();
    const { host } = first.connection;
    await first.stop();
    const pid = await orphan(host);
    await waitUntil(() => answers(connect(first)), { everyMs: 50 });
    const second = await start();
    expect([second.adopted, second.pid()]).toEqual([true, pid]);
    process.kill(pid, 'SIGKILL');
    await waitUntil(() => second.pid() !== pid, { timeoutMs: 25_000, what: 'the restarted server' });
    expect(await answers(connect(second))).toBe(true);
  });

  test('is started again after kill -9, with all that was committed', async () => {
    await prepare();
    const server = await start();
    const database = connect(server);
    await database.query('CREATE TABLE kept AS SELECT 7 AS n');
    const old = server.pid();
    process.kill(old, 'SIGKILL');
    await waitUntil(() => server.pid() !== old, { timeoutMs: 25_000, what: 'the restarted server' });
    await waitUntil(() => answers(database));
    expect(await database.query('SELECT n FROM kept')).toEqual([{ n: 7 }]);
    expect(lines).toContain('PostgreSQL has died and is started again');
  });

  test('a stop in the middle of a restart leaves nothing running', async () => {
    await prepare();
    const server = await start();
    process.kill(server.pid(), 'SIGKILL');
    await waitUntil(() => lines.includes('PostgreSQL has died and is started again'));
    await server.stop();
    const text = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '0');
    expect(alive(Number(text.split('\n')[0]) || 2 ** 30)).toBe(false);
  });

  test('a set-up that was interrupted is begun anew', async () => {
    await mkdir(`${dataDir}.new`, { recursive: true });
    await writeFile(join(`${dataDir}.new`, 'PG_VERSION'), '18\n');
    expect(await answers(connect(await start()))).toBe(true);
    await expect(stat(`${dataDir}.new`)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a folder with a path too long for a socket works', async () => {
    const deep = join(home, 'long-'.repeat(30), 'pg');
    await mkdir(join(deep, '..'));
    await prepare(deep);
    const server = await start(deep);
    const { host } = server.connection;
    expect(Buffer.byteLength(host)).toBeLessThan(90);
    expect(await answers(connect(server))).toBe(true);
    await server.stop();
    await expect(stat(host)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a folder of another PostgreSQL is refused with a sentence', async () => {
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'PG_VERSION'), '16\n');
    await expect(start()).rejects.toMatchObject({
      name: 'EmbeddedPostgresError',
      message: expect.stringMatching(
        /belongs to PostgreSQL 16, and this Tiercel brings PostgreSQL 18; start with another --data DIR\.$/,
      ),
    });
  });

  test('a folder that cannot be made is refused with a sentence', async () => {
    await writeFile(join(home, 'file'), '');
    await expect(start(join(home, 'file', 'pg'))).rejects.toMatchObject({
      name: 'EmbeddedPostgresError',
      message: expect.stringMatching(/cannot be made or written .*give another with --data DIR\.$/),
    });
  });

  test('a folder with something else in it is refused with a sentence, and left alone', async () => {
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'thesis.txt'), 'mine');
    await expect(start()).rejects.toMatchObject({
      name: 'EmbeddedPostgresError',
      message: expect.stringContaining('could not be set up'),
    });
    expect(await readFile(join(dataDir, 'thesis.txt'), 'utf8')).toBe('mine');
  });

  test("a broken cluster is refused with PostgreSQL's own reason", async () => {
    await prepare();
    const server = await start();
    await server.stop();
    await rm(join(dataDir, 'global'), { recursive: true });
    await expect(start()).rejects.toMatchObject({
      name: 'EmbeddedPostgresError',
      message: expect.stringMatching(/did not start in .*: .+/),
    });
  });

  test('a probe says whether the folder can be written', async () => {
    await probeWritable(home);
    await expect(probeWritable(join(home, 'absent'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
