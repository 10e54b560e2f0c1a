import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { lastEnd, longestWait, recoveryAfter, seconds } from './measure.ts';
import type { Scene } from './scene.ts';
import { ALL_ENDED_WITHIN, EXECUTIONS, GOES_ON_WITHIN, limit, OUTAGE_MS } from './sizes.ts';
import { missing, useStage, type Played } from './stage.ts';

describe.skipIf(missing !== undefined)('Redis', () => {
  const stage = useStage();
  const names = { flushed: 'FLUSHALL', killed: 'kill -9', away: 'stopped', empty: 'restarted empty' };
  test.each(Object.entries(names))(
    'that is %s',
    (name) => stage.play(`redis.${name}`, (scene) => lose(scene, FAULTS[name as keyof typeof names])),
    limit(OUTAGE_MS),
  );
});

const FAULTS: Readonly<Record<'flushed' | 'killed' | 'away' | 'empty', (scene: Scene) => Promise<unknown>>> = {
  flushed: ({ cluster }) => cluster.redis!.command('FLUSHALL'),
  async killed({ cluster }) {
    await cluster.redis!.kill();
    await cluster.redis!.start();
  },
  async away({ cluster }) {
    await cluster.redis!.stop();
    await delay(OUTAGE_MS);
    await cluster.redis!.start();
  },
  async empty({ cluster }) {
    await cluster.redis!.stop();
    await cluster.redis!.forget();
    await cluster.redis!.start();
  },
};

/** In the midst of a load that goes on: intake must not notice, and nothing may run again. */
async function lose(scene: Scene, fault: (scene: Scene) => Promise<unknown>): Promise<Played> {
  const { load } = scene;
  const begun = load.burst(Math.ceil(EXECUTIONS * 0.6));
  await scene.accepted(Math.ceil(EXECUTIONS * 0.4));
  await scene.scriptsRun(Math.min(6, Math.ceil(EXECUTIONS / 16)));
  const stop = load.steady((EXECUTIONS * 0.4 * 1_000) / Math.max(OUTAGE_MS, 4_000));
  const from = Date.now();
  await fault(scene);
  const back = Date.now();
  await begun;
  await scene.accepted(EXECUTIONS);
  await stop();
  const outcome = await scene.outcome(ALL_ENDED_WITHIN);
  const { running, first, last } = recoveryAfter(outcome.executions, back);
  const answers = load.statuses(from, back + 2_000);
  expect(Object.keys(answers)).toEqual(['200']);
  expect(first).toBeLessThan(GOES_ON_WITHIN);
  expect(lastEnd(outcome.executions, back)).toBeLessThan(ALL_ENDED_WITHIN);
  return {
    ...outcome,
    notes: [
      `away for ${seconds(back - from)}, ${answers['200']} calls answered 200 then, the slowest after ${Math.round(load.slowest(from, back + 2_000))} ms`,
      `${running} executions running at its return: first end after ${seconds(first)}, last ${seconds(last)}`,
      `longest way through \`chain\`: ${seconds(longestWait(outcome.executions, 'chain'))}`,
    ],
  };
}
