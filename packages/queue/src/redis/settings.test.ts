import { startRedis, waitUntil, whyNoRedis, type TestRedis } from '@tiercel/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Messaging } from '../port.ts';
import { memoryLog } from '../testing/log.ts';
import { items, type TaskMessage } from '../testing/messages.ts';
import { createRedisMessaging } from './index.ts';

const missing = whyNoRedis();

describe.skipIf(missing !== undefined)(
  `BullMQ as it is set${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let redis: TestRedis;
    let messaging: Messaging;
    beforeAll(async () => {
      redis = await startRedis();
      messaging = await createRedisMessaging({ url: redis.url, cluster: 'c', instance: 'one', log: memoryLog() });
    });
    afterAll(async () => {
      await messaging.close();
      await redis.close();
    });

    const numberOf = async (section: string, field: string): Promise<number> =>
      Number(new RegExp(`${field}:(\\d+)`).exec(String(await redis.command('INFO', section)))?.[1]);

    test('a process has two connections, two more for a consumer, and one for each further one', async () => {
      const clients = async (): Promise<number> =>
        String(await redis.command('CLIENT', 'LIST'))
          .split('\n')
          .filter((line) => line.includes('name=tiercel-')).length;
      await waitUntil(async () => (await clients()) === 2);
      const consumers = ['a', 'b'].map((queue) =>
        messaging.queue.consume(queue, { concurrency: 5 }, async () => undefined),
      );
      await waitUntil(async () => (await clients()) === 5);
      for (const consumer of consumers) await consumer.stop();
      await waitUntil(async () => (await clients()) === 3);
    });

    test('a lock of six seconds is renewed for as long as the handler runs, and nobody else gets the message', async () => {
      const other = await createRedisMessaging({ url: redis.url, cluster: 'c', instance: 'two', log: memoryLog() });
      let handed = 0;
      let release!: () => void;
      const holding = new Promise<void>((resolve) => (release = resolve));
      const consumers = [messaging, other].map(({ queue }) =>
        queue.consume('lock', { concurrency: 1 }, () => {
          handed++;
          return holding;
        }),
      );
      messaging.queue.add('lock', items('m', 1));
      await waitUntil(() => handed === 1);
      const begun = Date.now();
      const left = async (): Promise<number> => Number(await redis.command('PTTL', 'tiercel:q:lock:.m0:lock'));
      expect(await left()).toBeGreaterThan(4_000);
      expect(await left()).toBeLessThanOrEqual(6_000);
      expect(Number(await redis.command('PTTL', 'tiercel:q:lock:stalled-check'))).toBeLessThanOrEqual(3_000);
      // Longer than the lock and two looks for stalled jobs.
      while (Date.now() - begun < 10_000) {
        expect(await left()).toBeGreaterThan(1_000);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      expect(handed).toBe(1);
      release();
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await other.close();
    });

    test('finished messages leave nothing behind: no keys, no events, no memory', { timeout: 120_000 }, async () => {
      let done = 0;
      const consumer = messaging.queue.consume<TaskMessage>('growth', { concurrency: 50 }, async ({ taskRunId }) => {
        done++;
        if (taskRunId === 'warm7') throw new Error('dropped in the end, and not kept as failed');
      });
      const run = async (prefix: string, count: number): Promise<void> => {
        messaging.queue.add('growth', items(prefix, count));
        const { queue } = messaging;
        await waitUntil(async () => done >= count && (await queue.counts('growth')).active === 0, {
          timeoutMs: 60_000,
        });
        await waitUntil(async () => (await queue.counts('growth')).waiting === 0, { timeoutMs: 60_000 });
        done = 0;
      };
      await run('warm', 2_000);
      const keys = ((await redis.command('KEYS', 'tiercel:q:growth:*')) as string[]).toSorted();
      const memory = await numberOf('memory', 'used_memory');
      await run('m', 10_000);
      // Nothing per message, and no set of completed or failed jobs. The others are there whenever a worker is.
      const known = ['events', 'id', 'marker', 'meta', 'stalled', 'stalled-check'].map(
        (key) => `tiercel:q:growth:${key}`,
      );
      for (const key of (await redis.command('KEYS', 'tiercel:q:growth:*')) as string[]) expect(known).toContain(key);
      for (const key of keys) expect(known).toContain(key);
      expect(Number(await redis.command('XLEN', 'tiercel:q:growth:events'))).toBeLessThan(10);
      expect((await numberOf('memory', 'used_memory')) - memory).toBeLessThan(1_000_000);
      await consumer.stop();
    });
  },
);
