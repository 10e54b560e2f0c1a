import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { ExecutionShape } from '../e2e/server.ts';
import type { Shape } from '../evidence/flows.ts';
import type { ServiceName } from './cluster.ts';
import { longestWait, seconds } from './measure.ts';
import type { Scene } from './scene.ts';
import { ALL_ENDED_WITHIN, EXECUTIONS, limit } from './sizes.ts';
import { missing, useStage, type Played } from './stage.ts';

const SKEW_MS = 300_000;
const PRELOAD = fileURLToPath(new URL('skew.mjs', import.meta.url));
/** What a busy machine may add to a delay, ms. */
const LATE_MS = 8_000;
/** How far dates of two processes may be apart (docs/guarantees.md), ms. */
const EARLY_MS = 250;
/** Of the flow below. */
const DELAY_MS = 2_000;
/** From the call to the planned start, ms. */
const AHEAD_MS = 5_000;

const CASES: readonly (readonly [ServiceName, number])[] = [
  ['gateway', SKEW_MS],
  ['executor', -SKEW_MS],
  // Set right it jumps forward, past the time after which a worker without contact gives its tasks up.
  ['worker', -SKEW_MS],
  ['scheduler', -SKEW_MS],
];

describe.skipIf(missing !== undefined)('a clock that is five minutes off', () => {
  const stage = useStage();
  test.each(CASES)(
    'of the %s (%i ms)',
    (name, skew) =>
      stage.play(`clock.${name}`, (scene) => skewed(scene, name, skew), {
        longSeconds: name === 'worker' ? 11 : 2,
        more: (namespace) => [delays(namespace)],
      }),
    limit(20_000),
  );
});

const delays = (namespace: string): Shape => ({
  id: 'delays',
  taskRuns: 2,
  attempts: { second: 2 },
  scripts: [],
  source: `
id: delays
namespace: ${namespace}
tasks:
  - id: nap
    type: io.kestra.plugin.core.flow.Sleep
    duration: PT2S
  - id: second
    type: io.kestra.plugin.scripts.shell.Commands
    env:
      ATTEMPT: '{{ taskrun.attemptsCount }}'
    commands:
      - '[ "$ATTEMPT" -ge 1 ]'
    retry:
      type: constant
      interval: PT2S
      maxAttempt: 3
`,
});

/** The service is replaced by one whose clock is wrong, and set right while it works; delays, leases and planned starts keep to the time of the database. */
async function skewed(scene: Scene, name: ServiceName, skew: number): Promise<Played> {
  const { cluster, load, random } = scene;
  const [old] = cluster.of(name);
  const wrong = await cluster.start(name, { NODE_OPTIONS: `--import ${PRELOAD}`, SKEW_MS: String(skew) });
  await old!.stop();
  const began = Date.now();
  const stop = load.steady(EXECUTIONS / 8);
  await load.burst(5, 'delays');
  const planned: { readonly id: string; readonly at: number }[] = [];
  for (let i = 0; i < 5; i++) planned.push(await plan(scene, Date.now() + AHEAD_MS + random.int(0, 500)));
  await scene.accepted(Math.max(40, EXECUTIONS / 2));
  await scene.scriptsRun(1);
  wrong.signal('SIGUSR2');
  await stop();
  const outcome = await scene.outcome(ALL_ENDED_WITHIN);
  const ended = Date.now();
  await cluster.start(name);
  expect(await wrong.stop()).toBe(0);

  const dates = outcome.executions.flatMap(datesOf);
  const late = planned.map(({ id, at }) => startOf(outcome.executions.find((one) => one.id === id)!) - at);
  const naps = outcome.executions.filter(({ flowId }) => flowId === 'delays').flatMap(delaysOf);
  const within = (values: readonly number[], from: number): boolean =>
    values.length > 0 && values.every((value) => value >= from - EARLY_MS && value <= from + LATE_MS);
  const breaches = [...outcome.breaches];
  if (dates.some((date) => date < began - EARLY_MS || date > ended + EARLY_MS))
    breaches.push(`dates from ${Math.min(...dates) - began} ms to ${Math.max(...dates) - ended} ms off`);
  if (!within(late, 0)) breaches.push(`planned starts off by ${late.join(', ')} ms`);
  if (!within(naps, DELAY_MS)) breaches.push(`delays of ${naps.join(', ')} ms`);
  return {
    executions: outcome.executions,
    breaches,
    notes: [
      `planned starts late by ${Math.min(...late)} to ${Math.max(...late)} ms`,
      `delays of 2 s took ${Math.min(...naps)} to ${Math.max(...naps)} ms`,
      `longest way through \`chain\`: ${seconds(longestWait(outcome.executions, 'chain'))}`,
    ],
  };
}

async function plan(scene: Scene, at: number): Promise<{ readonly id: string; readonly at: number }> {
  const query = `scheduleDate=${encodeURIComponent(new Date(at).toISOString())}`;
  const path = `/executions/${scene.namespace}/kv?${query}`;
  const { id } = await scene.json<ExecutionShape>(path, { method: 'POST' });
  scene.load.accepted.add(id);
  return { id, at };
}

const datesOf = ({ state, taskRunList = [] }: ExecutionShape): number[] =>
  [state.histories, ...taskRunList.map((run) => run.state.histories)].flat().map(({ date }) => Date.parse(date));

const startOf = ({ state }: ExecutionShape): number =>
  Date.parse(state.histories.find(({ state }) => state === 'RUNNING')!.date);

/** Of the sleep, and between the end of a failed attempt and the start of the next one, ms. */
function delaysOf({ taskRunList = [] }: ExecutionShape): number[] {
  const [nap, second] = taskRunList;
  const spans = (run: typeof nap, from: string, to: string): number[] => {
    const states = run?.state.histories ?? [];
    const start = states.findIndex(({ state }) => state === from);
    const end = states.findIndex(({ state }, i) => i > start && state === to);
    return start < 0 || end < 0 ? [NaN] : [Date.parse(states[end]!.date) - Date.parse(states[start]!.date)];
  };
  return [...spans(nap, 'RUNNING', 'SUCCESS'), ...spans(second, 'RETRYING', 'RUNNING')];
}
