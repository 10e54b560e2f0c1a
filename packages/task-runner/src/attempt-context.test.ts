import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { definitions as coreDefinitions } from '@tiercel/plugin-core';
import { defineTask, type RunContext } from '@tiercel/plugin-kit';
import type { JsonObject } from '@tiercel/model';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { runAttempt } from './run-attempt.ts';
import { secretsOf, type AttemptServices } from './services.ts';
import { jobOf, memoryKv, memorySink, testServices, type TestServices } from './test-services.ts';

let body: (context: RunContext) => Promise<unknown>;
let seen: unknown;
const custom = defineTask({
  type: 'test.Custom',
  title: 'A task of the test.',
  lane: 'worker',
  properties: z.object({}),
  run: async (context) => {
    seen = await body(context);
    return undefined;
  },
});

let setup: TestServices;
let services: AttemptServices;
beforeEach(async () => {
  setup = await testServices([...coreDefinitions, custom]);
  services = setup.services;
});
afterEach(() => setup.remove());

/** What the body answers, or the message of its failure. */
const within = async (
  use: (context: RunContext) => Promise<unknown>,
  variables: JsonObject = {},
  task: Record<string, unknown> = {},
): Promise<unknown> => {
  body = use;
  seen = undefined;
  const result = await runAttempt(
    jobOf({ id: 'my_task', type: 'test.Custom', ...task }, variables),
    services,
    undefined,
    memorySink(),
  );
  return result.error ?? seen;
};

describe('rendering', () => {
  const variables = {
    inputs: { n: 5, map: { a: [1] }, quote: 'say "hi"' },
    taskrun: { startDate: '2025-01-01T00:00:00Z' },
  };

  test('texts', async () => {
    expect(await within((c) => c.text('n is {{ inputs.n }}'), variables)).toBe('n is 5');
    expect(await within((c) => c.text(null))).toBeUndefined();
    expect(await within((c) => c.text(42))).toBe('42');
    expect(await within((c) => c.text({ a: '{{ inputs.n }}' }), variables)).toBe('{"a":"5"}');
    expect(await within((c) => c.text('{{ workingDir }}', { workingDir: '/w' }))).toBe('/w');
    expect(await within((c) => c.text('{{ taskrun.startDate }} {{ taskrun.attemptsCount }}'), variables)).toBe(
      '2025-01-01T00:00:00.000Z 0',
    );
  });

  test('values and structures', async () => {
    expect(await within((c) => c.typed('{{ inputs.map }}'), variables)).toEqual({ a: [1] });
    expect(await within((c) => c.typed('{{ inputs.n + 1 }}'), variables)).toBe(6);
    expect(await within((c) => c.structure({ '{{ inputs.n }}': ['{{ inputs.n }}', 1] }), variables)).toEqual({
      '5': ['5', 1],
    });
  });

  test('typed properties', async () => {
    expect(await within((c) => c.integer('{{ inputs.n }}'), variables)).toBe(5);
    expect(await within((c) => c.integer(7))).toBe(7);
    expect(await within((c) => c.decimal('1.5'))).toBe(1.5);
    expect(await within((c) => c.boolean('{{ inputs.n == 5 }}'), variables)).toBe(true);
    expect(await within((c) => c.duration('PT1M'))).toBe(60_000);
    expect(await within((c) => c.duration(''))).toBeUndefined();
    expect(await within((c) => c.list('["{{ inputs.n }}"]'), variables)).toEqual(['5']);
    expect(await within((c) => c.list(['{{ inputs.quote }}']), variables)).toEqual(['say "hi"']);
    expect(await within((c) => c.map({ a: '{{ inputs.quote }}' }), variables)).toEqual({ a: 'say "hi"' });
    expect(await within((c) => c.integer('many'), {}, { limit: 'many' })).toMatch(/^`limit`: /);
  });

  test('dynamic expressions get all variables', async () => {
    services = { ...services, fetchVariables: async () => ({ vars: { name: 'x', x: 'found' } }) };
    body = (c) => c.text('{{ vars[vars.name] }}');
    await runAttempt(
      jobOf({ id: 't', type: 'test.Custom' }, {}, { fetchVariables: true }),
      services,
      undefined,
      memorySink(),
    );
    expect(seen).toBe('found');
  });
});

describe('input and output of expressions', () => {
  const own = '/company/team/my-flow/executions/exec/inputs/f/a.txt';
  const parent = '/other/parent/executions/p1/tasks/t/r/b.txt';
  const foreign = '/company/team/my-flow/executions/exec2/c.txt';
  const trigger = { namespace: 'other', flowId: 'parent', executionId: 'p1' };
  beforeEach(async () => {
    for (const path of [own, parent, foreign, '/company/team/_files/dir/n.txt', '/company/team/_files/empty']) {
      await services.storage.put('main', path, path.endsWith('empty') ? '' : `content of ${path}`);
    }
  });
  const read = (uri: string, variables: JsonObject = {}): Promise<unknown> =>
    within((c) => c.text(`{{ read('${uri}') }}`), variables);

  test('read: own files, those of the execution that started it, namespace files', async () => {
    expect(await read(`kestra://${own}`)).toBe(`content of ${own}`);
    expect(await read(`kestra://${parent}`, { trigger })).toBe(`content of ${parent}`);
    expect(await read('dir/n.txt')).toContain('content of');
    expect(await read('/dir/n.txt')).toContain('content of');
  });

  test('read: nothing else', async () => {
    expect(await read(`kestra://${parent}`)).toContain('cannot be read');
    expect(await read(`kestra://${foreign}`, { trigger })).toContain('cannot be read');
    expect(await read('kestra:///company/team/my-flow/executions/exec/../exec2/c.txt')).toContain('refused');
    expect(await read('../../../secrets')).toContain('refused');
    expect(await read('none.txt')).toContain("'none.txt' does not exist");
  });

  test('who started the execution is looked up when the job does not carry it', async () => {
    services = { ...services, fetchVariables: async () => ({ trigger }) };
    expect(await read(`kestra://${parent}`)).toBe(`content of ${parent}`);
  });

  test('read brings no more than 32 MiB into memory', async () => {
    await services.storage.put('main', '/company/team/_files/big', Buffer.alloc(33 * 1024 * 1024, 'x'));
    expect(await read('big')).toContain('at most 32 MiB');
  });

  test('sizes and existence', async () => {
    const answers =
      "{{ fileSize('dir/n.txt') }} {{ fileExists('none') }} {{ fileExists('empty') }} {{ isFileEmpty('empty') }}";
    expect(await within((c) => c.text(answers))).toMatch(/^\d+ false true true$/);
  });

  test('kv', async () => {
    services = {
      ...services,
      kv: memoryKv({ 'company.team:k': { a: 1 }, 'company:k': 'up', 'other:k': 'o', 'company.team:old': 'expired' }),
    };
    const kv = (call: string): Promise<unknown> => within((c) => c.text(`{{ ${call} }}`));
    expect(await kv("kv('k').a")).toBe('1');
    expect(await kv("kv('k', 'company')")).toBe('up');
    expect(await kv("kv('k', 'other')")).toBe('o');
    expect(await kv("kv('none') ?? 'nothing'")).toBe('nothing');
    expect(await kv("kv('none', errorOnMissing=true)")).toContain(
      "The key 'none' does not exist in the namespace 'company.team'.",
    );
    expect(await kv("kv('k', 'nowhere')")).toContain("The namespace 'nowhere' does not exist");
    expect(await kv("kv('old')")).toContain('has expired');
  });

  test('an answer is asked for once and shared by all properties of the attempt', async () => {
    let asked = 0;
    services = { ...services, secret: () => `s${(asked += 1)}` };
    const text = "{{ secret('K') }}";
    expect(await within(async (c) => [await c.text(text), await c.text(`again ${text}`)])).toEqual(['s1', 'again s1']);
  });

  test('errorLogs come from the port; without it the function fails', async () => {
    expect(await within((c) => c.text('{{ errorLogs() }}'))).toContain('errorLogs');
    services = { ...services, errorLogs: async () => [{ message: 'boom' }] };
    expect(await within((c) => c.text('{{ errorLogs()[0].message }}'))).toBe('boom');
  });
});

describe('storage of a task run', () => {
  test('files lie in the folder of the task run', async () => {
    const answer = await within(async (c) => {
      const uri = await c.storage.put('a b.txt', 'x');
      const folder = await mkdtemp(join(tmpdir(), 'tiercel-'));
      await writeFile(join(folder, 'local.csv'), 'y,z');
      const other = await c.storage.putFile(join(folder, 'local.csv'));
      await rm(folder, { recursive: true });
      return [
        uri,
        await text(await c.storage.open(uri)),
        other,
        await c.storage.size(other),
        await c.storage.delete(uri),
      ];
    });
    const folder = 'kestra:///company/team/my-flow/executions/exec/tasks/my-task/run';
    expect(answer).toEqual([`${folder}/a_b.txt`, 'x', `${folder}/local.csv`, 3, true]);
  });

  test('other addresses and missing files fail', async () => {
    expect(await within((c) => c.storage.open('/etc/passwd'))).toContain('kestra:///');
    expect(await within((c) => c.storage.open('file:///etc/passwd'))).toContain('kestra:///');
    expect(await within((c) => c.storage.size('kestra:///none'))).toContain("Unable to find file 'kestra:///none'");
    expect(await within((c) => c.storage.putFile('/no/such/file'))).toContain('ENOENT');
  });

  test('namespace files', async () => {
    const answer = await within(async (c) => {
      await c.storage.putNamespaceFile('a/b.txt', 'x');
      const files = await c.storage.namespaceFiles();
      const content = await text(await c.storage.openNamespaceFile('/a/b.txt'));
      await c.storage.deleteNamespaceFile('a/b.txt');
      return [files, content, await c.storage.namespaceFiles()];
    });
    expect(answer).toEqual([['/a/b.txt'], 'x', []]);
  });
});

describe('key-value store and task runners', () => {
  test('kv of a task', async () => {
    expect(
      await within(async (c) => {
        await c.kv.set('k', { type: 'NUMBER', value: 1 });
        return [await c.kv.get('k'), await c.kv.keys(), await c.kv.delete('k'), await c.kv.get('k')];
      }),
    ).toEqual([{ type: 'NUMBER', value: 1 }, ['k'], true, undefined]);
    expect(
      await within(async (c) => {
        await c.kv.set('k', { type: 'NUMBER', value: 1 });
        await c.kv.set('k', { type: 'NUMBER', value: 2 }, { overwrite: false });
      }),
    ).toContain('`overwrite` is set to false');
    expect(await within((c) => c.kv.get('bad key'))).toContain("'bad key' is no valid key");
  });

  test('a task runner that is not there is told with those that are', async () => {
    expect(await within((c) => c.taskRunner({ type: 'x.Docker' }))).toMatch(
      /x\.Docker.*io\.kestra\.plugin\.core\.runner\.Process/,
    );
  });
});

test('secrets of the environment', () => {
  const secret = secretsOf({ SECRET_MY_KEY: 'aGVs\nbG8=', OTHER: 'x', SECRET_lower: 'eA==' });
  expect(secret('my_key')).toBe('hello');
  expect(secret('LOWER')).toBe('x');
  expect(secret('OTHER')).toBeUndefined();
});
