import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { until } from '../e2e/server.ts';
import { lastEnd, longestWait, seconds } from './measure.ts';
import type { Scene } from './scene.ts';
import { ALL_ENDED_WITHIN, EXECUTIONS, FREEZE_MS, GOES_ON_WITHIN, limit } from './sizes.ts';
import { missing, useStage, type Played } from './stage.ts';

/** From its first breath to the end of what a worker may no longer run, ms: a renewal, and the grace of a kill. */
const KILLED_WITHIN = 6_000;

describe.skipIf(missing !== undefined)('frozen and continued', () => {
  const stage = useStage({ count: { worker: 2, executor: 2 } });
  const freezes = limit(FREEZE_MS * 3);
  // Still running when its worker wakes up, and for longer than a worker may take to end it.
  const longSeconds = (FREEZE_MS + 2 * KILLED_WITHIN) / 1_000;
  test('a worker', () => stage.play('frozen.worker', freezeWorker, { longSeconds }), freezes);
  test('an executor', () => stage.play('frozen.executor', freezeExecutor), freezes);
});

/** Its tasks go to the other worker; its late results are dropped, its late scripts killed. */
async function freezeWorker(scene: Scene): Promise<Played> {
  const { cluster, load } = scene;
  const [victim] = cluster.of('worker');
  const begun = load.burst(Math.ceil(EXECUTIONS * 0.6));
  await scene.accepted(Math.ceil(EXECUTIONS * 0.5));
  await until('scripts on both', async () => ((await scene.runsOn(victim!)).length >= 3 ? true : undefined));
  const stop = load.steady((EXECUTIONS * 0.4 * 1_000) / FREEZE_MS);
  let held: readonly string[] = [];
  let late: readonly number[] = [];
  let killed = 0;
  const freeze = async (): Promise<void> => {
    held = await scene.runsOn(victim!);
    victim!.signal('SIGSTOP');
    await delay(FREEZE_MS);
    late = await scene.processesOf(victim!);
    victim!.signal('SIGCONT');
  };
  await scene.lose([victim!], freeze, async () => {
    const woken = Date.now();
    const gone = async (): Promise<true | undefined> => {
      const living = await scene.processesOf(victim!);
      return late.some((pid) => living.includes(pid)) ? undefined : true;
    };
    await until('the end of late scripts', gone, KILLED_WITHIN);
    killed = Date.now() - woken;
  });
  const unended = (await scene.endedPids()).filter((pid) => late.includes(pid));
  await begun;
  await scene.accepted(EXECUTIONS);
  await stop();
  const outcome = await scene.outcome(ALL_ENDED_WITHIN + FREEZE_MS);
  expect(held.length).toBeGreaterThan(0);
  expect(late.length).toBeGreaterThan(0);
  expect(unended).toEqual([]);
  return {
    ...outcome,
    notes: [
      `frozen for ${seconds(FREEZE_MS)} with ${held.length} scripts`,
      `${late.length} processes ran when it woke up, and were gone ${seconds(killed)} later`,
    ],
  };
}

/** Its partitions move to the other executor, and what it writes late changes nothing. */
async function freezeExecutor(scene: Scene): Promise<Played> {
  const { cluster, load } = scene;
  const [victim] = cluster.of('executor');
  const begun = load.burst(Math.ceil(EXECUTIONS * 0.6));
  await scene.accepted(Math.ceil(EXECUTIONS * 0.4));
  const stop = load.steady((EXECUTIONS * 0.4 * 1_000) / FREEZE_MS);
  const at = Date.now();
  victim!.signal('SIGSTOP');
  await delay(FREEZE_MS);
  const waiting = await scene.open();
  victim!.signal('SIGCONT');
  const woken = Date.now();
  await begun;
  await scene.accepted(EXECUTIONS);
  await stop();
  const outcome = await scene.outcome(ALL_ENDED_WITHIN);
  const longest = longestWait(outcome.executions, 'chain', at);
  expect(longest).toBeLessThan(GOES_ON_WITHIN);
  return {
    ...outcome,
    notes: [
      `frozen for ${seconds(woken - at)}, ${waiting} executions open when it woke up`,
      `longest standstill of \`chain\` after the freeze: ${seconds(longest)}; last end ${seconds(lastEnd(outcome.executions, woken))} after its return`,
    ],
  };
}
