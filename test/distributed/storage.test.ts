import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { ExecutionShape } from '../e2e/server.ts';
import { until } from '../e2e/server.ts';
import type { Shape } from '../evidence/flows.ts';
import { longestWait, seconds } from './measure.ts';
import type { Scene } from './scene.ts';
import { ALL_ENDED_WITHIN, EXECUTIONS, limit, OUTAGE_MS } from './sizes.ts';
import { missing, useStage, type Played } from './stage.ts';

/** Within this an upload is answered while the storage is away, ms. */
const ANSWERED_WITHIN = 30_000;
/** What is said of a storage that is away, to people. */
const CLEAR = /storage .*cannot be reached|cannot be reached.*storage|object storage|bucket/i;

describe.skipIf(missing !== undefined)('S3', () => {
  const stage = useStage();
  test(
    'that is away for a while',
    () => stage.play('s3.away', away, { more: (namespace) => [writes(namespace)] }),
    limit(OUTAGE_MS + ANSWERED_WITHIN),
  );
});

/** Takes a file, and makes one after two seconds. */
const writes = (namespace: string): Shape => ({
  id: 'writes',
  taskRuns: 1,
  scripts: [],
  source: `
id: writes
namespace: ${namespace}
inputs:
  - id: file
    type: FILE
tasks:
  - id: copy
    type: io.kestra.plugin.scripts.shell.Commands
    inputFiles:
      in.txt: "{{ inputs.file }}"
    outputFiles:
      - out.txt
    commands:
      - sleep 2
      - cp in.txt out.txt
`,
});

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly ms: number;
}

async function upload({ cluster, namespace, load }: Scene): Promise<Answer> {
  const form = new FormData();
  form.append('file', new Blob(['what is uploaded\n'.repeat(10_000)]), 'file.txt');
  const began = performance.now();
  const signal = AbortSignal.timeout(ANSWERED_WITHIN * 2);
  const path = `/api/v1/executions/${namespace}/writes`;
  const answer = await fetch(`${cluster.url}${path}`, { method: 'POST', body: form, signal });
  const text = await answer.text();
  if (answer.ok) load.accepted.add((JSON.parse(text) as ExecutionShape).id);
  return { status: answer.status, text, ms: performance.now() - began };
}

async function away(scene: Scene): Promise<Played> {
  const { cluster, load } = scene;
  const before = await Promise.all([upload(scene), upload(scene), upload(scene)]);
  expect(before.map(({ status }) => status)).toEqual([200, 200, 200]);
  // Its files are there: what it makes will come while there is nowhere to put it.
  await until('running copies', async () => ((await runningCopies(scene)) === 3 ? true : undefined));
  await cluster.s3!.close();
  const from = Date.now();
  const stop = load.steady((EXECUTIONS * 1_000) / OUTAGE_MS);
  const during = await Promise.all([upload(scene), upload(scene)]);
  await delay(Math.max(0, OUTAGE_MS - (Date.now() - from)));
  await cluster.startS3();
  const back = Date.now();
  await scene.accepted(EXECUTIONS);
  await stop();
  const after = await until('an upload', async () => {
    const answer = await upload(scene);
    return answer.status === 200 ? answer : undefined;
  });
  const outcome = await scene.outcome(ALL_ENDED_WITHIN);
  const copies = outcome.executions.filter(({ flowId }) => flowId === 'writes');
  const failed = copies.filter(({ state }) => state.current === 'FAILED');
  const reasons = await Promise.all(failed.map(({ id }) => errorsOf(scene, id)));
  const refusals = during.map(({ status, text }) => `${status} ${text.slice(0, 200)}`);
  const unclear = [...reasons, ...refusals].filter((text) => !CLEAR.test(text));
  expect(during.map(({ status }) => status)).toEqual([503, 503]);
  expect(Math.max(...during.map(({ ms }) => ms))).toBeLessThan(ANSWERED_WITHIN);
  return {
    executions: outcome.executions,
    breaches: [
      // Those that needed the storage while it was away may fail, if they say why.
      ...outcome.breaches.filter(
        (breach) => !failed.some(({ id }) => breach.startsWith(`writes ${id}: ended as FAILED`)),
      ),
      ...unclear.map((text) => `unclear: ${text}`),
    ],
    notes: [
      `away for ${seconds(back - from)}; uploads then: ${during.map(({ status, ms }) => `${status} after ${seconds(ms)}`).join(', ')}; again after ${seconds(after.ms)}`,
      `${copies.length - failed.length} of ${copies.length} copies succeeded`,
      ...(reasons[0] === undefined ? [] : [`the others say: ${reasons[0].slice(0, 300)}`]),
      `longest way through \`chain\`: ${seconds(longestWait(outcome.executions, 'chain'))}`,
    ],
  };
}

async function runningCopies(scene: Scene): Promise<number> {
  const query = `namespace=${scene.namespace}&flowId=writes&state=RUNNING&size=10`;
  const { results } = await scene.json<{ results: ExecutionShape[] }>(`/executions/search?${query}`);
  return results.filter(({ taskRunList }) => taskRunList?.[0]?.state.current === 'RUNNING').length;
}

async function errorsOf({ cluster }: Scene, id: string): Promise<string> {
  const answer = await fetch(`${cluster.url}/api/v1/logs/${id}/download?minLevel=ERROR`);
  return (await answer.text()).trim();
}
