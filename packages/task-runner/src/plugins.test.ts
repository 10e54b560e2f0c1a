import { access, readdir } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { definitions as core } from '@tiercel/plugin-core';
import { definitions as scripts } from '@tiercel/plugin-scripts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runAttempt } from './run-attempt.ts';
import { runInline } from './run-inline.ts';
import type { AttemptServices } from './services.ts';
import { jobOf, memoryKv, memorySink, testServices, type TestServices } from './test-services.ts';

const SHELL = 'io.kestra.plugin.scripts.shell.Commands';
let setup: TestServices;
let services: AttemptServices;
beforeEach(async () => {
  setup = await testServices([...core, ...scripts]);
  services = { ...setup.services, secret: () => 'my-secret-value' };
});
afterEach(() => setup.remove());

const run = async (task: Record<string, unknown>, options: { signal?: AbortSignal; variables?: object } = {}) => {
  const sink = memorySink();
  const job = jobOf({ id: 't', type: SHELL, ...task }, (options.variables ?? {}) as never);
  return { result: await runAttempt(job, services, options.signal, sink), sink };
};

test('a script from end to end: rendering, files, messages, secrets, and nothing left on disk', async () => {
  await services.storage.put('main', '/company/team/my-flow/executions/exec/in.csv', 'a,b');
  const { result, sink } = await run(
    {
      env: { TOKEN: "{{ secret('TOKEN') }}" },
      inputFiles: { 'greeting.txt': 'Hello {{ inputs.name }}' },
      commands: [
        'cat greeting.txt; echo',
        'cat {{ inputs.file }} > out.csv',
        'echo "token $TOKEN"',
        `echo '::{"outputs":{"n":1}}::'`,
      ],
      outputFiles: ['*.csv'],
    },
    { variables: { inputs: { name: 'Ann "B"', file: 'kestra:///company/team/my-flow/executions/exec/in.csv' } } },
  );
  expect(result).toMatchObject({ state: 'SUCCESS', outputs: { exitCode: 0, vars: { n: 1 } } });
  expect(sink.messages()).toEqual(['INFO Hello Ann "B"', 'INFO token **masked*******']);
  const files = result.outputs?.['outputFiles'] as Record<string, string>;
  expect(await text(await services.storage.get('main', services.layout.fromUri(files['out.csv'] ?? '')))).toBe('a,b');
  expect(await readdir(setup.root)).toEqual(['storage']);
});

test('a script over its timeout is killed with its children, keeps its outputs and fails', async () => {
  const started = Date.now();
  const { result } = await run({
    timeout: 'PT0.3S',
    commands: [`echo '::{"outputs":{"early":true}}::'`, 'sleep 600 & wait'],
  });
  expect(result).toMatchObject({
    state: 'FAILED',
    error: 'Timeout after 00:00:00.300',
    outputs: { vars: { early: true } },
  });
  expect(Date.now() - started).toBeLessThan(10_000);
});

test('a killed script is KILLED', async () => {
  const controller = new AbortController();
  const sink = memorySink();
  const job = jobOf({ id: 't', type: SHELL, commands: ['echo started', 'sleep 600'] });
  const running = runAttempt(job, services, controller.signal, {
    ...sink,
    onLog: () => controller.abort(new Error('killed')),
  });
  expect(await running).toMatchObject({ state: 'KILLED', outputs: { exitCode: 143 } });
});

test('a script that prints without end is held back by a slow sink and stays within its memory', async () => {
  const { onMetrics } = memorySink();
  let lines = 0;
  let waits = 0;
  const job = jobOf({ id: 't', type: SHELL, commands: [`yes ${'x'.repeat(200)} | head -n 200000`] });
  const before = process.memoryUsage.rss();
  let peak = 0;
  const result = await runAttempt(job, services, undefined, {
    onMetrics,
    onLog: async (batch) => {
      lines += batch.length;
      waits += 1;
      peak = Math.max(peak, process.memoryUsage.rss());
      await delay(1);
    },
  });
  expect([result.state, lines]).toEqual(['SUCCESS', 200_000]);
  expect(waits).toBeGreaterThan(100);
  expect(peak - before).toBeLessThan(100 * 1024 * 1024);
});

test('key-value tasks need no variable that the flow does not name', async () => {
  services = { ...services, kv: memoryKv() };
  expect(
    (
      await run(
        { type: 'io.kestra.plugin.core.kv.Set', key: 'k', value: '{{ inputs.map }}' },
        { variables: { inputs: { map: { a: 1 } } } },
      )
    ).result.state,
  ).toBe('SUCCESS');
  expect((await run({ type: 'io.kestra.plugin.core.kv.Get', key: 'k' })).result.outputs).toEqual({ value: { a: 1 } });
});

test('a working directory goes with a script that was given a lot of files', async () => {
  let folder = '';
  const { sink } = await run({ commands: ['pwd', 'mkdir -p a/b/c', 'touch a/b/c/file', 'chmod 500 a/b'] });
  folder = sink.messages()[0]?.slice('INFO '.length) ?? '';
  await expect(access(folder)).rejects.toThrow();
});

test('the inline lane gathers result, log and metrics', async () => {
  const done = await runInline(jobOf({ id: 't', type: 'io.kestra.plugin.core.debug.Return', format: 'x' }), services);
  expect(done).toMatchObject({ result: { state: 'SUCCESS', outputs: { value: 'x' } }, logs: [] });
  expect(done.metrics.map((metric) => metric.name)).toEqual(['length', 'duration']);
  const failed = await runInline(jobOf({ id: 't', type: 'io.kestra.plugin.core.execution.Fail' }), services);
  expect(failed.result).toMatchObject({ state: 'FAILED', error: 'Task failure' });
  expect(failed.logs.map((line) => line.level)).toEqual(['ERROR', 'TRACE']);
});
