import { setTimeout as delay } from 'node:timers/promises';
import { taskQueue } from '@tiercel/contracts';
import { describe, expect, test } from 'vitest';
import type { Shape } from '../evidence/flows.ts';
import { lastEnd, seconds } from './measure.ts';
import type { Scene } from './scene.ts';
import { BACKLOG, BACKLOG_MS, limit } from './sizes.ts';
import { missing, useStage, type Played } from './stage.ts';

/** Tasks at a time of the slow worker. */
const SLOW = 4;
/** Executions that have ended and whose jobs have not been taken off the queue yet, or the other way round. */
const UNDER_WAY = 50;

describe.skipIf(missing !== undefined)('a backlog', () => {
  const stage = useStage({ env: { TIERCEL_WORKER_CAPACITY: String(SLOW) } });
  test(
    `of ${BACKLOG} jobs for one slow worker is sent again, and nothing runs twice`,
    () => stage.play('backlog', backlog, { more: (namespace) => [nap(namespace)] }),
    limit(BACKLOG_MS + BACKLOG * 20),
  );
});

const nap = (namespace: string): Shape => ({
  id: 'nap',
  taskRuns: 1,
  scripts: [],
  source: `
id: nap
namespace: ${namespace}
tasks:
  - id: nap
    type: io.kestra.plugin.core.flow.Sleep
    duration: PT1.5S
`,
});

async function backlog(scene: Scene): Promise<Played> {
  const { cluster, load } = scene;
  await load.burst(BACKLOG, 'nap');
  const samples: { readonly waiting: number; readonly open: number }[] = [];
  for (const end = Date.now() + BACKLOG_MS; Date.now() < end; await delay(1_000)) {
    const [open, waiting] = await Promise.all([scene.open(), queued(scene)]);
    samples.push({ open, waiting });
  }
  const looks = await scene.looks();
  // All that are left, at once.
  await cluster.start('worker', { TIERCEL_WORKER_CAPACITY: '256' });
  const from = Date.now();
  const outcome = await scene.outcome(60_000 + BACKLOG * 10);
  const last = samples.at(-1)!;
  const highest = Math.max(...samples.map(({ waiting }) => waiting));
  const most = Math.max(...samples.map(({ waiting, open }) => waiting - open));
  // Otherwise this would show nothing.
  expect(looks).toBeGreaterThan(0);
  expect(most).toBeLessThan(UNDER_WAY);
  expect(highest).toBeGreaterThan(BACKLOG / 2);
  expect(last.open).toBeGreaterThan(BACKLOG / 2);
  return {
    ...outcome,
    notes: [
      `up to ${highest} jobs waited, ${last.waiting} after ${seconds(BACKLOG_MS)}, with ${last.open} executions open`,
      `at most ${most} jobs more than open executions`,
      `half of them were sent again ${looks} times or more`,
      `a second worker ended all in ${seconds(lastEnd(outcome.executions, from))}`,
    ],
  };
}

/** Jobs in the queue of the workers, taken ones included. */
async function queued({ cluster }: Scene): Promise<number> {
  const name = `tiercel:q:${taskQueue('default')}`;
  const counts = await Promise.all(
    ['wait', 'active', 'paused'].map((list) => cluster.redis!.command('LLEN', `${name}:${list}`)),
  );
  return counts.reduce<number>((sum, count) => sum + Number(count), 0);
}
