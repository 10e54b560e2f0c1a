import { randomUUID } from 'node:crypto';
import type { JsonObject } from '@tiercel/model';
import { waitUntil } from '@tiercel/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { MAX_TRIES } from './memory-queue.ts';
import type { Consumer, Messaging, Queue, QueueItem, TaskMessage } from './testing/messages.ts';
import { aHint, aTask, items } from './testing/messages.ts';

/** A backend under test. */
export interface QueueBackend {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Messaging of a process of its own, as far as the backend knows processes. The test closes it. */
  messaging(instance: string): Promise<Messaging>;
  /** Starts a process that takes a message of the queue and holds it, and kills it then. Absent: nothing outlives a process. */
  readonly victim?: (queue: string) => Promise<void>;
  /** Makes the backend believe that all messages of the queue have been stalled a million times. */
  readonly stalledOften?: (queue: string) => Promise<void>;
}

const LONG = { timeoutMs: 60_000 };

/** What every backend of the queue port does. */
export function queueContract(name: string, backend: QueueBackend): void {
  describe(`queue contract: ${name}`, () => {
    let one: Messaging;
    let two: Messaging;
    let queue: string;
    const consumers: Consumer[] = [];

    beforeAll(async () => {
      await backend.start();
      one = await backend.messaging('one');
      two = await backend.messaging('two');
    });
    afterAll(async () => {
      await Promise.all([one.close(), two.close()]);
      await backend.stop();
    });
    afterEach(async () => {
      await Promise.all(consumers.splice(0).map((consumer) => consumer.stop()));
    });

    const fresh = (): string => (queue = `tasks-${randomUUID()}`);
    const consume = (
      from: Queue,
      handler: (message: TaskMessage) => Promise<void> | void,
      concurrency = 10,
    ): Consumer => {
      const consumer = from.consume<TaskMessage>(queue, { concurrency }, async (message) => handler(message));
      consumers.push(consumer);
      return consumer;
    };
    /** Hands out nothing until `release`; tells how many are in hand. */
    const holder = () => {
      const held: (() => void)[] = [];
      let released = false;
      return {
        held,
        handler: () => (released ? Promise.resolve() : new Promise<void>((resolve) => held.push(resolve))),
        release: () => {
          released = true;
          for (const resolve of held) resolve();
        },
      };
    };
    const isEmpty = async (): Promise<boolean> => {
      const { waiting, active } = await one.queue.counts(queue);
      return waiting + active === 0;
    };

    test('hands out every message of 10,000, each once, whichever process added it', { timeout: 120_000 }, async () => {
      fresh();
      const seen = new Map<string, number>();
      const count = (message: TaskMessage): void =>
        void seen.set(message.taskRunId, (seen.get(message.taskRunId) ?? 0) + 1);
      consume(two.queue, count, 100);
      one.queue.add(queue, items('a', 9_000));
      two.queue.add(queue, items('b', 1_000));
      await waitUntil(() => seen.size === 10_000, LONG);
      await waitUntil(isEmpty, LONG);
      expect([...seen.values()].every((times) => times === 1)).toBe(true);
    });

    test('drops a second message with the id of one that waits, and takes the id again when that is done', async () => {
      fresh();
      one.queue.add(queue, items('x', 1));
      two.queue.add(queue, items('x', 1));
      one.queue.add(queue, [...items('x', 1), ...items('y', 1), ...items('y', 1)]);
      await waitUntil(async () => (await one.queue.counts(queue)).waiting >= 2);
      const seen: string[] = [];
      consume(one.queue, (message) => void seen.push(message.taskRunId));
      await waitUntil(() => seen.length >= 2);
      await waitUntil(isEmpty);
      expect(seen.toSorted()).toEqual(['x0', 'y0']);
      for (let round = 1; round <= 3; round++) {
        one.queue.add(queue, items('x', 1));
        await waitUntil(() => seen.length === 2 + round);
        await waitUntil(isEmpty);
      }
    });

    test('keeps each consumer within its concurrency', async () => {
      fresh();
      const { held, handler, release } = holder();
      consume(one.queue, handler, 3);
      one.queue.add(queue, items('m', 20));
      await waitUntil(() => held.length === 3);
      expect(await one.queue.counts(queue)).toEqual({ waiting: 17, active: 3 });
      expect(held).toHaveLength(3);
      release();
      await waitUntil(isEmpty);
    });

    test('gives a message again to a handler that throws, and drops it in the end', async () => {
      fresh();
      const tries = new Map<string, number>();
      consume(one.queue, ({ taskRunId }) => {
        const count = (tries.get(taskRunId) ?? 0) + 1;
        tries.set(taskRunId, count);
        if (taskRunId === 'bad0' || count < 3) throw new Error('not now');
      });
      one.queue.add(queue, [...items('bad', 1), ...items('soon', 1)]);
      await waitUntil(() => tries.get('bad0') === MAX_TRIES && tries.get('soon0') === 3);
      await waitUntil(isEmpty);
      one.queue.add(queue, items('soon', 1));
      await waitUntil(() => tries.get('soon0') === 4);
      expect(tries.get('bad0')).toBe(MAX_TRIES);
    });

    test('a paused consumer takes nothing more, goes on with what it has, and stop waits for that', async () => {
      fresh();
      const { held, handler, release } = holder();
      const consumer = consume(one.queue, handler, 2);
      one.queue.add(queue, items('m', 5));
      await waitUntil(() => held.length === 2);
      consumer.pause();
      let stopped = false;
      const stop = consumer.stop().then(() => (stopped = true));
      two.queue.add(queue, items('later', 1));
      const rest: string[] = [];
      consume(two.queue, ({ taskRunId }) => void rest.push(taskRunId));
      await waitUntil(() => rest.length === 4);
      expect([stopped, held.length]).toEqual([false, 2]);
      release();
      await stop;
      await waitUntil(isEmpty);
      expect(held).toHaveLength(2);
    });

    test('a consumer that waits is paused and stopped at once, and does not catch what others are woken by', async () => {
      for (const end of ['pause', 'stop'] as const) {
        fresh();
        const seen: string[] = [];
        const first = consume(one.queue, () => void seen.push('first'));
        one.queue.add(queue, items('m', 1));
        await waitUntil(() => seen.length === 1);
        await waitUntil(isEmpty);
        consume(two.queue, () => void seen.push('second'));
        const begun = Date.now();
        if (end === 'stop') await first.stop();
        else first.pause();
        expect(Date.now() - begun).toBeLessThan(1_500);
        for (let i = 1; i <= 5; i++) {
          two.queue.add(queue, items(`later${i}`, 1));
          await waitUntil(() => seen.length === 1 + i, { timeoutMs: 1_500, what: 'the other consumer' });
        }
        expect(seen).toEqual(['first', ...Array.from({ length: 5 }, () => 'second')]);
      }
    });

    test('a consumer that was quick and then has its hands full keeps nothing from others', async () => {
      fresh();
      const { held, handler, release } = holder();
      const quick: string[] = [];
      consume(
        one.queue,
        (message) => (message.taskRunId.startsWith('long') ? handler() : void quick.push(message.taskRunId)),
        2,
      );
      one.queue.add(queue, items('quick', 50));
      one.queue.add(queue, items('long', 2));
      one.queue.add(queue, items('more', 20));
      await waitUntil(() => held.length === 2);
      const rest: string[] = [];
      consume(two.queue, ({ taskRunId }) => void rest.push(taskRunId));
      await waitUntil(() => quick.length + rest.length === 70);
      expect([held.length, new Set([...quick, ...rest]).size]).toEqual([2, 70]);
      await waitUntil(async () => (await one.queue.counts(queue)).active === 2);
      release();
      await waitUntil(isEmpty);
    });

    test('consumers share a queue', async () => {
      fresh();
      const seen: string[] = [];
      const by = { one: 0, two: 0 };
      const take = (who: 'one' | 'two') => async (message: TaskMessage) => {
        by[who]++;
        seen.push(message.taskRunId);
        await new Promise((resolve) => setImmediate(resolve));
      };
      consume(one.queue, take('one'), 2);
      consume(two.queue, take('two'), 2);
      // Message by message: one of them cannot fetch everything before the other wakes up.
      for (let i = 0; i < 200; i++) {
        one.queue.add(queue, items(`m${i}-`, 1));
        if (i % 20 === 0) await waitUntil(isEmpty);
      }
      await waitUntil(() => seen.length === 200);
      expect(new Set(seen).size).toBe(200);
      expect(Math.min(by.one, by.two)).toBeGreaterThan(0);
    });

    const { victim, stalledOften } = backend;
    const testOfDeath = victim === undefined ? undefined : test;
    testOfDeath?.(
      'what a killed process held is handed out again, never failed however often it was stalled',
      { timeout: 60_000 },
      async () => {
        fresh();
        one.queue.add(queue, items('m', 1));
        await waitUntil(async () => (await one.queue.counts(queue)).waiting === 1);
        await stalledOften?.(queue);
        await victim?.(queue);
        const seen: string[] = [];
        consume(one.queue, ({ taskRunId }) => void seen.push(taskRunId));
        await waitUntil(() => seen.length > 0, { timeoutMs: 20_000 });
        await waitUntil(isEmpty);
        expect(seen).toEqual(['m0']);
      },
    );

    test('counts what waits and what is in hand', async () => {
      fresh();
      expect(await one.queue.counts(queue)).toEqual({ waiting: 0, active: 0 });
      one.queue.add(queue, items('m', 7));
      await waitUntil(async () => (await two.queue.counts(queue)).waiting === 7);
      const { held, handler, release } = holder();
      consume(one.queue, handler, 4);
      await waitUntil(() => held.length === 4);
      await waitUntil(async () => (await two.queue.counts(queue)).active === 4);
      expect(await two.queue.counts(queue)).toEqual({ waiting: 3, active: 4 });
      release();
      await waitUntil(isEmpty);
    });

    test('removes a queue, also one that does not exist, and can use it again', async () => {
      fresh();
      await one.queue.remove(queue);
      one.queue.add(queue, items('m', 1_500));
      await waitUntil(async () => (await one.queue.counts(queue)).waiting === 1_500);
      await two.queue.remove(queue);
      expect(await one.queue.counts(queue)).toEqual({ waiting: 0, active: 0 });
      const seen: string[] = [];
      consume(two.queue, ({ taskRunId }) => void seen.push(taskRunId));
      one.queue.add(queue, items('m', 1));
      await waitUntil(() => seen.length === 1);
      await two.queue.remove(queue);
      one.queue.add(queue, items('n', 1));
      await waitUntil(() => seen.length === 2);
    });

    test('carries what JSON can say, in its order, and a megabyte of it', async () => {
      fresh();
      const variables: JsonObject = {
        zeta: 'ä€😀\u0000\ud800\u2028"\\',
        alpha: [1, -0.5, 1e-7, 9_007_199_254_740_991, true, null, {}, []],
        '': { '0:0': 'x', __proto: 'y' },
        large: '😀x'.repeat((1024 * 1024) / 6 + 1),
      };
      const seen: TaskMessage[] = [];
      consume(two.queue, (message) => void seen.push(message));
      const message = aTask('big', { variables });
      one.queue.add(queue, [{ id: 'big', message }]);
      await waitUntil(() => seen.length === 1);
      expect(JSON.stringify(seen[0])).toBe(JSON.stringify(message));
    });

    test('keeps hints, too; queues apart; and refuses ids that it could not keep', async () => {
      const names = ['tasks-a', 'tasks-a:b', 'tasks-a%3Ab', 'tasks-ä/x y'].map((part) => `${part}-${randomUUID()}`);
      const seen: string[] = [];
      for (const at of names) {
        consumers.push(
          two.queue.consume(at, { concurrency: 1 }, async (message) => void seen.push(`${at} ${message.executionId}`)),
        );
        one.queue.add(at, [{ id: '4711', message: aHint(at) }]);
      }
      await waitUntil(() => seen.length === names.length);
      expect(seen.toSorted()).toEqual(names.map((at) => `${at} ${at}`).toSorted());
      for (const id of ['a:b', '']) {
        const bad: QueueItem<TaskMessage>[] = [...items('good', 1), { id, message: aTask('bad') }];
        expect(() => one.queue.add(fresh(), bad)).toThrow('colon');
        expect(await isEmpty()).toBe(true);
      }
    });

    test('ids that look like parts of the backend are as good as others', async () => {
      fresh();
      const ids = ['0', '1', '-1', '007', 'wait', 'active', 'meta', 'id', 'marker', 'events', '*', '%', '\u0001', 'ä'];
      one.queue.add(
        queue,
        ids.map((id) => ({ id, message: aTask(id) })),
      );
      const seen: string[] = [];
      consume(one.queue, ({ taskRunId }) => void seen.push(taskRunId));
      await waitUntil(() => seen.length === ids.length);
      expect(seen.toSorted()).toEqual(ids.toSorted());
    });

    test('close waits for what is in hand', async () => {
      fresh();
      const three = await backend.messaging('three');
      const { held, handler, release } = holder();
      three.queue.consume(queue, { concurrency: 1 }, handler);
      three.queue.add(queue, items('m', 1));
      await waitUntil(() => held.length === 1);
      let closed = false;
      const closing = three.close().then(() => (closed = true));
      expect(await one.queue.counts(queue)).toBeDefined();
      expect(closed).toBe(false);
      release();
      await closing;
    });
  });
}
