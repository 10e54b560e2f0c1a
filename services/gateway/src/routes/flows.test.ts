import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flowSource, startTestDoors, YAML, type TestDoors } from '../testing/doors.ts';

let doors: TestDoors;
beforeEach(async () => {
  doors = await startTestDoors();
});
afterEach(() => doors.stop());

interface Answer {
  readonly status: number;
  // Bodies are looked at freely in tests.
  readonly body: any;
}

const read = async (response: Promise<Response>): Promise<Answer> => {
  const answer = await response;
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
};
const get = (path: string): Promise<Answer> => read(doors.api(path));
const send = (method: string, path: string, body: string, headers: Record<string, string> = YAML): Promise<Answer> =>
  read(doors.api(path, { method, headers, body }));

describe('creating a flow', () => {
  it('answers the flow with its source, byte for byte', async () => {
    const source = flowSource('hello', '# a comment\nlabels: {a: b}\ninputs: [{id: f, type: FILE}]\n');
    const { status, body } = await send('POST', '/flows', source);
    expect(status).toBe(200);
    expect(body).toEqual({
      id: 'hello',
      namespace: 'company.team',
      revision: 1,
      labels: [{ key: 'a', value: 'b' }],
      inputs: [{ id: 'f', type: 'FILE', required: true, extension: '.upl' }],
      tasks: [{ id: 't', type: 'io.kestra.plugin.core.debug.Return' }],
      disabled: false,
      deleted: false,
      source,
    });
  });

  it('refuses an id that exists', async () => {
    await doors.save('a');
    expect(await read(doors.save('a'))).toMatchObject({
      status: 422,
      body: {
        message: 'Invalid entity: flow.id: Flow id already exists',
        _links: { self: { href: '/api/v1/flows' } },
        _embedded: { errors: [{ message: 'flow.id: Flow id already exists'.slice(9), path: 'flow.id' }] },
      },
    });
  });

  it('names what is wrong with path, line and column', async () => {
    const { status, body } = await read(doors.save('a', 'unknown: 1\ntriggers: [{id: x, type: foo.Bar}]'));
    expect(status).toBe(422);
    expect(body.message).toMatch(
      /^Invalid entity: Unrecognized field "unknown", not marked as ignorable .*\(line 6, column 1\), Invalid type: foo\.Bar/,
    );
    expect(body._embedded.errors).toEqual([
      { message: expect.stringContaining('Unrecognized field'), path: '["unknown"]', line: 6, column: 1 },
      {
        message: 'Invalid type: foo.Bar',
        hint: 'this version has no such type',
        path: 'triggers[0].type',
        line: 7,
        column: 26,
      },
    ]);
    expect(doors.flows.reads).toBe(0);
  });

  it('tells of what is accepted and will not do what it seems to', async () => {
    const source = flowSource('f', '    format: "{{ 1 +"\nconcurrency: {limit: 1}\n');
    const { status, body } = await send('POST', '/flows', source);
    expect(status).toBe(200);
    expect(body.warnings).toEqual([
      expect.stringMatching(/^tasks\[0\]\.format: invalid expression: .* \(line 6, column \d+\)\n\{\{ 1 \+\n\^$/),
      'concurrency: "concurrency" is accepted, but this version does not act on it yet',
    ]);
    expect((await send('POST', '/flows', flowSource('g'))).body).not.toHaveProperty('warnings');
  });

  it('a missing property is named without a place', async () => {
    const { body } = await send('POST', '/flows', 'id: a\nnamespace: b\n');
    expect(body.message).toBe('Invalid entity: tasks: must not be empty');
    expect(body._embedded.errors).toEqual([{ message: 'must not be empty', path: 'tasks' }]);
  });

  it.each([
    ['', YAML, 422, 'Invalid route params'],
    ['a: [', YAML, 422, 'Illegal flow yaml'],
    ['x', { 'content-type': 'application/octet-stream' }, 415, 'Unsupported Media Type'],
    ['{', { 'content-type': 'application/json' }, 422, 'Invalid json'],
    ['x'.repeat(5 * 1024 * 1024), YAML, 413, 'Request Entity Too Large'],
  ])('refuses bodies that are none', async (text, headers, status, message) => {
    const answer = await send('POST', '/flows', text, headers);
    expect(answer.status).toBe(status);
    expect(answer.body.message).toContain(message);
  });

  it('takes JSON, the older form, and keeps a generated source', async () => {
    const flow = {
      id: 'json',
      namespace: 'company.team',
      description: null,
      labels: { a: 'yes' },
      tasks: [{ id: 't', type: 'io.kestra.plugin.core.debug.Return', format: '012' }],
    };
    const { status, body } = await send('POST', '/flows', JSON.stringify(flow), { 'content-type': 'application/json' });
    expect([status, body.source]).toEqual([200, undefined]);
    const stored = await get('/flows/company.team/json?source=true');
    expect(stored.body).toMatchObject({ labels: [{ key: 'a', value: 'yes' }], tasks: [{ format: '012' }] });
    expect(stored.body.source).toContain('id: json');
  });
});

describe('updating a flow', () => {
  it('makes a revision when the source changed, and only then', async () => {
    await doors.save('a');
    expect((await send('PUT', '/flows/company.team/a', flowSource('a', 'description: x'))).body.revision).toBe(2);
    expect((await send('PUT', '/flows/company.team/a', flowSource('a', 'description: x'))).body.revision).toBe(2);
    expect(
      (await get('/flows/company.team/a/revisions')).body.map((f: { revision: number; source: string }) => [
        f.revision,
        f.source,
      ]),
    ).toEqual([
      [1, flowSource('a')],
      [2, flowSource('a', 'description: x')],
    ]);
  });

  it('cannot move a flow; an unknown one is not found', async () => {
    await doors.save('a');
    const moved = await send('PUT', '/flows/company.team/a', flowSource('b').replace('company.team', 'other'));
    expect(moved).toMatchObject({
      status: 422,
      body: { message: 'Invalid entity: flow.namespace: Illegal namespace update, flow.id: Illegal flow id update' },
    });
    expect((await send('PUT', '/flows/company.team/nope', flowSource('nope'))).status).toBe(404);
  });
});

describe('reading flows', () => {
  it('gives one with or without its source, old revisions, and deleted ones on demand', async () => {
    await doors.save('a');
    await send('PUT', '/flows/company.team/a', flowSource('a', 'description: x'));
    expect((await get('/flows/company.team/a')).body).toMatchObject({ revision: 2, description: 'x' });
    expect((await get('/flows/company.team/a')).body.source).toBeUndefined();
    expect((await get('/flows/company.team/a?revision=1&source=true')).body.source).toBe(flowSource('a'));
    expect((await read(doors.api('/flows/company.team/a', { method: 'DELETE' }))).status).toBe(204);
    expect((await get('/flows/company.team/a')).body.message).toBe('Not Found');
    expect((await get('/flows/company.team/a?allowDeleted=true')).body).toMatchObject({ revision: 3, deleted: true });
    expect((await read(doors.api('/flows/company.team/a', { method: 'DELETE' }))).status).toBe(404);
    expect((await read(doors.save('a'))).body.revision).toBe(4);
  });

  it('shows a stored flow that no longer parses with the reason', async () => {
    await doors.flows.create({
      tenant: 'main',
      namespace: 'company.team',
      id: 'old',
      source: 'id: old\ntasks: 1',
      disabled: false,
      labels: [],
    });
    expect((await get('/flows/company.team/old')).body).toMatchObject({
      id: 'old',
      tasks: [],
      source: 'id: old\ntasks: 1',
      exception: expect.stringContaining('namespace: must not be null'),
    });
  });

  it('lists a namespace, searches, and tells namespaces', async () => {
    for (const id of ['a', 'b']) await doors.save(id);
    expect((await get('/flows/company.team')).body.map((f: { id: string }) => f.id)).toEqual(['a', 'b']);
    expect((await get('/flows/nothing.here')).body).toEqual([]);
    expect((await get('/flows/search?namespace=company&size=1&sort=id:asc')).body).toMatchObject({
      total: 2,
      results: [{ id: 'a' }],
    });
    expect((await get('/flows/search?page=0')).status).toBe(422);
    expect((await get('/flows/distinct-namespaces?q=comp')).body).toEqual(['company.team']);
    expect((await get('/main/flows/company.team/a')).body.id).toBe('a');
  });

  it('gives a task of the tree', async () => {
    await doors.save(
      'a',
      'errors:\n  - id: s\n    type: io.kestra.plugin.core.flow.Sequential\n    tasks:\n      - {id: deep, type: io.kestra.plugin.core.debug.Return, format: x}\n',
    );
    expect((await get('/flows/company.team/a/tasks/deep')).body).toEqual({
      id: 'deep',
      type: 'io.kestra.plugin.core.debug.Return',
      format: 'x',
    });
    expect((await get('/flows/company.team/a/tasks/nope')).status).toBe(404);
  });
});

describe('validating', () => {
  it('answers a verdict for each document', async () => {
    const documents = [
      flowSource('good', 'revision: 1'),
      'id: bad\nnamespace: company.team\nrevision: 5\ntasks:\n  - id: t\n    type: io.kestra.plugin.core.log.Log\n',
      flowSource('older')
        .replace('debug.Return', 'log.Log\n    message: --- no separator')
        .replace('io.kestra.plugin.core.log', 'io.kestra.core.tasks.log'),
    ];
    const { status, body } = await send('POST', '/flows/validate', documents.join('\n---\n'));
    expect(status).toBe(200);
    expect(body).toEqual([
      {
        flow: 'good',
        namespace: 'company.team',
        index: 0,
        outdated: false,
        deprecationPaths: [],
        warnings: [],
        infos: [],
      },
      {
        flow: 'bad',
        namespace: 'company.team',
        index: 1,
        constraints: 'tasks[0].message: must not be null',
        outdated: true,
        deprecationPaths: [],
        warnings: [],
        infos: [],
      },
      {
        flow: 'older',
        namespace: 'company.team',
        index: 2,
        outdated: false,
        deprecationPaths: [],
        warnings: [],
        infos: ['io.kestra.core.tasks.log.Log is replaced by io.kestra.plugin.core.log.Log'],
      },
    ]);
  });
});
