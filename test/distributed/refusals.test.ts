import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Database } from '@tiercel/store';
import { refuseS3, startRedis, startTestS3, type TestRedis, type TestS3 } from '@tiercel/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tiercel, until } from '../e2e/server.ts';
import { Cluster } from './cluster.ts';
import { missing } from './stage.ts';

type Env = Record<string, string>;

/** Starts the service and answers what it says before it ends. */
async function refusal(env: Env, service = 'scheduler'): Promise<string> {
  const { code, stderr } = await tiercel(['server', service], { env: { PORT: '0', ...env }, ms: 30_000 });
  expect(code, stderr).toBe(2);
  // What Node.js itself and libraries warn of, and the log, is not ours to judge here.
  const said = stderr.split('\n').filter((line) => /^(The configuration|  - )|^[A-Z'].*\.$/.test(line));
  expect(stderr).not.toMatch(/^\s+at .+:\d+:\d+/m);
  return said.join('\n');
}

describe.skipIf(missing !== undefined)('a service that cannot be started as it is set up says why and ends', () => {
  let cluster: Cluster;
  let otherRedis: TestRedis;
  let evictingRedis: TestRedis;
  let readOnly: TestS3;
  let good: Env;
  beforeAll(async () => {
    cluster = await Cluster.make();
    [otherRedis, evictingRedis, readOnly] = await Promise.all([
      startRedis(),
      startRedis({ policy: 'allkeys-lru' }),
      startTestS3(),
    ]);
    readOnly.intercept(({ method }, response) => {
      if (method !== 'PUT') return false;
      refuseS3(response, 403, 'AccessDenied');
      return true;
    });
    await cluster.start('scheduler');
    good = cluster.env;
    await secondDatabase(cluster);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([otherRedis, evictingRedis, readOnly].map((server) => server?.close()));
    await cluster?.remove();
  });

  test.each(['gateway', 'executor', 'worker', 'scheduler', 'webhook'])(
    '%s: nothing is set, and all of it is named',
    async (service) => {
      const said = await refusal({}, service);
      for (const name of ['DATABASE_URL', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'])
        expect(said).toContain(name);
      expect(said).toContain('TIERCEL_ENCRYPTION_KEY');
    },
  );

  test('several settings are wrong, and each is named, without its secrets', async () => {
    const wrong = { DATABASE_URL: 'mysql://u:hush@h/d', REDIS_URL: 'http://h', TIERCEL_ENCRYPTION_KEY: 'c2hvcnQ=' };
    const said = await refusal({ ...good, ...wrong, S3_ENDPOINT: 's3', PORT: 'eighty', S3_FORCE_PATH_STYLE: 'yes' });
    for (const name of [...Object.keys(wrong), 'S3_ENDPOINT', 'PORT', 'S3_FORCE_PATH_STYLE'])
      expect(said).toContain(name);
    expect(said).not.toMatch(/hush|c2hvcnQ/);
  });

  test('the bucket is absent', async () => {
    expect(await refusal({ ...good, S3_BUCKET: 'nowhere' })).toMatch(
      /^The bucket 'nowhere' .* does not exist: make it/,
    );
  });

  test('the bucket can be read only', async () => {
    expect(await refusal({ ...good, S3_ENDPOINT: readOnly.endpoint })).toMatch(/can be read only.*give the access key/);
  });

  test('the secret key of S3 is wrong', async () => {
    expect(await refusal({ ...good, S3_SECRET_ACCESS_KEY: 'wrong' })).toMatch(/refuses the secret access key/);
  });

  test('PostgreSQL refuses the password', async () => {
    const said = await refusal({ ...good, DATABASE_URL: good['DATABASE_URL']!.replace('tiercel@', 'guest:wrong@') });
    expect(said).toMatch(/^PostgreSQL at \S+ refuses the user or the password of DATABASE_URL/);
    expect(said).not.toContain('wrong');
  });

  test('PostgreSQL has no such database', async () => {
    const said = await refusal({ ...good, DATABASE_URL: good['DATABASE_URL']!.replace('/tiercel?', '/nowhere?') });
    expect(said).toMatch(/has no database nowhere; create it/);
  });

  test('PostgreSQL does not answer', async () => {
    const said = await refusal({ ...good, DATABASE_URL: 'postgresql://tiercel@127.0.0.1:1/tiercel' });
    expect(said).toMatch(/^PostgreSQL at 127.0.0.1:1 cannot be reached/);
  });

  test('Redis would throw queues away', async () => {
    expect(await refusal({ ...good, REDIS_URL: evictingRedis.url })).toMatch(
      /maxmemory-policy allkeys-lru and would throw queues away; set maxmemory-policy to noeviction/,
    );
  });

  test('another cluster uses the Redis', async () => {
    const said = await refusal({ ...good, DATABASE_URL: good['DATABASE_URL']!.replace('/tiercel?', '/second?') });
    expect(said).toMatch(/^This Redis is used by another Tiercel cluster .* give each cluster a Redis/);
  });

  test('the others of the database use another Redis', async () => {
    expect(await refusal({ ...good, REDIS_URL: otherRedis.url })).toMatch(
      /^Other services that use this database take their messages elsewhere, and this one from another Redis/,
    );
  });

  test('the others of the database use Redis, and this one has none', async () => {
    const { REDIS_URL, ...without } = good;
    expect(REDIS_URL).toBeDefined();
    expect(await refusal(without)).toMatch(/take their messages elsewhere, and this one from PostgreSQL/);
  });

  test('others that were started at the same moment use Redis, and this one has none', async () => {
    const { REDIS_URL, ...without } = good;
    expect(REDIS_URL).toBeDefined();
    const url = good['DATABASE_URL']!.replace('/tiercel?', '/second?');
    const database = new Database({ connection: { url }, poolSize: 1 });
    try {
      const said = refusal({ ...without, DATABASE_URL: url }, 'worker');
      const joined = () => database.query(`SELECT FROM members WHERE service = 'worker'`).catch(() => []);
      await until('a member', async () => ((await joined()).length > 0 ? true : undefined));
      // It saw nobody before it joined.
      await database.query(
        `INSERT INTO members (id, service, messaging, seen_at)
         SELECT 'gateway-' || n, 'gateway', 'a Redis', now() + interval '1 hour' FROM generate_series(1, 2) AS n`,
      );
      expect(await said).toMatch(/take their messages elsewhere, and this one from PostgreSQL/);
    } finally {
      await database.close();
    }
  });

  test('the encryption key is another one', async () => {
    const said = await refusal({ ...good, TIERCEL_ENCRYPTION_KEY: Buffer.alloc(32, 8).toString('base64') });
    expect(said).toMatch(/^TIERCEL_ENCRYPTION_KEY is not the key with which this cluster was started/);
  });

  test('the port is in use', async () => {
    const [running] = cluster.of('scheduler');
    expect(await refusal({ ...good, PORT: String(running!.port) }, 'gateway')).toMatch(
      /^Port \d+ cannot be listened on: it is in use by another program/,
    );
  });
});

/** A database of another cluster, and a user whose password is asked for. */
async function secondDatabase(cluster: Cluster): Promise<void> {
  const database = new Database({ connection: { url: cluster.databaseUrl }, poolSize: 1 });
  await database.query('CREATE DATABASE second');
  await database.query("CREATE ROLE guest LOGIN PASSWORD 'right'");
  const rules = join(cluster.folder, 'postgres', 'pg_hba.conf');
  const before = await readFile(rules, 'utf8');
  await writeFile(rules, 'local all guest scram-sha-256\n');
  await appendFile(rules, before);
  await database.query('SELECT pg_reload_conf()');
  await database.close();
}
