import { describe, expect, test } from 'vitest';
import { SERVICES, type ServiceName } from './cluster.ts';
import { recoveryAfter, seconds } from './measure.ts';
import type { Scene } from './scene.ts';
import { ALL_ENDED_WITHIN, EXECUTIONS, GOES_ON_WITHIN, limit, LONG } from './sizes.ts';
import { missing, useStage, type Played } from './stage.ts';

const VICTIMS: readonly (readonly [string, readonly ServiceName[]])[] = [
  ...SERVICES.map((name) => [name, [name]] as const),
  ['everything', SERVICES],
];

describe.skipIf(missing !== undefined)('kill -9, over Redis', () => {
  const stage = useStage();
  test.each(VICTIMS)('of %s', (what, names) => stage.play(`kill.${what}`, (scene) => kill(scene, names)), limit(0));
});

describe('kill -9, over PostgreSQL alone', () => {
  const stage = useStage({ redis: false });
  // In CI only those whose loss has to do with queues.
  const victims = VICTIMS.filter(([what]) => LONG || ['executor', 'worker', 'everything'].includes(what));
  test.each(victims)('of %s', (what, names) => stage.play(`pgkill.${what}`, (scene) => kill(scene, names)), limit(0));
});

/** In the midst of a load that goes on; each is started again at once. */
async function kill(scene: Scene, names: readonly ServiceName[]): Promise<Played> {
  const { cluster, load } = scene;
  const begun = load.burst(Math.ceil(EXECUTIONS * 0.7));
  await scene.accepted(Math.ceil(EXECUTIONS * 0.4));
  await scene.scriptsRun(Math.min(6, Math.ceil(EXECUTIONS / 16)));
  const stop = load.steady(10);
  const victims = names.flatMap((name) => cluster.of(name));
  const workers = victims.filter(({ name }) => name === 'worker');
  const held = (await Promise.all(workers.map((worker) => scene.runsOn(worker)))).flat().length;
  let at = 0;
  await scene.lose(workers, async () => {
    at = Date.now();
    await Promise.all(victims.map((victim) => victim.kill()));
  });
  const ready = Math.max(...(await Promise.all(victims.map((victim) => victim.start()))));
  await begun;
  await scene.accepted(EXECUTIONS);
  await stop();
  const outcome = await scene.outcome(ALL_ENDED_WITHIN);
  const { running, first, last } = recoveryAfter(outcome.executions, at);
  expect(first).toBeLessThan(GOES_ON_WITHIN);
  return {
    ...outcome,
    notes: [
      `${running} executions running, ${held} scripts of the victim`,
      `ready again after ${seconds(ready)}`,
      `first end after ${seconds(first)}, last of those running after ${seconds(last)}`,
    ],
  };
}
