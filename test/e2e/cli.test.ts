import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@tiercel/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { LocalServer, tiercel, tiercelRunning, until } from './server.ts';

// Each step starts processes; a busy machine takes its time.
vi.setConfig({ testTimeout: 120_000 });

let server: LocalServer;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tiercel-cli-'));
  server = await LocalServer.make();
});
afterAll(async () => {
  await server.remove();
  await rm(folder, { recursive: true, force: true });
});

const onServer = (...args: string[]): ReturnType<typeof tiercel> => tiercel([...args, '--server', server.url]);

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

const flow = (id: string, task: string): string => `id: ${id}\nnamespace: company.cli\ntasks:\n  - id: t\n${task}\n`;
const FAIL = flow('fail', '    type: io.kestra.plugin.core.execution.Fail\n    errorMessage: it had to be');

describe('flow and execution', () => {
  test('examples: deployed, deployed again unchanged, valid, listed', async () => {
    const first = await onServer('flow', 'deploy', 'examples');
    expect(first.stderr).toBe('');
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/created\s+company\.shop\/orders-report \(revision 1\)/);
    expect((await onServer('flow', 'deploy', 'examples')).stdout).toMatch(
      /unchanged company\.shop\/orders-report \(revision 1\)/,
    );
    const valid = await onServer('flow', 'validate', 'examples');
    expect(valid).toMatchObject({ code: 0 });
    expect(valid.stdout).not.toContain('warning');
    expect((await onServer('flow', 'list', '--namespace', 'company.shop')).stdout).toContain('company.shop/regions');
  });

  test('start with a file, log, shape and report', async () => {
    const run = await onServer(
      'execution',
      'start',
      'company.shop/orders-report',
      '--file',
      'orders=examples/data/orders.csv',
      '--follow',
    );
    expect(run.stderr).toMatch(/^execution \w+\n$/);
    expect(run.code).toBe(0);
    expect(run.stdout).toContain('240 orders make');
    expect(run.stdout).toContain('"bestRegion": "north"');
    const id = run.stderr.trim().split(' ')[1]!;
    expect((await onServer('execution', 'get', id)).stdout).toMatch(/SUCCESS[^]*totals\s+SUCCESS/);
    expect(JSON.parse((await onServer('execution', 'get', id, '--json')).stdout)).toMatchObject({ id });
    expect((await onServer('execution', 'logs', id)).stdout).toMatch(/INFO {2}summary {2}240 orders make/);
    const page = join(folder, 'report.html');
    expect(await onServer('execution', 'report', id, '--output', page)).toMatchObject({ code: 0 });
    expect(await readFile(page, 'utf8')).toContain('<html');
  });

  test('the exit code tells how an execution ended', async () => {
    await onServer('flow', 'deploy', await file('fail.yaml', FAIL));
    const run = await onServer('execution', 'start', 'company.cli/fail', '--follow');
    expect(run.code).toBe(1);
    expect(run.stdout).toContain('it had to be');
    expect(run.stdout).toContain('FAILED');
  });

  test.each([
    [['execution', 'start', 'company.cli/none'], 'Requested Flow is not found'],
    [['execution', 'start', 'company.cli'], 'NAMESPACE/FLOW'],
    [['execution', 'start', 'company.shop/orders-report'], 'orders'],
    [['execution', 'start', 'company.shop/orders-report', '--file', 'orders=/no/such/file'], '/no/such/file'],
    [['execution', 'start', 'company.shop/orders-report', '--input', 'orders'], 'name=value'],
    [['execution', 'get', 'none'], 'Not Found'],
    [['flow', 'deploy', '/no/such/folder'], '/no/such/folder'],
    [['flow', 'deploy'], "missing required argument 'path'"],
    [['nonsense'], "unknown command 'nonsense'"],
  ])('%j says what is wrong in one sentence, and ends with 2', async (args, message) => {
    const { code, stderr, stdout } = await tiercel(args, { env: { TIERCEL_SERVER: server.url } });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test('flows that are not valid', async () => {
    const path = await file('bad.yaml', flow('bad', '    type: io.kestra.plugin.core.log.Lgo'));
    const validated = await onServer('flow', 'validate', path);
    expect(validated.code).toBe(1);
    expect(validated.stdout).toMatch(/not valid[^]*Lgo/);
    expect(await onServer('flow', 'deploy', path)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Lgo') as unknown,
    });
  });

  test('every document of a file is judged and deployed, with a server and without', async () => {
    const good = flow('one', '    type: io.kestra.plugin.core.debug.Return');
    const bad = flow('two', '    type: io.kestra.plugin.core.debug.Return\n    formt: x');
    const paths = [await file('both.yaml', `# a comment\n---\n${good}---\n${bad}`), await file('empty.yaml', '\n')];
    for (const where of [['--local'], ['--server', server.url]]) {
      const { code, stdout } = await tiercel(['flow', 'validate', ...paths, ...where]);
      expect([
        code,
        stdout.match(/^(?:not )?valid +\S+(?: \(document \d\))?/gm)?.map((line) => line.replaceAll(/ +\S*\//g, ' ')),
      ]).toEqual([1, ['valid both.yaml (document 1)', 'not valid both.yaml (document 2)', 'not valid empty.yaml']]);
    }
    const deployed = await onServer('flow', 'deploy', ...paths);
    expect([deployed.code, deployed.stdout.match(/company\.cli\/\w+/g)]).toEqual([1, ['company.cli/one']]);
    expect(deployed.stderr).toContain('There is no flow in this file.');
  });

  test('a file that is no UTF-8 is left alone', async () => {
    const path = join(folder, 'latin.yaml');
    const bytes = Buffer.from(
      flow('latin', '    type: io.kestra.core.tasks.debugs.Return\n    format: café'),
      'latin1',
    );
    await writeFile(path, bytes);
    const { code, stderr } = await tiercel(['flow', 'migrate', '--write', path]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('latin.yaml is no text in UTF-8')]);
    expect(await readFile(path)).toEqual(bytes);
  });

  test('no server', async () => {
    const { code, stderr } = await tiercel(['flow', 'list', '--server', `http://127.0.0.1:${await freePort()}`]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^No Tiercel server answers at .*\n$/) as unknown,
    });
  });
});

describe('run', () => {
  test('a flow from a file, without a server', async () => {
    const run = await tiercel(['run', 'examples/hello.yaml', '--input', 'greeting=hey there']);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toMatch(/INFO {2}say {2}hey there from execution \w+/);
    expect(run.stdout).toContain('"said": "Hey there"');
  });

  test('a file as input, and the end as JSON', async () => {
    const run = await tiercel([
      'run',
      'examples/orders-report.yaml',
      '--file',
      'orders=examples/data/orders.csv',
      '--json',
    ]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(run.stdout)).toMatchObject({ outputs: { orders: 240 } });
  });

  test('a failed execution ends with 1, a flow that is not valid with 2', async () => {
    expect(await tiercel(['run', await file('fail.yaml', FAIL)])).toMatchObject({ code: 1 });
    const bad = await tiercel(['run', await file('bad.yaml', 'id: x')]);
    expect(bad).toMatchObject({ code: 2, stderr: expect.stringContaining('is not valid') as unknown });
  });

  test('Ctrl-C kills the execution and ends everything', async () => {
    const path = await file(
      'long.yaml',
      flow('long', '    type: io.kestra.plugin.scripts.shell.Commands\n    commands: ["echo begun", "sleep 600"]'),
    );
    const { child, text } = tiercelRunning(['run', path, '--data', join(folder, 'data')]);
    const ended = new Promise((resolve) => child.once('close', resolve));
    await until('a log line', () => (text.stdout.includes('begun') ? true : undefined), 30_000);
    child.kill('SIGINT');
    expect(await ended).toBe(1);
    expect(text.stdout).toContain('KILLED');
    const pid = await readFile(join(folder, 'data', 'postgres', 'postmaster.pid'), 'utf8').catch(() => undefined);
    expect(pid).toBeUndefined();
  });
});

describe('plugins from outside', () => {
  const plugin = (version: number): string => `export const apiVersion = ${version};
export const plugins = ({ z, defineTask, dynamicText }) => [
  defineTask({
    type: 'com.example.Shout',
    title: 'Shout.',
    lane: 'worker',
    properties: z.object({ text: dynamicText('What.') }),
    run: async (context, { text }) => ({ outputs: { text: (await context.text(text)).toUpperCase() } }),
  }),
];`;
  const SHOUT = `${flow('shout', '    type: com.example.Shout\n    text: "{{ flow.id }}"')}outputs:
  - id: said
    type: STRING
    value: "{{ outputs.t.text }}"`;

  test('are known to the program and run by its server', async () => {
    const source = await file('shout.yaml', SHOUT);
    const env = { TIERCEL_SERVER_PLUGINS: await file('shout.mjs', plugin(1)) };
    expect(await tiercel(['flow', 'validate', '--local', source])).toMatchObject({ code: 1 });
    expect(await tiercel(['flow', 'validate', '--local', source], { env })).toMatchObject({ code: 0 });
    const { code, stdout } = await tiercel(['run', source, '--json'], { env });
    expect([code, (JSON.parse(stdout) as { outputs: unknown }).outputs]).toEqual([0, { said: 'SHOUT' }]);
  });

  test('one that is broken stops the start with a sentence', async () => {
    const broken = await file('broken.mjs', plugin(99));
    const env = { TIERCEL_SERVER_PLUGINS: broken };
    const { code, stderr } = await tiercel(['server', 'local', '--port', '0', '--data', join(folder, 'd')], { env });
    expect([code, stderr.split('\n')[0]]).toEqual([
      2,
      `The plugin ${broken} cannot be loaded: it is made for version 99 of the kit, and this server has 1 (\`export const apiVersion = 1\`).`,
    ]);
  });
});
