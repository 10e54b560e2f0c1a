import { createServer, type AddressInfo, type Server } from 'node:net';
import { startRedis, waitUntil, whyNoRedis, type TestRedis } from '@tiercel/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { MessagingError, type Messaging } from '../port.ts';
import { memoryLog } from '../testing/log.ts';
import { items, type TaskMessage } from '../testing/messages.ts';
import { addressOf } from './address.ts';
import { createRedisMessaging, type RedisMessagingOptions } from './index.ts';

const missing = whyNoRedis();
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  // Latest first: connections before what they lead to.
  for (const one of open.splice(0).toReversed()) await one.close();
});

const create = async (url: string, change: Partial<RedisMessagingOptions> = {}): Promise<Messaging> => {
  const messaging = await createRedisMessaging({ url, cluster: 'mine', instance: 'one', log: memoryLog(), ...change });
  open.push(messaging);
  return messaging;
};
const redisWith = async (options: Parameters<typeof startRedis>[0] = {}): Promise<TestRedis> => {
  const redis = await startRedis(options);
  open.push(redis);
  return redis;
};
const whyNot = async (url: string, change: Partial<RedisMessagingOptions> = {}): Promise<string> => {
  const error: unknown = await create(url, change).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(MessagingError);
  return (error as MessagingError).message;
};

test('reads URLs, and says what is wrong with one', () => {
  expect(addressOf('redis://u:p%40@h:1/3').options).toMatchObject({
    host: 'h',
    port: 1,
    db: 3,
    username: 'u',
    password: 'p@',
  });
  expect(addressOf('rediss://h').options).toMatchObject({ host: 'h', port: 6379, db: 0, tls: {} });
  expect(addressOf('unix:///run/redis.sock?db=2').options).toMatchObject({ path: '/run/redis.sock', db: 2 });
  expect(addressOf('redis://:secret@h/1').name).toBe('h:6379/1');
  for (const [url, text] of [
    ['', 'cannot be understood'],
    ['localhost', 'cannot be understood'],
    ['http://h', 'begins with http://'],
    ['redis://h/x', 'names the database "x"'],
    ['redis://:50%off@h', 'write %25 for a per cent sign'],
  ] as const) {
    expect(() => addressOf(url)).toThrow(text);
  }
});

test('an unknown host is refused, one where nobody answers after five seconds', async () => {
  expect(await whyNot('redis://no-such-host.invalid')).toMatch(/host of Redis .* is unknown|cannot be reached/);
  const begun = Date.now();
  expect(await whyNot('redis://127.0.0.1:1')).toContain('cannot be reached');
  expect(Date.now() - begun).toBeGreaterThan(3_500);
  expect(Date.now() - begun).toBeLessThan(15_000);
});

test('versions before 6.2 and what is no Redis are refused', async () => {
  const answering = async (info: string): Promise<string> => {
    const server: Server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (data) => {
        for (const _ of data.toString().matchAll(/\*\d+\r\n/g)) socket.write(info);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push({ close: () => new Promise((resolve) => server.close(() => resolve())) });
    return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const info = (text: string): string => `$${text.length}\r\n${text}\r\n`;
  expect(await whyNot(await answering(info('redis_version:6.0.16\r\nrun_id:x')))).toContain(
    'is version 6.0.16; version 6.2 or newer is needed.',
  );
  expect(await whyNot(await answering(info('redis_version:7.2.0\r\ncluster_enabled:1')))).toContain('Redis Cluster');
  expect(await whyNot(await answering('-ERR unknown command\r\n'))).toContain('lacks a command');
});

describe.skipIf(missing !== undefined)(`with a Redis${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  test('wrong and missing passwords, and users without permissions, are refused', async () => {
    const { port, command } = await redisWith();
    await command('ACL', 'SETUSER', 'poor', 'on', '>p', '~*', '+ping');
    await command('ACL', 'SETUSER', 'enough', 'on', '>p', '~tiercel:*', '&*', '+@all', '-@dangerous', '+info', '+keys');
    await command('ACL', 'SETUSER', 'default', 'on', '>secret');
    for (const who of ['', ':wrong@', 'nobody:secret@']) {
      expect(await whyNot(`redis://${who}127.0.0.1:${port}`)).toContain('refuses the user name or the password');
    }
    expect(await whyNot(`redis://poor:p@127.0.0.1:${port}`)).toContain('lacks a permission');
    const messaging = await create(`redis://enough:p@127.0.0.1:${port}`);
    let seen = 0;
    messaging.queue.consume('q', { concurrency: 1 }, async () => void seen++);
    messaging.queue.add('q', items('m', 1));
    await waitUntil(() => seen === 1);
    expect(await whyNot(`redis://:secret@127.0.0.1:${port}/99`)).toContain('no database of that number');
  });

  test('every policy but noeviction is refused, also without a limit of memory', async () => {
    const redis = await redisWith({ policy: 'allkeys-lru' });
    expect(await whyNot(redis.url)).toContain('has the maxmemory-policy allkeys-lru and would throw queues away');
  });

  test('a read-only replica is refused', async () => {
    const { port } = await redisWith();
    const replica = await redisWith({ settings: ['--replicaof', `127.0.0.1 ${port}`] });
    expect(await whyNot(replica.url)).toContain('is a read-only replica; name its primary.');
  });

  test('a Redis of another cluster is refused while that lives, and taken over when it is dead', async () => {
    const redis = await redisWith();
    const theirs = await create(redis.url, { cluster: 'theirs' });
    expect(await whyNot(redis.url)).toBe(
      'This Redis is used by another Tiercel cluster (theirs); give each cluster a Redis or a database number of its own.',
    );
    const own = await create(`${redis.url}/1`);
    expect(own.identity()).not.toBe(theirs.identity());
    const second = await create(redis.url, { cluster: 'theirs', instance: 'two' });
    expect(second.identity()).toBe(theirs.identity());
    await Promise.all([theirs.close(), second.close()]);
    await redis.command('DEL', 'tiercel:alive:theirs');
    const mine = await create(redis.url);
    expect(mine.identity()).not.toBe(theirs.identity());
    expect(await whyNot(redis.url, { cluster: 'theirs' })).toContain('another Tiercel cluster (mine)');
    await redis.command('SET', 'tiercel:cluster', 'not ours');
    let wiped = 0;
    mine.queue.onWiped(() => wiped++);
    await waitUntil(() => wiped === 1);
  });

  test('several processes that come to an empty Redis agree on its identity', async () => {
    const redis = await redisWith();
    const all = await Promise.all(Array.from({ length: 6 }, (_, i) => create(redis.url, { instance: `i${i}` })));
    expect(new Set(all.map((one) => one.identity())).size).toBe(1);
    const wiped = all.map(() => 0);
    all.forEach(({ queue }, i) => queue.onWiped(() => wiped[i]!++));
    await redis.command('FLUSHDB');
    await waitUntil(() => wiped.every((times) => times === 1));
    await waitUntil(() => new Set(all.map((one) => one.identity())).size === 1);
    expect(wiped).toEqual(all.map(() => 1));
  });

  test('the patient start without Redis, and checks when it comes', async () => {
    const redis = await redisWith();
    await redis.kill();
    const fatal: MessagingError[] = [];
    const begun = Date.now();
    const patient = { patient: true, onFatal: (error: MessagingError) => fatal.push(error) };
    const messaging = await create(redis.url, patient);
    expect(Date.now() - begun).toBeLessThan(15_000);
    expect(messaging.identity()).toBe('');
    const seen: string[] = [];
    messaging.queue.consume<TaskMessage>('q', { concurrency: 1 }, async ({ taskRunId }) => void seen.push(taskRunId));
    messaging.queue.consume('never', { concurrency: 1 }, async () => undefined).pause();
    messaging.queue.add('q', items('lost', 1));
    await redis.start();
    await waitUntil(
      () => {
        messaging.queue.add('q', items('m', 1));
        return seen.includes('m0');
      },
      { everyMs: 50 },
    );
    expect(messaging.identity()).not.toBe('');
    expect(fatal).toEqual([]);
  });

  test('the patient learns of a Redis that cannot be used, and sends nothing there', async () => {
    const redis = await redisWith({ policy: 'volatile-ttl' });
    await redis.kill();
    const fatal: MessagingError[] = [];
    const messaging = await create(redis.url, { patient: true, onFatal: (error) => fatal.push(error) });
    messaging.queue.consume('q', { concurrency: 1 }, async () => undefined);
    await redis.start();
    await waitUntil(() => fatal.length === 1);
    expect(fatal[0]!.message).toContain('maxmemory-policy volatile-ttl');
    messaging.queue.add('q', items('m', 1));
    await messaging.close();
    expect(await redis.command('KEYS', '*')).toEqual([]);
  });
});
