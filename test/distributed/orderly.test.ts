import { describe, expect, test } from 'vitest';
import { SERVICES } from './cluster.ts';
import { longestWait, seconds } from './measure.ts';
import type { Scene } from './scene.ts';
import { ALL_ENDED_WITHIN, CHANGES, EXECUTIONS, limit, ROUNDS } from './sizes.ts';
import { missing, useStage, type Played } from './stage.ts';

/** Executions a second: what two cores do beside services that start all the while; more would only wait. */
const RATE = Math.min(12, EXECUTIONS / 12);

/** The longest that an execution may stand still because executors come and go, ms. */
const PAUSE = 5_000;

describe.skipIf(missing !== undefined)('in good order', () => {
  const stage = useStage();
  test(
    `SIGTERM of each service in turn, ${ROUNDS} rounds`,
    () => stage.play('sigterm', rounds),
    limit(ROUNDS * 40_000),
  );
  test('executors join and leave', () => stage.play('members', joinAndLeave), limit(60_000));
});

/** The seed says in which order, and whether a new one is there before the old one goes. */
async function rounds(scene: Scene): Promise<Played> {
  const { cluster, load, random } = scene;
  const stop = load.steady(RATE);
  const stops: { name: string; ms: number; code: number | null }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of random.shuffle(SERVICES)) {
      const [old] = cluster.of(name);
      const first = random.chance(0.5);
      if (first) await cluster.start(name);
      const began = performance.now();
      const code = await old!.stop();
      stops.push({ name, ms: performance.now() - began, code });
      if (!first) await old!.start();
    }
  }
  await stop();
  const outcome = await scene.outcome(ALL_ENDED_WITHIN);
  expect(stops.filter(({ code }) => code !== 0)).toEqual([]);
  const slowest = SERVICES.map(
    (name) => `${name} ${seconds(Math.max(...stops.filter((one) => one.name === name).map(({ ms }) => ms)))}`,
  );
  return {
    ...outcome,
    notes: [
      `${stops.length} stops, all with exit code 0, the slowest: ${slowest.join(', ')}`,
      `longest way through \`chain\`: ${seconds(longestWait(outcome.executions, 'chain'))}`,
    ],
  };
}

async function joinAndLeave(scene: Scene): Promise<Played> {
  const { cluster, load, random } = scene;
  const stop = load.steady(RATE);
  for (let change = 0; change < CHANGES; change++) {
    const living = cluster.of('executor');
    const join = living.length === 1 || (living.length < 3 && random.chance(0.5));
    if (join) await cluster.start('executor');
    else expect(await random.pick(living).stop()).toBe(0);
  }
  await scene.accepted(EXECUTIONS);
  await stop();
  const outcome = await scene.outcome(ALL_ENDED_WITHIN);
  const longest = longestWait(outcome.executions, 'chain');
  expect(longest).toBeLessThan(PAUSE);
  return { ...outcome, notes: [`${CHANGES} changes, longest way through \`chain\`: ${seconds(longest)}`] };
}
