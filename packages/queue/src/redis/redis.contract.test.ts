import { startRedis, whyNoRedis, type TestRedis } from '@tiercel/testkit';
import { describe } from 'vitest';
import { busContract } from '../bus.contract.ts';
import { queueContract } from '../queue.contract.ts';
import { killVictim } from '../testing/kill-victim.ts';
import { memoryLog } from '../testing/log.ts';
import { createRedisMessaging } from './index.ts';

const missing = whyNoRedis();

describe.skipIf(missing !== undefined)(`Redis${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let redis: TestRedis;
  const backend = {
    start: async () => void (redis = await startRedis()),
    stop: () => redis.close(),
    messaging: (instance: string) =>
      createRedisMessaging({ url: redis.url, cluster: 'test', instance, log: memoryLog() }),
  };
  queueContract('Redis', {
    ...backend,
    victim: (queue) => killVictim({ queue, url: redis.url }),
    stalledOften: async (queue) => {
      const keys = (await redis.command('KEYS', `tiercel:q:${queue}:.*`)) as readonly string[];
      for (const key of keys) await redis.command('HSET', key, 'stc', '1000000');
    },
  });
  busContract('Redis', backend);
});
