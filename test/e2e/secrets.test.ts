import { createServer } from 'node:http';
import { readdir, readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { LocalServer, until, type ExecutionShape } from './server.ts';

// The server takes a while to start on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** Secrets of the one, and of all the answers that were given. */
const PASSWORD = 'topsecret99';
const ITEM = 'kwxzqjvbn-item';
const BODY = 'hfdtrplmc-body';
/** Stands in the source of a flow, and for that in the database. */
const DEFAULT = 'arrsecret1';
const answers: string[] = [];
let server: LocalServer;
const remote = createServer((_request, response) => void response.end(BODY));

beforeAll(async () => {
  remote.listen(0, '127.0.0.1');
  server = await LocalServer.make({ SECRET_KEY: Buffer.from(PASSWORD).toString('base64') });
});
afterAll(async () => {
  remote.close();
  await server.remove();
});

/** Everything that people can see of an execution. */
async function seenOf(id: string): Promise<string> {
  const paths = ['', '/taskruns', '/follow'].map((path) => `/executions/${id}${path}`);
  const logs = ['', '/download', '/follow'].map((path) => `/logs/${id}${path}`);
  const texts: string[] = [];
  for (const path of [...paths, ...logs, `/metrics/${id}`, `/executions/search?size=100`, `/logs/search?size=1000`]) {
    const answer = await server.call(path, { signal: AbortSignal.timeout(10_000) });
    texts.push(await textOf(answer));
  }
  return texts.join('\n');
}

/** The answer; of one that goes on what comes in its first second. */
async function textOf(answer: Response): Promise<string> {
  if (!answer.headers.get('content-type')?.includes('event-stream')) return answer.text();
  let text = '';
  const reader = answer.body!.getReader();
  const stop = setTimeout(() => void reader.cancel(), 1_000);
  for (let part = await reader.read(); !part.done; part = await reader.read())
    text += Buffer.from(part.value).toString();
  clearTimeout(stop);
  return text;
}

const formOf = (inputs: Readonly<Record<string, string>>): FormData => {
  const form = new FormData();
  for (const [name, value] of Object.entries(inputs)) form.set(name, value);
  return form;
};

const INPUTS = `inputs:
  - {id: pw, type: SECRET}
  - {id: list, type: ARRAY, itemType: SECRET, required: false}
`;
const flow = (id: string, rest: string, inputs = INPUTS): string =>
  `id: ${id}\nnamespace: company.e2e\n${inputs}${rest}`;

async function outcome(id: string, rest: string, inputs: Record<string, string> = { pw: PASSWORD }): Promise<string> {
  await server.deploy(flow(id, rest));
  const execution = await server.run(`company.e2e/${id}`, formOf(inputs));
  const seen = `${JSON.stringify(execution)}\n${await seenOf(execution.id)}`;
  answers.push(seen);
  return seen;
}

const LOG = 'type: io.kestra.plugin.core.log.Log';
const IF = 'type: io.kestra.plugin.core.flow.If';

describe('nobody sees a secret', () => {
  test('that a condition, a loop or an output cannot be made of', async () => {
    const inner = `{id: b, ${LOG}, message: x}`;
    const condition = await outcome(
      'c',
      `tasks:\n  - {id: a, ${IF}, condition: "{{ inputs.pw | number }}", then: [${inner}]}\n`,
    );
    expect(condition).toContain('`**masked***` is no number');
    const called = await outcome(
      'k',
      `tasks:\n  - {id: a, ${IF}, condition: "{{ secret('KEY') | number }}", then: [${inner}]}\n`,
    );
    expect(called).toContain('`**masked***` is no number');
    const loop = await outcome(
      'l',
      `tasks:\n  - {id: a, type: io.kestra.plugin.core.flow.ForEach, values: "{{ inputs.pw }}", tasks: [${inner}]}\n`,
    );
    expect(loop).toContain('it rendered to: **masked***');
    const output = await outcome(
      'o',
      `tasks:\n  - ${inner}\noutputs: [{id: o, type: INT, value: "{{ inputs.pw }}"}]\n`,
    );
    expect(output).toContain('For input string: \\"**masked***\\"');
  });

  test('that a task logs, in whatever form, from whatever source', async () => {
    const seen = await outcome(
      't',
      `tasks:
  - {id: get, type: io.kestra.plugin.core.http.Request, uri: "http://127.0.0.1:${(remote.address() as AddressInfo).port}", encryptBody: true}
  - {id: body, ${LOG}, message: "got {{ outputs.get.encryptedBody }}"}
  - {id: all, ${LOG}, message: "{{ printContext() }}"}
  - {id: items, ${LOG}, message: "{{ inputs.list }} {{ inputs.pw }}"}
`,
      { pw: PASSWORD, list: JSON.stringify([ITEM]) },
    );
    expect(seen).toContain('got **masked******');
    expect(seen).toContain('[\\"**masked******\\"] **masked***');
  });

  test('that is the default of a list, in an execution of a webhook', async () => {
    await server.deploy(
      flow(
        'w',
        `tasks:\n  - {id: a, ${LOG}, message: "{{ inputs.list[0] }} and ${DEFAULT}"}\ntriggers:\n  - {id: hook, type: io.kestra.plugin.core.trigger.Webhook, key: k}\n`,
        `inputs:\n  - {id: list, type: ARRAY, itemType: SECRET, defaults: [${DEFAULT}]}\n  - {id: pw, type: SECRET, required: false}\n`,
      ),
    );
    const hook = '/executions/webhook/company.e2e/w/k';
    for (const query of ['', `?inputs=pw:${PASSWORD}`]) {
      const { id } = await server.json<ExecutionShape>(`${hook}${query}`, { method: 'POST' });
      await until('the end', async () => {
        const { state } = await server.json<ExecutionShape>(`/executions/${id}`);
        return state.current === 'SUCCESS' ? true : undefined;
      });
      const seen = await seenOf(id);
      expect(seen).toContain('**masked** and **masked**');
      expect(seen).not.toContain(DEFAULT);
      answers.push(seen);
    }
    const refused = await server.call(`${hook}?inputs=list:${PASSWORD}`, { method: 'POST' });
    const text = await refused.text();
    expect([refused.status, text]).toEqual([422, expect.stringContaining('but received `******`')]);
    answers.push(text);
  });

  test('when inputs are refused or validated', async () => {
    const inputs = `${INPUTS}  - {id: d, type: INT, defaults: "{{ inputs.pw }}"}
  - {id: c, type: INT, defaults: 1, dependsOn: {inputs: [pw], condition: "{{ inputs.pw | number }}"}}
  - {id: e, type: SELECT, expression: "{{ inputs.pw | number }}"}
`;
    await server.deploy(flow('v', `tasks:\n  - {id: a, ${LOG}, message: x}\n`, inputs));
    for (const path of ['/executions/company.e2e/v', '/executions/company.e2e/v/validate']) {
      const answer = await server.call(path, { method: 'POST', body: formOf({ pw: PASSWORD, list: `["${ITEM}", 1` }) });
      const text = await answer.text();
      expect(text).toContain('******');
      answers.push(text);
    }
  });

  test('in any answer, in the log of the server, or in what it keeps', async () => {
    await server.stop();
    // The search finds what is kept in clear.
    expect(await filesWith(server.data, DEFAULT)).not.toEqual([]);
    for (const secret of [PASSWORD, ITEM, BODY]) {
      expect(answers.join('\n')).not.toContain(secret);
      expect(server.output).not.toContain(secret);
      expect(await filesWith(server.data, secret)).toEqual([]);
    }
  });
});

/** The files below a folder that hold a text: the database's tables and journal among them. */
async function filesWith(folder: string, text: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    if ((await readFile(path)).includes(text)) found.push(path);
  }
  return found;
}
