import { access, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { definitions as coreDefinitions } from '@tiercel/plugin-core';
import { defineTask, TaskFailure, type RunContext, type TaskOutput } from '@tiercel/plugin-kit';
import { StorageError } from '@tiercel/storage';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { runAttempt } from './run-attempt.ts';
import type { AttemptServices } from './services.ts';
import { jobOf, memorySink, testServices, type TestServices } from './test-services.ts';

type Body = (context: RunContext) => Promise<TaskOutput | undefined>;
let body: Body;
const custom = defineTask({
  type: 'test.Custom',
  title: 'A task of the test.',
  lane: 'worker',
  properties: z.object({ a: z.string().optional(), n: z.unknown().optional() }),
  run: (context) => body(context),
});

const LOG = 'io.kestra.plugin.core.log.Log';
let setup: TestServices;
let services: AttemptServices;
beforeEach(async () => {
  setup = await testServices([...coreDefinitions, custom]);
  services = setup.services;
});
afterEach(() => setup.remove());

const run = async (task: Record<string, unknown>, options: { variables?: never; signal?: AbortSignal } = {}) => {
  const sink = memorySink();
  const result = await runAttempt(jobOf({ id: 't', type: 'test.Custom', ...task }), services, options.signal, sink);
  return { result, sink };
};

describe('results', () => {
  test('a task that succeeds', async () => {
    const { result, sink } = await run({ type: LOG, message: 'Hello {{ task.id }} of {{ taskrun.id }}' });
    expect(result).toMatchObject({ state: 'SUCCESS', outputs: {} });
    expect(result.ended).toBeGreaterThanOrEqual(result.started);
    expect(sink.messages()).toEqual(['INFO Hello t of run']);
  });

  test('an alias runs like the type itself', async () => {
    const { sink } = await run({ type: 'io.kestra.core.tasks.log.Log', message: 'x' });
    expect(sink.messages()).toEqual(['INFO x']);
  });

  test('outputs without nulls; the state that the task asks for', async () => {
    body = async () => ({ state: 'WARNING', outputs: { a: 1, b: null, c: { d: null } } });
    expect((await run({})).result).toMatchObject({ state: 'WARNING', outputs: { a: 1, c: { d: null } } });
  });

  test('a storage that is away fails the task with a message that says to try again', async () => {
    const message = "the storage path '/x' cannot be written now: S3 cannot be reached, try again";
    services.storage.put = () =>
      Promise.reject(new StorageError('unavailable', message, { cause: new Error('connect ECONNREFUSED') }));
    body = async (context) => ({ outputs: { uri: await context.storage.put('f', 'x') } });
    const { result, sink } = await run({});
    expect(result).toMatchObject({ state: 'FAILED', error: message });
    expect(sink.messages()[0]).toBe(`ERROR ${message}\nCaused by: connect ECONNREFUSED`);
  });

  test('a failure: one ERROR entry with causes, the stack at TRACE, outputs of the failure', async () => {
    body = async () => {
      throw new TaskFailure('it broke', { outputs: { exitCode: 3 }, cause: new Error('the disk', { cause: 'fire' }) });
    };
    const { result, sink } = await run({});
    expect(result).toMatchObject({ state: 'FAILED', outputs: { exitCode: 3 }, error: 'it broke' });
    expect(sink.messages()[0]).toBe('ERROR it broke\nCaused by: the disk\nCaused by: fire');
    expect(sink.logs[1]?.level).toBe('TRACE');
    expect(sink.logs[1]?.message).toContain('run-attempt.test.ts');
    expect(sink.logs).toHaveLength(2);
  });

  test('an error in an expression shows its place', async () => {
    const { result, sink } = await run({ type: LOG, message: 'Hello {{ missing }}' });
    expect(result).toMatchObject({ state: 'FAILED', error: expect.stringContaining('Unable to find `missing`') });
    expect(sink.messages()[0]).toContain('Hello {{ missing }}\n');
    expect(sink.messages()[0]).toMatch(/\n *\^/);
  });

  test('an unknown type, a type that is no task, properties that do not fit', async () => {
    expect((await run({ type: 'x.Y' })).result.error).toContain("type 'x.Y', which is not installed");
    expect((await run({ type: 'io.kestra.plugin.core.flow.If' })).result.error).toContain('is a flowable');
    expect((await run({ type: LOG, message: { a: 1 } })).result.error).toContain('`message`');
  });

  test('a failing sink is no failure of the task', async () => {
    const sink = { ...memorySink(), onLog: () => Promise.reject(new Error('no database')) };
    await expect(runAttempt(jobOf({ id: 't', type: LOG, message: 'x' }), services, undefined, sink)).rejects.toThrow(
      'no database',
    );
  });
});

describe('log, metrics', () => {
  test('levels below logLevel are left out', async () => {
    body = async ({ logger }) => {
      for (const level of ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'] as const) logger.log(level, 'x');
      return undefined;
    };
    expect((await run({ logLevel: 'WARN' })).sink.messages()).toEqual(['WARN x', 'ERROR x']);
    expect((await run({})).sink.logs).toHaveLength(5);
  });

  test('a message over 10240 characters is split, 1 ms apart, never inside a character', async () => {
    services = { ...services, now: () => 1000 };
    const message = `${'a'.repeat(10_239)}🦅${'b'.repeat(10_240)}`;
    const { sink } = await run({ type: LOG, message });
    expect(sink.logs.map((line) => [line.timestamp, line.message.length])).toEqual([
      [1000, 10_239],
      [1001, 10_240],
      [1002, 2],
    ]);
    expect(sink.logs.map((line) => line.message).join('')).toBe(message);
  });

  test('NUL characters, which the database refuses, are replaced', async () => {
    expect((await run({ type: LOG, message: 'a\0b' })).sink.messages()).toEqual(['INFO a\uFFFDb']);
  });

  test('metrics of the same type, name and tags add up', async () => {
    body = async (context) => {
      context.metric({ type: 'counter', name: 'rows', value: 2, tags: { a: '1', b: '2' } });
      context.metric({ type: 'counter', name: 'rows', value: 3, tags: { b: '2', a: '1' } });
      context.metric({ type: 'counter', name: 'rows', value: 1 });
      context.metric({ type: 'timer', name: 'rows', value: 1 });
      return undefined;
    };
    const { sink } = await run({});
    expect(sink.metrics.map(({ type, value, tags }) => [type, value, tags])).toEqual([
      ['counter', 5, { a: '1', b: '2' }],
      ['counter', 1, undefined],
      ['timer', 1, undefined],
    ]);
  });

  test('metrics of a failed attempt are kept', async () => {
    body = async (context) => {
      context.metric({ type: 'counter', name: 'done', value: 1 });
      throw new Error('x');
    };
    expect((await run({})).sink.metrics).toHaveLength(1);
  });

  test('entries go out while the task runs', async () => {
    const sink = memorySink();
    let written: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (written = resolve));
    body = async ({ logger }) => {
      logger.info('early');
      await first;
      logger.info('late');
      return undefined;
    };
    await runAttempt(jobOf({ id: 't', type: 'test.Custom' }), services, undefined, {
      ...sink,
      onLog: (lines) => {
        void sink.onLog(lines);
        written();
      },
    });
    expect(sink.batches).toEqual([1, 1]);
  });

  test('a slow sink holds back who waits for it, and bounds who does not', async () => {
    let inFlight = 0;
    let largest = 0;
    const sink = memorySink();
    const slow = {
      ...sink,
      onLog: async (lines: Parameters<typeof sink.onLog>[0]) => {
        inFlight += 1;
        expect(inFlight).toBe(1);
        largest = Math.max(largest, lines.length);
        await new Promise(setImmediate);
        inFlight -= 1;
        void sink.onLog(lines);
      },
    };
    body = async ({ logger }) => {
      for (let i = 0; i < 10_000; i += 1) {
        logger.info(String(i));
        const wait = logger.ready();
        if (wait !== undefined) await wait;
      }
      return undefined;
    };
    await runAttempt(jobOf({ id: 't', type: 'test.Custom' }), services, undefined, slow);
    expect(sink.logs.map((line) => line.message)).toEqual(Array.from({ length: 10_000 }, (_, i) => String(i)));
    expect(largest).toBeLessThanOrEqual(501);
    body = async ({ logger }) => {
      for (let i = 0; i < 50_000; i += 1) logger.info('x');
      return undefined;
    };
    sink.logs.length = 0;
    await runAttempt(jobOf({ id: 't', type: 'test.Custom' }), services, undefined, slow);
    expect(sink.logs.length).toBeLessThan(21_000);
    expect(sink.logs.at(-1)?.message).toMatch(/^\d+ log entries were dropped/);
  });
});

describe('secrets', () => {
  beforeEach(() => {
    const secrets: Record<string, string> = {
      SHORT: 'abc',
      LONG: 'a-very-long-secret',
      PEM: 'line one of it\nline two of it',
    };
    services = { ...services, secret: (key) => secrets[key] };
  });

  test('are masked in log entries, errors and stacks once they were read', async () => {
    const { sink } = await run({
      type: LOG,
      message: ['a-very-long-secret', "{{ secret('LONG') }} {{ secret('SHORT') }}", 'abc a-very-long-secret'],
    });
    expect(sink.messages()).toEqual([
      'INFO a-very-long-secret',
      'INFO **masked********** ***',
      'INFO *** **masked**********',
    ]);
    const failed = await run({ type: 'io.kestra.plugin.core.execution.Fail', errorMessage: "{{ secret('LONG') }}" });
    expect(failed.result.error).toBe('**masked**********');
    expect(JSON.stringify(failed.sink.logs)).not.toContain('a-very-long-secret');
  });

  test('each line of a secret of several lines is masked too', async () => {
    const { sink } = await run({ type: LOG, message: ["{{ secret('PEM') }}", 'line two of it'] });
    expect(sink.messages()[1]).toBe('INFO **masked******');
  });

  test('a missing one fails by its name', async () => {
    expect((await run({ type: LOG, message: "{{ secret('NONE') }}" })).result.error).toContain(
      "Cannot find secret for key 'NONE'.",
    );
  });
});

describe('timeout and kill', () => {
  /** Resolves when the task has begun; how it then ends on the signal is given. */
  const began = (onAbort: (resolve: () => void, reject: (error: Error) => void) => void): Promise<void> =>
    new Promise((resolveBegan) => {
      body = ({ signal }) =>
        new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => onAbort(() => resolve(undefined), reject));
          resolveBegan();
        });
    });
  const interrupted = new TaskFailure('interrupted', { outputs: { exitCode: 143 } });

  test('a task over its timeout fails and may still give outputs', async () => {
    void began((_resolve, reject) => reject(interrupted));
    const { result, sink } = await run({ timeout: '{{ "PT0.02S" }}' });
    expect(result).toMatchObject({ state: 'FAILED', error: 'Timeout after 00:00:00.020', outputs: { exitCode: 143 } });
    expect(sink.messages()[0]).toBe('ERROR Timeout after 00:00:00.020');
  });

  test('a timeout of nothing fails at once; a task within its time succeeds', async () => {
    body = async () => undefined;
    expect((await run({ timeout: 'PT0S' })).result.error).toBe('Timeout after 00:00:00.000');
    expect((await run({ timeout: 'PT60S' })).result.state).toBe('SUCCESS');
    expect((await run({ timeout: 'P60D' })).result.state).toBe('SUCCESS');
  });

  test('a timeout that is none names the property', async () => {
    expect((await run({ timeout: 'soon' })).result.error).toMatch(/^`timeout`: /);
  });

  test('a killed task that gives up is KILLED, one that returns is SUCCESS', async () => {
    const controller = new AbortController();
    const started = began((_resolve, reject) => reject(interrupted));
    const running = run({}, { signal: controller.signal });
    await started;
    controller.abort(new Error('killed by ann'));
    const { result, sink } = await running;
    expect(result).toMatchObject({ state: 'KILLED', outputs: { exitCode: 143 } });
    expect(sink.logs.some((line) => line.level === 'ERROR')).toBe(false);
    const startedAgain = began((resolve) => resolve());
    const second = new AbortController();
    const polite = run({}, { signal: second.signal });
    await startedAgain;
    second.abort();
    expect((await polite).result.state).toBe('SUCCESS');
  });

  test('an attempt that was killed before it began runs nothing', async () => {
    body = async () => {
      throw new Error('ran');
    };
    const { result } = await run({}, { signal: AbortSignal.abort(new Error('killed')) });
    expect(result).toMatchObject({ state: 'KILLED', error: 'killed' });
  });

  test('a task that ignores the end is given up, and cannot do harm later', async () => {
    services = { ...services, abortGrace: 10 };
    let late: RunContext | undefined;
    body = (context) => {
      late = context;
      return new Promise(() => undefined);
    };
    const { result, sink } = await run({ timeout: 'PT0.01S' });
    expect(result).toMatchObject({ state: 'FAILED', error: 'Timeout after 00:00:00.010' });
    expect(sink.messages()[0]).toContain('Caused by: The task did not stop within 0.01 s');
    const entries = sink.logs.length;
    late?.logger.info('too late');
    expect(sink.logs).toHaveLength(entries);
    await expect(late?.workingDir()).rejects.toThrow('over');
    const controller = new AbortController();
    const started = began(() => undefined);
    const killed = run({}, { signal: controller.signal });
    await started;
    controller.abort(new Error('killed by ann'));
    expect((await killed).result).toMatchObject({ state: 'KILLED', error: expect.stringContaining('killed by ann') });
  });
});

describe('working directory', () => {
  test('made when asked for, removed after success and failure', async () => {
    let folder = '';
    body = async (context) => {
      folder = await context.workingDir();
      expect(await context.workingDir()).toBe(folder);
      await writeFile(join(folder, 'file'), 'x');
      throw new Error('x');
    };
    await run({});
    await expect(access(folder)).rejects.toThrow();
    await run({ type: LOG, message: 'x' });
    expect(await readdir(setup.root)).toEqual(['storage']);
  });
});
