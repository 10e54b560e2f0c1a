import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeProblem, languageSchema, parseFlow } from '@tiercel/flow-source';
import { createLocalStorage, storageLayout } from '@tiercel/storage';
import { runInline, type AttemptServices } from '@tiercel/task-runner';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configuredRegistry, languageOfEnvironment } from '../registry.ts';

/** The blocks of docs/writing-a-plugin.md in a language. */
async function documented(language: string): Promise<readonly string[]> {
  const page = await readFile(new URL('../../../../docs/writing-a-plugin.md', import.meta.url), 'utf8');
  return [...page.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, code]) => code!);
}

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tiercel-plugins-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function put(path: string, text: string): Promise<void> {
  await mkdir(join(root, path, '..'), { recursive: true });
  await writeFile(join(root, path), text);
}

const REVERSE = 'com.example.text.Reverse';

/** Puts the plugin of the page there. */
async function putDocumented(folder: string): Promise<void> {
  await put(`${folder}/index.mjs`, (await documented('js'))[0]!);
  await put(`${folder}/package.json`, (await documented('json'))[0]!);
}

const flow = (task: string): string =>
  `id: words\nnamespace: company.team\ntasks:\n  - id: turn\n    type: ${REVERSE}\n${task}`;

async function services(registry: AttemptServices['registry']): Promise<AttemptServices> {
  const storage = await createLocalStorage(join(root, 'storage'));
  const kv = {} as AttemptServices['kv'];
  return { registry, storage, layout: storageLayout, kv, secret: () => undefined, now: Date.now, random: Math.random };
}

type TaskJob = Parameters<typeof runInline>[0];
const jobOf = (task: TaskJob['task'], variables: TaskJob['variables']): TaskJob => ({
  v: 1,
  kind: 'task',
  tenant: 'main',
  partition: 0,
  workerGroup: 'default',
  executionId: 'exec',
  namespace: 'company.team',
  flowId: 'words',
  flowRevision: 1,
  taskRunSeq: 0,
  taskRunId: 'run',
  dispatch: 1,
  attempt: 0,
  taskRunStart: Date.UTC(2025, 0, 1),
  task,
  variables,
});

describe('a plugin from outside', () => {
  it('is a package in a folder: parsed, described and run', async () => {
    await putDocumented('plugins/text');
    await put('plugins/README.md', 'no plugin');
    const registry = await configuredRegistry({ plugins: [], pluginFolder: 'plugins' }, root);
    const parsed = parseFlow(flow('    text: "{{ inputs.text }}"\n'), { registry, tenant: 'main' });
    expect(parsed.problems.map(describeProblem)).toEqual([]);
    const wrong = parseFlow(flow('    text: a\n    least: many\n    texts: b\n'), { registry, tenant: 'main' });
    expect(wrong.problems.map(describeProblem).join()).toMatch(
      /texts.*did you mean "text"[^]*a number|a number[^]*texts/,
    );
    expect(languageSchema(registry, 'flow')['definitions']).toHaveProperty(
      [REVERSE, 'properties', 'least', 'default'],
      1,
    );
    expect(registry.packages().at(-1)).toMatchObject({
      name: 'tiercel-plugin-text',
      version: '1.0.0',
      group: 'com.example.text',
    });

    const own = await services(registry);
    const { result } = await runInline(jobOf(parsed.flow!.tasks[0]!, { inputs: { text: 'abc' } }), own);
    expect(result).toMatchObject({ state: 'SUCCESS', outputs: { text: 'cba' } });
    const failed = await runInline(jobOf({ id: 'turn', type: REVERSE, text: '' }, {}), own);
    expect(failed.result).toMatchObject({ state: 'FAILED', error: 'The text has fewer than 1 characters' });
  });

  it('is named in the configuration: an installed package, a path, a file', async () => {
    await putDocumented('node_modules/tiercel-plugin-text');
    await put(
      'node_modules/tiercel-plugin-text/package.json',
      '{"exports":{".":{"require":"./no.cjs","import":"./index.mjs"}}}',
    );
    const other = (await documented('js'))[0]!.replaceAll('Reverse', 'Backwards');
    await put('one.mjs', other);
    const registry = await configuredRegistry({ plugins: ['tiercel-plugin-text', './one.mjs'] }, root);
    expect(registry.get(REVERSE)?.kind).toBe('task');
    expect(registry.get('com.example.text.Backwards')?.kind).toBe('task');
    const variables = { TIERCEL_SERVER_PLUGINS: join(root, 'one.mjs') };
    const { registry: ofEnvironment } = await languageOfEnvironment(variables, () => undefined);
    expect(ofEnvironment.get('com.example.text.Backwards')).toBeDefined();
  });

  const task = (more: string): string =>
    `export const apiVersion = 1;\nexport const plugins = ({ z, defineTask }) => [defineTask({ type: 'com.example.A', title: 'A', lane: 'inline', properties: z.object({}), run: async () => undefined, ${more} })];`;

  it.each([
    ['it does not import', 'export const a = ;', /index\.mjs cannot be loaded: .+\.$/],
    ['another version', 'export const apiVersion = 2;', /made for version 2 of the kit, and this server has 1/],
    ['no version', 'export const plugins = [];', /names no version of the kit/],
    ['no list', 'export const apiVersion = 1;', /must give a list of definitions/],
    ['nothing that is a definition', 'export const apiVersion = 1; export const plugins = [42];', /definition 1/],
    [
      'a function that throws',
      'export const apiVersion = 1; export const plugins = () => { throw new Error("Oh.") };',
      /: Oh\.$/,
    ],
    [
      'a type that is there',
      task("type: 'io.kestra.core.tasks.log.Log'"),
      /io\.kestra\.core\.tasks\.log\.Log is there already, from Tiercel's core/,
    ],
    ['a name without dots', task("type: 'Log'"), /Log: type must be a name with dots/],
    ['no work', task('run: 1'), /com\.example\.A: run must be a function/],
    ['foreign schemas', task('properties: { shape: { a: 1 } }'), /properties must be z\.object/],
    ['a flowable', task("kind: 'flowable'").replace('[defineTask(', '[('), /cannot come from outside/],
    [
      'a property of all tasks',
      task('properties: z.object({ timeout: z.string() })'),
      /the property timeout is one that every task has/,
    ],
  ])('stops the start: %s', async (_what, code, message) => {
    await put('plugins/broken/index.mjs', code);
    await put('plugins/broken/package.json', '{"exports":"./index.mjs"}');
    const loading = configuredRegistry({ plugins: [], pluginFolder: 'plugins' }, root);
    await expect(loading).rejects.toMatchObject({ name: 'PlatformError', message: expect.stringMatching(message) });
    await expect(loading).rejects.toThrow(join(root, 'plugins/broken/index.mjs'));
  });

  it('must be there', async () => {
    const at = async (plugin: string): Promise<unknown> => configuredRegistry({ plugins: [plugin] }, root);
    await expect(at('not-installed')).rejects.toThrow('The plugin not-installed is not installed');
    await expect(at('./none.mjs')).rejects.toThrow(`The plugin ${join(root, 'none.mjs')} does not exist.`);
    await expect(at('./none')).rejects.toThrow('cannot be read');
    await expect(configuredRegistry({ plugins: [], pluginFolder: 'none' }, root)).rejects.toThrow('(ENOENT)');
  });
});
