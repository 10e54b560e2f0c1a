import { waitUntil } from '@tiercel/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Messaging } from './port.ts';

/** A backend under test. */
export interface BusBackend {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Messaging of a process of its own, as far as the backend knows processes. The test closes it. */
  messaging(instance: string): Promise<Messaging>;
}

/** What every backend of the bus port does. */
export function busContract(name: string, backend: BusBackend): void {
  describe(`bus contract: ${name}`, () => {
    let one: Messaging;
    let two: Messaging;
    const subscriptions: (() => void)[] = [];

    beforeAll(async () => {
      await backend.start();
      one = await backend.messaging('one');
      two = await backend.messaging('two');
    });
    afterAll(async () => {
      await Promise.all([one.close(), two.close()]);
      await backend.stop();
    });
    afterEach(() => {
      for (const end of subscriptions.splice(0)) end();
    });

    /** The kills that a process hears of. */
    const kills = (at: Messaging): string[] => {
      const heard: string[] = [];
      subscriptions.push(at.bus.subscribe('kill', ({ executionId }) => void heard.push(executionId)));
      return heard;
    };

    /** Until both hear each other: a subscription may take a moment. */
    const connected = async (): Promise<void> => {
      for (const [from, to] of [
        [one, two],
        [two, one],
      ] as const) {
        let heard = false;
        const end = to.bus.subscribe('operation', () => (heard = true));
        await waitUntil(() => {
          from.bus.publish('operation', { operationId: 'hello' });
          return heard;
        });
        end();
      }
    };

    test('the own handlers hear of it at once, those of others soon, each once and in order', async () => {
      await connected();
      const [near, far] = [kills(one), kills(two)];
      const sent = Array.from({ length: 3_000 }, (_, i) => `e${i}-ä😀`);
      for (const executionId of sent) one.bus.publish('kill', { executionId });
      expect(near.length).toBe(3_000);
      await waitUntil(() => far.length >= 3_000);
      two.bus.publish('kill', { executionId: 'end' });
      await waitUntil(() => near.at(-1) === 'end');
      expect(far).toEqual([...sent, 'end']);
      expect(near).toEqual([...sent, 'end']);
    });

    test('topics are apart, and a subscription can end', async () => {
      await connected();
      const heard = kills(two);
      const flows: string[] = [];
      const end = two.bus.subscribe('flow', ({ flowId }) => void flows.push(flowId));
      one.bus.publish('flow', { tenant: 'main', namespace: 'n', flowId: 'f' });
      await waitUntil(() => flows.length === 1);
      end();
      one.bus.publish('flow', { tenant: 'main', namespace: 'n', flowId: 'g' });
      one.bus.publish('kill', { executionId: 'last' });
      await waitUntil(() => heard.length === 1);
      expect([flows, heard]).toEqual([['f'], ['last']]);
    });

    test('a handler that throws keeps nobody from hearing', async () => {
      await connected();
      for (const at of [one, two]) {
        subscriptions.push(
          at.bus.subscribe('kill', () => {
            throw new Error('deaf');
          }),
        );
      }
      const [near, far] = [kills(one), kills(two)];
      one.bus.publish('kill', { executionId: 'a' });
      one.bus.publish('kill', { executionId: 'b' });
      await waitUntil(() => far.length === 2);
      expect([near, far]).toEqual([
        ['a', 'b'],
        ['a', 'b'],
      ]);
    });
  });
}
