import { connect } from 'node:net';
import { StorageError } from '@tiercel/storage';
import { StoreError } from '@tiercel/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestDoors, type TestDoors } from '../testing/doors.ts';

let doors: TestDoors;
beforeEach(async () => {
  doors = await startTestDoors({ baseUrl: 'https://flows.example/' });
});
afterEach(() => doors.stop());

interface Answer {
  readonly status: number;
  readonly body: any;
}
const read = async (response: Response): Promise<Answer> => ({ status: response.status, body: await response.json() });

type Part = readonly [name: string, value: string | Blob, fileName?: string];
const form = (parts: readonly Part[]): FormData => {
  const data = new FormData();
  for (const [name, value, fileName] of parts) {
    if (typeof value === 'string') data.append(name, value);
    else data.append(name, value, fileName);
  }
  return data;
};
const post = async (path: string, parts?: readonly Part[], init: RequestInit = {}): Promise<Answer> =>
  read(
    await doors.api(`/executions${path}`, {
      method: 'POST',
      ...(parts === undefined ? {} : { body: form(parts) }),
      ...init,
    }),
  );

const INPUTS = `inputs:
  - {id: name, type: STRING, required: false}
  - {id: n, type: INT, defaults: 1}
  - {id: doc, type: FILE, required: false}
  - {id: csv, type: FILE, extension: .csv, required: false}
`;

describe('creating an execution', () => {
  it('answers at once with the CREATED execution and its page', async () => {
    await doors.save('hello', 'labels: {flow: label}');
    const { status, body } = await post('/company.team/hello?labels=env:prod&labels=url:https:%2F%2Fx.y,z');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      flowId: 'hello',
      flowRevision: 1,
      state: { current: 'CREATED' },
      labels: [
        { key: 'flow', value: 'label' },
        { key: 'env', value: 'prod' },
        { key: 'url', value: 'https://x.y,z' },
        { key: 'system.correlationId', value: body.id },
      ],
      url: `https://flows.example/ui/executions/company.team/hello/${body.id}`,
    });
    expect(body.taskRunList).toBeUndefined();
    expect(doors.hinted.map(({ id }) => id)).toEqual([body.id]);
  });

  it('serves the older path and the path with the tenant', async () => {
    await doors.save('hello');
    expect((await post('/trigger/company.team/hello')).status).toBe(200);
    const { body } = await read(await doors.api('/main/executions/company.team/hello', { method: 'POST' }));
    expect(body.url).toContain('/ui/main/executions/company.team/hello/');
  });

  it('streams files into the storage under both forms of part; fields are typed; what is no input is ignored', async () => {
    await doors.save('f', INPUTS);
    const { status, body } = await post('/company.team/f', [
      ['name', 'Ada'],
      ['n', '42'],
      ['unknown', 'x'],
      ['files', new Blob(['a,b']), 'csv'],
      ['doc', new Blob(['%PDF']), '../../my report.pdf'],
      ['files', new Blob(['?']), 'nobody'],
    ]);
    expect(status).toBe(200);
    const root = `/company/team/f/executions/${body.id}/inputs`;
    expect(body.inputs).toMatchObject({ name: 'Ada', n: 42 });
    const files = await doors.files();
    expect(files).toHaveLength(2);
    expect(body.inputs.csv).toMatch(new RegExp(`^kestra://${root}/csv/\\w+\\.csv$`));
    expect(body.inputs.doc).toMatch(new RegExp(`^kestra://${root}/doc/[^/]*my_report\\.pdf$`));
    expect(files.every((path) => path.startsWith(root))).toBe(true);
  });

  it.each([
    ['no body', {}],
    ['a form type without boundary and without body', { headers: { 'content-type': 'multipart/form-data' } }],
    ['a JSON type without body', { headers: { 'content-type': 'application/json' } }],
  ])('%s means no inputs', async (_, init) => {
    await doors.save('f', INPUTS);
    const { status, body } = await post('/company.team/f', undefined, init);
    expect([status, body.inputs]).toEqual([200, { name: null, n: 1, doc: null, csv: null }]);
  });

  it.each([
    ['/company.team/nope', 404, 'Not Found: Requested Flow is not found.'],
    ['/company.team/f?revision=9', 404, 'Not Found: Requested Flow is not found.'],
    ['/company.team/off', 409, 'Illegal state: Requested Flow is disabled.'],
    ['/company.team/f?labels=:x', 422, 'Unprocessable Entity: Invalid queryString parameter'],
    [
      '/company.team/f?labels=system.app:x',
      422,
      'Illegal argument: System labels can only be set by Kestra itself, offending label: system.app=x',
    ],
    ['/company.team/f?labels=a:1&labels=a:2', 409, 'Illegal state: Duplicate key a'],
    ['/company.team/f?scheduleDate=tomorrow', 422, 'Failed to convert argument'],
    [
      '/company.team/needs',
      422,
      'Invalid entity: x: Invalid input for `x`, missing required input, but received `null`',
    ],
  ])('%s is refused with %i', async (path, status, message) => {
    await doors.save('f');
    await doors.save('off', 'disabled: true');
    await doors.save('needs', 'inputs: [{id: x, type: INT}]');
    const answer = await post(path);
    expect(answer.status).toBe(status);
    expect(answer.body.message).toContain(message);
    expect(doors.rows).toEqual([]);
  });

  it('postpones the start', async () => {
    await doors.save('f');
    const { body } = await post('/company.team/f?scheduleDate=2099-01-01T00:00:00Z');
    expect(body.scheduleDate).toBe('2099-01-01T00:00:00Z');
    expect(doors.rows[0]?.startAt).toBe(Date.UTC(2099, 0, 1));
    expect(doors.hinted).toEqual([]);
  });

  it('refuses another body, a form that is none, and too many parts; nothing stays stored', async () => {
    await doors.save('f', INPUTS);
    const json = { headers: { 'content-type': 'application/json' }, body: '{}' };
    expect((await post('/company.team/f', undefined, json)).status).toBe(415);
    const noForm = { headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x\r\nnonsense' };
    expect((await post('/company.team/f', undefined, noForm)).status).toBe(400);
    const noBoundary = { headers: { 'content-type': 'multipart/form-data' }, body: 'abc' };
    expect((await post('/company.team/f', undefined, noBoundary)).status).toBe(400);
    const many = [
      ['doc', new Blob(['x']), 'a.txt'] as const,
      ...Array.from({ length: 10_000 }, (_, i): Part => [`p${i}`, 'x']),
    ];
    const refused = await post('/company.team/f', many);
    expect(refused.status).toBe(413);
    expect(await doors.files()).toEqual([]);
    expect(doors.rows).toEqual([]);
  });

  it('refuses a field over the limit and files over theirs, and a storage that is full, before the form has come whole', async () => {
    await doors.stop();
    doors = await startTestDoors({ uploadLimit: 2000, jsonLimit: 2000 });
    await doors.save('f', INPUTS);
    expect((await post('/company.team/f', [['name', 'x'.repeat(3000)]])).body.message).toContain(
      'a field of the form exceeds the limit',
    );
    expect((await post('/company.team/f', [['files', new Blob(['x'.repeat(3000)]), 'doc']])).body.message).toContain(
      'a file of the form',
    );
    const put = doors.storage.put.bind(doors.storage);
    doors.storage.put = async (tenant, path, content) => {
      await put(tenant, path, content);
      throw new StorageError('no-space', 'full');
    };
    expect(
      (
        await post('/company.team/f', [
          ['files', new Blob(['x']), 'doc'],
          ['n', '1'],
        ])
      ).status,
    ).toBe(507);
    expect(await doors.files()).toEqual([]);
  });

  it('takes the last of several values, and names with brackets are no input', async () => {
    await doors.save('f', INPUTS);
    const { body } = await post('/company.team/f', [
      ['n', '1'],
      ['n', '2'],
      ['n[0]', '3'],
      ['__proto__', 'x'],
      ['', 'y'],
    ]);
    expect(body.inputs.n).toBe(2);
  });

  it('removes uploads when the inputs or the store refuse', async () => {
    await doors.save('f', INPUTS);
    const doc: Part = ['files', new Blob(['x']), 'doc'];
    expect((await post('/company.team/f', [doc, ['n', 'many']])).status).toBe(422);
    expect(await doors.files()).toEqual([]);
    doors.failures.push(new StoreError('bad-data', 'a NUL character'));
    expect((await post('/company.team/f', [doc])).status).toBe(422);
    expect(await doors.files()).toEqual([]);
  });

  it('removes what came of an upload that breaks off', async () => {
    await doors.save('f', INPUTS);
    const socket = connect(doors.port, '127.0.0.1');
    const head =
      'POST /api/v1/executions/company.team/f HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n';
    const whole = '--b\r\nContent-Disposition: form-data; name="files"; filename="csv"\r\n\r\na,b\r\n';
    const half = '--b\r\nContent-Disposition: form-data; name="files"; filename="doc"\r\n\r\nhalf';
    socket.write(head + whole + half);
    await expect.poll(() => doors.files()).toHaveLength(1);
    socket.destroy();
    await expect.poll(() => doors.files()).toEqual([]);
    expect(doors.rows).toEqual([]);
  });

  it('takes a chunked form', async () => {
    await doors.save('f', INPUTS);
    const text = '--b\r\nContent-Disposition: form-data; name="n"\r\n\r\n7\r\n--b--\r\n';
    const body = new ReadableStream({
      start(controller) {
        for (const char of text) controller.enqueue(new TextEncoder().encode(char));
        controller.close();
      },
    });
    const init = {
      body,
      duplex: 'half',
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    } as RequestInit;
    expect((await post('/company.team/f', undefined, init)).body.inputs.n).toBe(7);
  });
});

describe('waiting for the end', () => {
  it('answers once the execution has ended, whatever the state', async () => {
    await doors.save('f');
    const answer = post('/company.team/f?wait=true');
    await expect.poll(() => doors.rows.length).toBe(1);
    const id = doors.rows[0]!.execution.id;
    doors.executions.move(id, 'RUNNING');
    doors.executions.move(id, 'FAILED');
    expect(await answer).toMatchObject({
      status: 200,
      body: { id, state: { current: 'FAILED' }, url: expect.stringContaining(id) },
    });
  });

  it('is cleaned up when the creation fails', async () => {
    await doors.save('f', 'inputs: [{id: x, type: INT}]');
    expect((await post('/company.team/f?wait=true')).status).toBe(422);
    expect(doors.gateway.routeDeps.watch.size).toBe(0);
  });
});

describe('validating inputs', () => {
  it('tells of each input, creates nothing and stores no file', async () => {
    await doors.save('f', INPUTS.replace('id: name, type: STRING, required: false', 'id: name, type: STRING'));
    const { status, body } = await post('/company.team/f/validate', [
      ['n', 'x'],
      ['files', new Blob(['?']), 'doc'],
    ]);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: 'f', namespace: 'company.team' });
    expect(body.inputs).toMatchObject([
      {
        input: { id: 'name', type: 'STRING', required: true },
        enabled: true,
        errors: [{ message: expect.stringContaining('missing required input') }],
      },
      { input: { id: 'n' }, errors: [{ message: expect.stringContaining('For input string: "x"') }] },
      { input: { id: 'doc' }, value: expect.stringMatching(/\/inputs\/doc\/doc\.upl$/), errors: [] },
      { input: { id: 'csv', extension: '.csv' }, enabled: true, errors: [] },
    ]);
    expect(await doors.files()).toEqual([]);
    expect(doors.rows).toEqual([]);
  });

  it('tells which inputs are not asked for, and what there is to choose from', async () => {
    await doors.save(
      'f',
      `inputs:
  - {id: a, type: ARRAY, itemType: INT}
  - {id: one, type: SELECT, expression: "{{ inputs.a }}", dependsOn: {inputs: [a]}}
  - {id: off, type: STRING, dependsOn: {inputs: [a], condition: "{{ false }}"}}
`,
    );
    const { body } = await post('/company.team/f/validate', [
      ['a', '[1, 2]'],
      ['one', '1'],
      ['off', 'x'],
    ]);
    expect(body.inputs).toMatchObject([
      { value: [1, 2], enabled: true, errors: [] },
      { input: { values: ['1', '2'], allowCustomValue: false, isRadio: false }, value: '1', enabled: true, errors: [] },
      { value: 'x', enabled: false, errors: [] },
    ]);
  });
});
