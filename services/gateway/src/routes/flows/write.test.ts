import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flowSource, startTestDoors, type TestDoors } from '../../testing/doors.ts';
import { requestsTo } from '../../testing/requests.ts';

let doors: TestDoors;
beforeEach(async () => {
  doors = await startTestDoors();
});
afterEach(() => doors.stop());
const { get, send, upload } = requestsTo(() => doors);

const ids = async (): Promise<readonly string[]> =>
  (await get('/flows/search?size=100')).body.results.map((flow: { namespace: string; id: string }) =>
    flow.namespace === 'company.team' ? flow.id : `${flow.namespace}/${flow.id}`,
  );
const announced = (): readonly string[] => {
  const heard: string[] = [];
  doors.bus.subscribe('flow', ({ flowId }) => heard.push(flowId));
  return heard;
};
const moved = (source: string, namespace: string): string => source.replace('company.team', namespace);
const RETURN = 'io.kestra.plugin.core.debug.Return';

describe('replacing a task', () => {
  it('edits the source where the task stands', async () => {
    const source = flowSource('a', '    format: x # what it says\n# the end\n');
    await send('POST', '/flows', source);
    const heard = announced();
    const task = { id: 't', type: RETURN, format: 'z' };
    const { status, body } = await send('PATCH', '/flows/company.team/a/t', task);
    expect([status, body.revision, body.tasks[0].format, body.source]).toEqual([200, 2, 'z', undefined]);
    expect((await get('/flows/company.team/a?source=true')).body.source).toBe(source.replace('format: x', 'format: z'));
    expect(heard).toEqual(['a']);
    expect((await send('PATCH', '/flows/company.team/a/t', task)).body.revision).toBe(2);
  });

  it('refuses what does not fit', async () => {
    await doors.save('a');
    const task = { id: 't', type: RETURN };
    expect((await send('PATCH', '/flows/company.team/a/u', task)).body.message).toBe(
      "Illegal argument: Invalid taskId, previous 'u' & current 't'",
    );
    expect((await send('PATCH', '/flows/company.team/a/u', { ...task, id: 'u' })).status).toBe(404);
    expect((await send('PATCH', '/flows/company.team/nope/t', task)).status).toBe(404);
    expect((await send('PATCH', '/flows/company.team/a/t', { ...task, x: 1 })).body.message).toContain('Unrecognized');
    expect((await send('PATCH', '/flows/company.team/a/t', [])).status).toBe(422);
    expect((await get('/flows/company.team/a')).body.revision).toBe(1);
  });

  it('JSON that is nested without end is refused', async () => {
    await doors.save('a');
    const headers = { 'content-type': 'application/json' };
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    for (const [method, path, body] of [
      ['PATCH', '/flows/company.team/a/t', `{"id": "t", "type": "${RETURN}", "format": ${deep}}`],
      ['PUT', '/flows/company.team/a', deep],
      ['POST', '/flows/company.team', deep],
      ['POST', '/flows/validate/task', deep],
    ] as const) {
      const answer = await doors.api(path, { method, headers, body });
      expect([path, answer.status, await answer.text()]).toEqual([path, 422, expect.stringContaining('nested deeper')]);
    }
  });

  it('JSON keeps digits beyond 53 bits, and `<<` merges nothing; a key given twice is a mistake', async () => {
    await doors.save('a');
    const put = (variables: string) =>
      doors.api('/flows/company.team/a', {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: `{"id": "a", "namespace": "company.team", "variables": ${variables}, "tasks": [{"id": "t", "type": "${RETURN}"}]}`,
      });
    const variables = '{"n": 9007199254740993, "<<": {"a": 1}, "e": 1e3}';
    expect((await put(variables)).status).toBe(200);
    const stored = await get('/flows/company.team/a?source=true');
    expect(stored.body.variables).toEqual({ n: '9007199254740993', '<<': { a: 1 }, e: 1000 });
    expect(stored.body.source).toContain(': 9007199254740993\n');
    const twice = await put('{"n": 1, "n": 2}');
    expect([twice.status, await twice.text()]).toEqual([422, expect.stringContaining("Duplicate key 'n'")]);
  });

  it('bytes that are no UTF-8 are refused', async () => {
    const body = Buffer.from(flowSource('latin', 'description: café\n'), 'latin1');
    const headers = { 'content-type': 'application/x-yaml' };
    const answer = await doors.api('/flows', { method: 'POST', headers, body });
    expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining('no text in UTF-8')]);
    expect(await ids()).toEqual([]);
  });

  it('an update may come as JSON', async () => {
    await doors.save('a');
    const flow = { id: 'a', namespace: 'company.team', tasks: [{ id: 't', type: RETURN, format: 'line 1\nline 2' }] };
    const { body } = await send('PUT', '/flows/company.team/a', flow);
    expect([body.revision, body.tasks[0].format, body.source]).toEqual([2, 'line 1\nline 2', undefined]);
  });
});

describe('updating a namespace', () => {
  it('creates, updates and deletes; first the deleted, then the written', async () => {
    for (const id of ['kept', 'old', 'gone']) await doors.save(id);
    await send('POST', '/flows', moved(flowSource('below'), 'company.team.sub'));
    const heard = announced();
    const documents = [flowSource('new'), flowSource('old', 'description: x\n'), flowSource('kept')];
    const { status, body } = await send('POST', '/flows/company.team', documents.join('---\n'));
    expect(status).toBe(200);
    expect(body.map((flow: any) => [flow.id, flow.revision, flow.deleted])).toEqual([
      ['gone', 2, true],
      ['new', 1, false],
      ['old', 2, false],
      ['kept', 1, false],
    ]);
    expect(body[2].source).toBe(documents[1]);
    expect(await ids()).toEqual(['kept', 'company.team.sub/below', 'new', 'old'].toSorted(() => 0));
    expect(heard.toSorted()).toEqual(['gone', 'new', 'old']);
  });

  it('takes a JSON list, the older form, and keeps what is not listed with delete=false', async () => {
    await doors.save('other');
    const list = [{ id: 'a', namespace: 'company.team', tasks: [{ id: 't', type: RETURN }] }];
    const { body } = await send('POST', '/flows/company.team?delete=false', list);
    expect(body).toEqual([expect.not.objectContaining({ source: expect.anything() })]);
    expect(await ids()).toEqual(['other', 'a']);
    expect((await send('POST', '/flows/company.team', { id: 'a' })).body.message).toBe('Invalid json mapping');
  });

  it('an empty JSON list deletes only when that is said', async () => {
    await doors.save('a');
    expect((await send('POST', '/flows/company.team', [])).body.message).toContain('`delete=true`');
    expect(await ids()).toEqual(['a']);
    expect((await send('POST', '/flows/company.team?delete=true', [])).status).toBe(200);
    expect(await ids()).toEqual([]);
  });

  it.each([
    [[flowSource('a'), moved(flowSource('b'), 'other')], 'Invalid entity: flow.namespace: Flow namespace is invalid'],
    [[flowSource('a'), flowSource('a', 'description: x\n')], 'Invalid entity: flow.id: Duplicate flow id'],
    [[flowSource('a'), 'id: b\nnamespace: company.team\n'], 'Invalid entity: document 2: tasks: must not be empty'],
    [['\n', '\n'], 'Invalid route params: Required Body [flows] not specified'],
  ])('is all or nothing: %j', async (documents, message) => {
    await doors.save('there');
    expect(await send('POST', '/flows/company.team', documents.join('\n---\n'))).toMatchObject({
      status: 422,
      body: { message },
    });
    expect(await ids()).toEqual(['there']);
  });

  it('refuses more documents than it takes, before parsing any', async () => {
    const { status, body } = await send('POST', '/flows/company.team', 'a\n---\n'.repeat(10_001));
    expect([status, body.message]).toEqual([422, 'Illegal argument: at most 10000 flows can be written at once']);
    expect((await send('POST', '/flows/UPPER', flowSource('a'))).status).toBe(422);
  });

  it('bulk does it over all namespaces', async () => {
    await doors.save('gone');
    const documents = [flowSource('a'), moved(flowSource('b'), 'other')].join('\n---\n');
    expect((await send('POST', '/flows/bulk?delete=false', documents)).body).toHaveLength(2);
    expect(await ids()).toEqual(['gone', 'a', 'other/b']);
    expect((await send('POST', '/flows/bulk', documents)).body.map((flow: any) => flow.id)).toEqual(['gone', 'a', 'b']);
    expect(await ids()).toEqual(['a', 'other/b']);
  });
});

describe('enabling and disabling', () => {
  const names = (...list: string[]): unknown => list.map((id) => ({ namespace: 'company.team', id }));

  it('edits the sources; a flow that is so already is left alone', async () => {
    await doors.save('a', 'disabled: false # for now\n');
    await doors.save('b');
    const heard = announced();
    expect((await send('POST', '/flows/disable/by-ids', names('a', 'b', 'a'))).body).toEqual({ count: 2 });
    expect((await send('POST', '/flows/disable/by-ids', names('a', 'b'))).body).toEqual({ count: 0 });
    expect(heard).toEqual(['a', 'b']);
    expect((await get('/flows/company.team/a?source=true')).body).toMatchObject({
      disabled: true,
      revision: 2,
      source: flowSource('a', 'disabled: true # for now\n'),
    });
    expect((await get('/flows/company.team/b?source=true')).body.source).toBe(flowSource('b', 'disabled: true\n'));
    expect((await send('POST', '/executions/company.team/b')).status).toBe(409);
    expect((await send('POST', '/flows/enable/by-ids', names('b'))).body).toEqual({ count: 1 });
    expect((await send('POST', '/executions/company.team/b')).status).toBe(200);
  });

  it('an unknown flow refuses all', async () => {
    await doors.save('a');
    for (const path of ['/flows/disable/by-ids', '/flows/export/by-ids'])
      expect((await send('POST', path, names('a', 'b'))).status).toBe(404);
    expect((await send('DELETE', '/flows/delete/by-ids', names('a', 'b'))).status).toBe(404);
    expect((await get('/flows/company.team/a')).body).toMatchObject({ disabled: false, revision: 1 });
    expect((await send('POST', '/flows/disable/by-ids', [{ id: 'a' }])).status).toBe(422);
  });

  it('by query, with the filters of the search', async () => {
    await doors.save('a', 'labels: {team: "x,y"}\n');
    await doors.save('b', 'labels: {team: x}\n');
    const query = 'namespace=company&labels=team%3Ax%2Cy';
    expect((await send('POST', `/flows/disable/by-query?${query}`, [])).body).toEqual({ count: 1 });
    expect((await get('/flows/company.team/b')).body.disabled).toBe(false);
    expect((await send('POST', `/flows/enable/by-query?${query}`)).body).toEqual({ count: 1 });
    expect((await send('DELETE', `/flows/delete/by-query?${query}`)).body).toEqual({ count: 1 });
    expect(await ids()).toEqual(['b']);
    for (const wrong of ['labels=x', 'filters[nope][EQUALS]=1', 'scope=ME'])
      expect((await send('DELETE', `/flows/delete/by-query?${wrong}`)).status).toBe(422);
    expect(await ids()).toEqual(['b']);
  });

  it('begins anew when somebody changes a flow meanwhile, and loses nothing', async () => {
    await doors.save('a');
    const { get: read } = doors.flows;
    let changes = 1;
    doors.flows.get = async (...named) => {
      const found = await read(...named);
      if (changes-- > 0) await doors.flows.update({ ...found!, source: flowSource('a', 'description: x\n') });
      return found;
    };
    expect((await send('POST', '/flows/disable/by-ids', names('a'))).body).toEqual({ count: 1 });
    expect((await get('/flows/company.team/a?source=true')).body).toMatchObject({
      revision: 3,
      source: flowSource('a', 'description: x\ndisabled: true\n'),
    });
    changes = 1000;
    let n = 0;
    doors.flows.get = async (...named) => {
      const found = await read(...named);
      n += 1;
      await doors.flows.update({ ...found!, source: flowSource('a', `description: x${n}\n`) });
      return found;
    };
    expect((await send('DELETE', '/flows/delete/by-ids', names('a'))).body).toEqual({ count: 1 });
  });
});

describe('imports', () => {
  it('write the documents of a YAML file, and tell which failed', async () => {
    await doors.save('a');
    const file = [flowSource('a', 'description: x\n'), 'nonsense', flowSource('b'), flowSource('b')].join('\n---\n');
    const heard = announced();
    expect(await upload('/flows/import', 'flows.yaml', file)).toEqual({ status: 200, body: ['1', '3'] });
    expect(await ids()).toEqual(['a', 'b']);
    expect((await get('/flows/company.team/a')).body).toMatchObject({ revision: 2, description: 'x' });
    expect(heard).toEqual(['a', 'b']);
  });

  it('refuse other files', async () => {
    expect((await upload('/flows/import', 'flows.txt', 'x')).body.message).toBe(
      'Illegal argument: Cannot import file of type .txt: use .yml, .yaml or .zip',
    );
    expect((await upload('/flows/import', 'flows', 'x')).status).toBe(422);
    expect((await upload('/flows/import', 'a.yml', 'x', 'other')).status).toBe(422);
    expect((await upload('/flows/import', 'a.zip', 'no zip')).body.message).toContain('The archive cannot be read');
    expect((await upload('/flows/import', 'a.yml', 'a\n---\n'.repeat(10_001))).status).toBe(422);
    expect((await send('POST', '/flows/import')).status).toBe(422);
    expect(await ids()).toEqual([]);
  });
});
