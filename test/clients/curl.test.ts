import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LocalServer, until, type ExecutionShape } from '../e2e/server.ts';
import { FLOWS, revised } from './flows.ts';
import { has, shell } from './shell.ts';

const MIB = 1024 * 1024;

/** The calls of the documentation, as they are written there. */
describe.skipIf(!has('curl'))('curl', () => {
  let server: LocalServer;
  let cwd: string;
  const api = (): string => `${server.url}/api/v1`;
  const curl = (line: string, ms?: number): Promise<string> =>
    shell(`curl -sS ${line.replaceAll('API', api())}`, { cwd, ...(ms !== undefined && { ms }) });
  const json = async <T = ExecutionShape>(line: string, ms?: number): Promise<T> =>
    JSON.parse(await curl(line, ms)) as T;
  const ended = (id: string): Promise<ExecutionShape> =>
    until('the end of an execution', async () => {
      const execution = await server.json<ExecutionShape>(`/executions/${id}`);
      return ['SUCCESS', 'WARNING', 'FAILED'].includes(execution.state.current) ? execution : undefined;
    });

  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'tiercel-curl-'));
    server = await LocalServer.make();
    for (const flow of Object.values(FLOWS)) await server.deploy(flow);
  });
  afterAll(async () => {
    await server.remove();
    await rm(cwd, { recursive: true, force: true });
  });

  test('an input as a field of a form', async () => {
    const { id, state, inputs } = await json('-X POST API/executions/company.team/greet -F greeting="hey there"');
    expect(state.current).toBe('CREATED');
    expect(inputs).toEqual({ greeting: 'hey there' });
    expect((await ended(id)).outputs).toEqual({ said: 'hey there' });
  });

  test('no input at all: the default', async () => {
    expect((await json('-X POST "API/executions/company.team/greet?wait=true"')).outputs).toEqual({ said: 'hello' });
  });

  test('128 MiB in chunks arrive whole, and the memory of the server stays small', async () => {
    await writeFile(join(cwd, 'big.txt'), Buffer.alloc(128 * MIB, 'x'));
    let peak = 0;
    const watch = setInterval(() => {
      void server.memory().then((now) => (peak = Math.max(peak, now ?? 0)));
    }, 50);
    const before = (await server.memory()) ?? 0;
    const { outputs, state } = await json(
      `-H 'Transfer-Encoding:chunked' -H 'Content-Type:multipart/form-data' -F 'files=@big.txt;filename=file' 'API/executions/company.team/upload?wait=true'`,
      120_000,
    );
    clearInterval(watch);
    expect(state.current).toBe('SUCCESS');
    expect(outputs).toEqual({ bytes: 128 * MIB });
    expect(peak - before).toBeLessThan(100 * MIB);
  });

  test('revisions', async () => {
    for (let revision = 2; revision <= 6; revision++) {
      await writeFile(join(cwd, 'greet.yaml'), revised(FLOWS.greet, revision));
      await curl(
        `-f -X PUT API/flows/company.team/greet -H 'Content-Type:application/x-yaml' --data-binary @greet.yaml`,
      );
    }
    expect((await json("-X POST 'API/executions/company.team/greet?revision=2'")).flowRevision).toBe(2);
    expect((await json("-X POST 'API/executions/trigger/company.team/greet?revision=6'")).flowRevision).toBe(6);
    expect((await json('-X POST API/executions/company.team/greet')).flowRevision).toBe(6);
  });

  test('a flow from the command line', async () => {
    const flow =
      'id: made\nnamespace: company.team\ntasks:\n  - id: t\n    type: io.kestra.plugin.core.log.Log\n    message: made';
    const made = await json<{ revision: number; source: string }>(
      `-X POST API/flows -H 'Content-Type:application/x-yaml' -d '${flow}'`,
    );
    expect(made).toMatchObject({ revision: 1, source: flow });
    expect((await json("-X POST 'API/executions/company.team/made?wait=true'")).state.current).toBe('SUCCESS');
  });

  test('the key-value store', async () => {
    await curl(
      `-f -X PUT API/namespaces/company.team/kv/my_key -H 'Content-Type: application/json' -d '"Hello, World"'`,
    );
    expect(await json('API/namespaces/company.team/kv/my_key')).toEqual({ type: 'STRING', value: 'Hello, World' });
  });

  test('namespace files', async () => {
    await writeFile(join(cwd, 'a.txt'), 'content of a');
    await curl(`-f -X POST 'API/namespaces/company.team/files?path=/a.txt' -F fileContent=@a.txt`);
    const listed = await json<{ fileName: string; type: string; size: number }[]>(
      "'API/namespaces/company.team/files/directory?path=/'",
    );
    expect(listed).toMatchObject([{ fileName: 'a.txt', type: 'File', size: 12 }]);
    expect(await curl("'API/namespaces/company.team/files?path=/a.txt'")).toBe('content of a');
  });

  test.each(['GET', 'POST', 'PUT'])('a webhook by %s', async (method) => {
    const { id } = await json(`-X ${method} 'API/executions/webhook/company.team/greet/a-long-secret?x=1'`);
    const { state, trigger } = await ended(id);
    expect(state.current).toBe('SUCCESS');
    expect(trigger?.variables).toMatchObject({ parameters: { x: ['1'] } });
  });

  test.each(['-g \'URL?inputs={"greeting":"hey"}\'', "'URL?inputs=greeting:hey'"])(
    'a webhook with inputs: %s',
    async (line) => {
      const { id } = await json(line.replace('URL', 'API/executions/webhook/company.team/greet/a-long-secret'));
      expect((await ended(id)).outputs).toEqual({ said: 'hey' });
    },
  );

  test('a webhook with a body', async () => {
    const { id } = await json(
      `-X POST API/executions/webhook/company.team/greet/a-long-secret -H 'Content-Type: application/json' -d '{"a": [1]}'`,
    );
    expect((await ended(id)).trigger?.variables).toMatchObject({ body: { a: [1] } });
  });
});
