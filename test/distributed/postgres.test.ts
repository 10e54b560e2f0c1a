import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { until } from '../e2e/server.ts';
import { recoveryAfter, seconds } from './measure.ts';
import type { Scene } from './scene.ts';
import { ALL_ENDED_WITHIN, EXECUTIONS, GOES_ON_WITHIN, limit, OUTAGE_MS } from './sizes.ts';
import { missing, useStage, type Played } from './stage.ts';

/** Within this a call is answered while the database is away, ms. */
const ANSWERED_WITHIN = 8_000;
/** The longest scripts begin before the outage and end after it. */
const LONG_SECONDS = OUTAGE_MS / 1_000 + 5;
/** What all of them, a fifth of the executions, take one worker with 32 at a time, ms. */
const WORK_MS = Math.ceil(EXECUTIONS / 5 / 32) * LONG_SECONDS * 1_000;

describe.skipIf(missing !== undefined)('PostgreSQL', () => {
  const stage = useStage();
  test('that is restarted', () => stage.play('pg.restarted', (scene) => lose(scene, 0)), limit(0));
  test(
    'that is stopped for a while',
    () => stage.play('pg.away', (scene) => lose(scene, OUTAGE_MS), { longSeconds: LONG_SECONDS }),
    limit(OUTAGE_MS + WORK_MS),
  );
});

describe('PostgreSQL that also carries the queues', () => {
  const stage = useStage({ redis: false });
  test(
    'and is stopped for a while',
    () => stage.play('pgqueue.away', (scene) => lose(scene, OUTAGE_MS), { longSeconds: LONG_SECONDS }),
    limit(OUTAGE_MS + WORK_MS),
  );
});

async function lose(scene: Scene, ms: number): Promise<Played> {
  const { cluster, load } = scene;
  const begun = load.burst(Math.ceil(EXECUTIONS * 0.6));
  await scene.accepted(Math.ceil(EXECUTIONS * 0.4));
  await scene.scriptsRun(Math.min(6, Math.ceil(EXECUTIONS / 16)));
  const stop = load.steady((EXECUTIONS * 0.4 * 1_000) / Math.max(ms, 4_000));
  const running = (await Promise.all(cluster.of('worker').map((worker) => scene.runsOn(worker)))).flat().length;
  const from = Date.now();
  await cluster.stopPostgres();
  const gone = Date.now();
  await delay(ms);
  const until503 = Date.now();
  await cluster.startPostgres();
  const back = Date.now();
  const takes = async (): Promise<true | undefined> => (load.statuses(back)['200'] === undefined ? undefined : true);
  await until('an accepted execution after the outage', takes);
  const accepting = Date.now() - back;
  await begun;
  await scene.accepted(EXECUTIONS);
  await stop();
  const outcome = await scene.outcome(ALL_ENDED_WITHIN + WORK_MS);
  const { first, last } = recoveryAfter(outcome.executions, back);
  const answers = load.statuses(gone, until503);
  if (ms > 0) expect(Object.keys(answers)).toEqual(['503']);
  expect(load.statuses()['0'] ?? 0).toBe(0);
  expect(load.slowest(from)).toBeLessThan(ANSWERED_WITHIN);
  expect(first).toBeLessThan(GOES_ON_WITHIN);
  return {
    ...outcome,
    notes: [
      `away for ${seconds(back - from)} while ${running} scripts ran; answers then ${JSON.stringify(answers)}, the slowest after ${seconds(load.slowest(from, back))}`,
      `accepts again after ${seconds(accepting)}, first end after ${seconds(first)}, last of those running ${seconds(last)}`,
    ],
  };
}
