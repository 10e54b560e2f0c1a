import { startRedis, waitUntil, whyNoRedis, type TestRedis } from '@tiercel/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Messaging } from '../port.ts';
import { memoryLog } from '../testing/log.ts';
import { items, type TaskMessage } from '../testing/messages.ts';
import { createRedisMessaging } from './index.ts';

const missing = whyNoRedis();

/** How soon everything must go on after Redis is back, ms; the promise is two seconds, machines under load may need more. */
const SOON = { timeoutMs: 4_000 };

const noise = (log: ReturnType<typeof memoryLog>) => log.lines.filter(({ level }) => level === 'error');

describe.skipIf(missing !== undefined)(
  `outages of Redis${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let redis: TestRedis;
    let messaging: Messaging;
    let log: ReturnType<typeof memoryLog>;
    let wiped: number;

    const connect = async (instance = 'one', cluster = 'test'): Promise<Messaging> =>
      createRedisMessaging({ url: redis.url, cluster, instance, log });

    beforeEach(async () => {
      redis = await startRedis();
      log = memoryLog();
      messaging = await connect();
      wiped = 0;
      messaging.queue.onWiped(() => wiped++);
    });
    afterEach(async () => {
      await messaging.close();
      await redis.close();
    });

    const collect = (queue: string, from = messaging) => {
      const seen: string[] = [];
      const consumer = from.queue.consume<TaskMessage>(queue, { concurrency: 4 }, async ({ taskRunId }) => {
        seen.push(taskRunId);
      });
      return { seen, consumer };
    };
    /** Adds until it comes out: what is added while Redis is away is dropped. */
    const comesThrough = async (queue: string, seen: readonly string[], name: string): Promise<void> => {
      await waitUntil(
        () => {
          messaging.queue.add(queue, items(name, 1));
          return seen.includes(`${name}0`);
        },
        { ...SOON, everyMs: 50, what: `a message after ${name}` },
      );
    };

    test('FLUSHALL: consumers go on, also those that hold a message; the wipe is told once', async () => {
      const { seen } = collect('q');
      await comesThrough('q', seen, 'before');
      let release!: () => void;
      let held = 0;
      messaging.queue.consume('held', { concurrency: 1 }, () => {
        held++;
        return held === 1 ? new Promise<void>((resolve) => (release = resolve)) : Promise.resolve();
      });
      messaging.queue.add('held', items('h', 1));
      await waitUntil(() => held === 1);
      const identity = messaging.identity();
      expect(identity).not.toBe('');
      await redis.command('FLUSHALL');
      await waitUntil(() => wiped === 1, SOON);
      expect(messaging.identity()).not.toBe(identity);
      await comesThrough('q', seen, 'after');
      release();
      messaging.queue.add('held', items('h', 1));
      await waitUntil(() => held === 2, SOON);
      await waitUntil(async () => (await messaging.queue.counts('held')).active === 0);
      // BullMQ would go back to its default of 10,000 events.
      await waitUntil(async () => (await redis.command('HGET', 'tiercel:q:q:meta', 'opts.maxLenEvents')) === '0');
      expect([wiped, noise(log), log.lines.filter(({ level }) => level === 'warn')]).toEqual([1, [], []]);
    });

    test('kill -9, empty restart: the same consumer goes on, without one line of error', async () => {
      const { seen, consumer } = collect('q');
      await comesThrough('q', seen, 'before');
      const identity = messaging.identity();
      await redis.kill();
      const begun = Date.now();
      for (let i = 0; i < 500; i++) messaging.queue.add('q', items(`lost${i}-`, 100));
      expect(Date.now() - begun).toBeLessThan(15_000);
      await redis.start();
      await comesThrough('q', seen, 'after');
      await waitUntil(() => wiped === 1, SOON);
      expect(messaging.identity()).not.toBe(identity);
      const dropping = log.lines.filter(({ level, text }) => level === 'warn' && text.includes('could not be sent'));
      // Once in five seconds, however many there are.
      expect(dropping.length).toBeGreaterThanOrEqual(1);
      expect(dropping.length).toBeLessThanOrEqual(1 + (Date.now() - begun) / 5_000);
      expect(noise(log)).toEqual([]);
      const stopping = Date.now();
      await consumer.stop();
      expect(Date.now() - stopping).toBeLessThan(1_500);
    });

    test('an orderly restart that keeps its data counts as a wipe: a second of it may be lost', async () => {
      await messaging.close();
      await redis.close();
      redis = await startRedis({ appendonly: true });
      messaging = await connect();
      messaging.queue.onWiped(() => wiped++);
      const identity = messaging.identity();
      messaging.queue.add('q', items('kept', 3));
      await waitUntil(async () => (await messaging.queue.counts('q')).waiting === 3);
      await redis.stop();
      await redis.start();
      await waitUntil(() => wiped === 1, SOON);
      expect(messaging.identity()).toBe(identity);
      const { seen } = collect('q');
      await waitUntil(() => seen.length === 3);
    });

    test('a Redis that stands still holds nobody up, and goes on where it was', async () => {
      const { seen, consumer } = collect('q');
      await comesThrough('q', seen, 'before');
      redis.freeze();
      const begun = Date.now();
      messaging.queue.add('q', items('frozen', 10));
      messaging.bus.publish('kill', { executionId: 'x' });
      expect(Date.now() - begun).toBeLessThan(1_500);
      await waitUntil(() => log.lines.some(({ text }) => text.includes('does not answer')), { timeoutMs: 6_000 });
      await expect(messaging.queue.counts('q')).rejects.toThrow();
      expect(wiped).toBe(0);
      redis.thaw();
      await comesThrough('q', seen, 'after');
      // It kept what it had, but what was to be sent meanwhile was dropped.
      await waitUntil(() => wiped === 1, SOON);
      redis.freeze();
      const stopping = Date.now();
      consumer.pause();
      await consumer.stop();
      expect(Date.now() - stopping).toBeLessThan(15_000);
      redis.thaw();
    });

    test('a connection that breaks counts as a wipe: what was to be sent meanwhile was dropped', async () => {
      const identity = messaging.identity();
      await redis.command('CLIENT', 'KILL', 'TYPE', 'normal');
      await waitUntil(() => wiped === 1, SOON);
      expect(messaging.identity()).toBe(identity);
    });

    test('stop and close do not wait for a Redis that is away, nor for what a handler could not write down', async () => {
      let release!: () => void;
      let held = false;
      const consumer = messaging.queue.consume('q', { concurrency: 1 }, () => {
        held = true;
        return new Promise<void>((resolve) => (release = resolve));
      });
      messaging.queue.add('q', items('m', 1));
      await waitUntil(() => held);
      await redis.kill();
      release();
      const begun = Date.now();
      await consumer.stop();
      await messaging.close();
      expect(Date.now() - begun).toBeLessThan(15_000);
    });

    test('the bus hears again after a break', async () => {
      const other = await connect('two');
      let heard = 0;
      other.bus.subscribe('kill', () => heard++);
      const hears = async (): Promise<void> => {
        const before = heard;
        await waitUntil(
          () => {
            messaging.bus.publish('kill', { executionId: 'x' });
            return heard > before;
          },
          { ...SOON, everyMs: 50 },
        );
      };
      await hears();
      await redis.kill();
      messaging.bus.publish('kill', { executionId: 'nobody hears' });
      await redis.start();
      await hears();
      await redis.command('PUBLISH', 'tiercel:bus:test:control', 'no JSON');
      await redis.command('PUBLISH', 'tiercel:bus:test:control', '["x","unknown",{},"kill"]');
      await redis.command('PUBLISH', 'tiercel:bus:test:control', '{"a":1}');
      await hears();
      expect(noise(log)).toEqual([]);
      await other.close();
    });

    test('scripts that Redis forgot are sent again', async () => {
      const { seen } = collect('q');
      await comesThrough('q', seen, 'before');
      await redis.command('SCRIPT', 'FLUSH');
      messaging.queue.add('q', items('after', 2));
      await waitUntil(() => seen.filter((id) => id.startsWith('after')).length === 2, SOON);
    });
  },
);
