import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flowSource, startTestDoors, type TestDoors } from '../../testing/doors.ts';
import { requestsTo } from '../../testing/requests.ts';
import { fragmentsOf } from './fragments.ts';

let doors: TestDoors;
beforeEach(async () => {
  doors = await startTestDoors();
});
afterEach(() => doors.stop());
const { get, send } = requestsTo(() => doors);

const BROKEN = { tenant: 'main', namespace: 'company.team', id: 'old', source: 'id: old', disabled: false, labels: [] };

describe('searching in sources', () => {
  it('finds flows by words, with pieces of the source', async () => {
    await doors.save('a', '    format: "Hello World"\ndescription: says hello to the world\n');
    await doors.save('b');
    const { body } = await get('/flows/source?q=hello%20world&namespace=company');
    expect(body.total).toBe(1);
    expect(body.results[0].model).toMatchObject({ id: 'a', revision: 1 });
    expect(body.results[0].fragments).toEqual([
      'format: "[mark]Hello[/mark] [mark]World[/mark]"',
      'description: says [mark]hello[/mark] to the [mark]world[/mark]',
    ]);
    expect((await get('/flows/source')).body.results.map((one: any) => one.fragments)).toEqual([[], []]);
    expect((await get('/flows/source?page=0')).status).toBe(422);
    expect((await get(`/flows/source?q=${'x'.repeat(300)}`)).status).toBe(422);
  });

  it('shows the lines with the most words, cut to what is around a hit', () => {
    const source = ['one', 'one two', `${'x'.repeat(500)} one two ${'y'.repeat(500)}`, ...Array(20).fill('one')].join(
      '\n',
    );
    const fragments = fragmentsOf(source, 'one TWO');
    expect(fragments).toHaveLength(5);
    expect(fragments.slice(0, 2)).toEqual(['[mark]one[/mark]', '[mark]one[/mark] [mark]two[/mark]']);
    expect(fragments[2]).toMatch(/^x{60} \[mark\]one\[\/mark\] \[mark\]two\[\/mark\] y+$|^x+ \[mark\]one/);
    expect(fragments[2]!.length).toBeLessThan(250);
    expect(fragmentsOf(source, '.*')).toEqual([]);
  });

  it('a source of one endless line takes no time', () => {
    const started = performance.now();
    expect(fragmentsOf('a b '.repeat(1_000_000), 'a b')).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('graphs', () => {
  it('are drawn of saved flows, of old revisions, and of sources', async () => {
    await doors.save('a');
    await send(
      'PUT',
      '/flows/company.team/a',
      flowSource('a', '  - {id: u, type: io.kestra.plugin.core.debug.Return}\n'),
    );
    expect((await get('/flows/company.team/a/graph')).body.nodes).toHaveLength(4);
    expect((await get('/flows/company.team/a/graph?revision=1')).body.nodes).toHaveLength(3);
    const { body } = await send('POST', '/flows/graph', flowSource('unsaved'));
    expect(body.edges).toHaveLength(2);
    expect((await get('/flows/company.team/unsaved/graph')).status).toBe(404);
    expect((await send('POST', '/flows/graph', flowSource('a', 'unknown: 1\n'))).body.message).toContain(
      'Unrecognized',
    );
  });

  it('of a flow that no longer parses are refused', async () => {
    await doors.flows.create(BROKEN);
    expect(await get('/flows/company.team/old/graph')).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('Illegal state: the flow is invalid: namespace') },
    });
  });
});

describe('dependencies', () => {
  it('are read from all flows', async () => {
    await doors.save('child');
    const subflow = '  - {id: s, type: io.kestra.plugin.core.flow.Subflow, namespace: company.team, flowId: child}\n';
    await doors.save('parent', subflow);
    await doors.save('listener', 'triggers: [{id: on, type: io.kestra.plugin.core.trigger.Flow}]\n');
    await doors.flows.create(BROKEN);
    const { body } = await get('/flows/company.team/child/dependencies');
    expect(body).toEqual({
      nodes: [
        { uid: 'company.team_child', namespace: 'company.team', id: 'child' },
        { uid: 'company.team_parent', namespace: 'company.team', id: 'parent' },
        { uid: 'company.team_listener', namespace: 'company.team', id: 'listener' },
      ],
      edges: [
        { source: 'company.team_parent', target: 'company.team_child', relation: 'FLOW_TASK' },
        { source: 'company.team_child', target: 'company.team_listener', relation: 'FLOW_TRIGGER' },
      ],
    });
    const only = await get('/flows/company.team/child/dependencies?destinationOnly=true');
    expect(only.body.edges).toEqual(body.edges.slice(0, 1));
    expect((await get('/flows/company.team/nope/dependencies')).status).toBe(404);
  });
});

describe('dependencies of a namespace', () => {
  const flow = (namespace: string, id: string, more: string): string =>
    `id: ${id}\nnamespace: ${namespace}\ntasks:\n  - {id: t, type: io.kestra.plugin.core.debug.Return}\n${more}`;
  const calls = (namespace: string, id: string): string =>
    `  - {id: call-${id}, type: io.kestra.plugin.core.flow.Subflow, namespace: ${namespace}, flowId: ${id}}\n`;
  const listensTo = (namespace: string, id: string): string =>
    `triggers:\n  - id: on\n    type: io.kestra.plugin.core.trigger.Flow\n    conditions:\n      - {type: io.kestra.plugin.core.condition.ExecutionFlow, namespace: ${namespace}, flowId: ${id}}\n`;

  it('are those of its flows with each other and with others; flows with none stand alone', async () => {
    for (const source of [
      flow('a', 'alone', ''),
      flow('a', 'parent', calls('a', 'child') + calls('b', 'called') + calls('a', 'nobody')),
      flow('a', 'child', ''),
      flow('a', 'listener', listensTo('b', 'called')),
      flow('b', 'called', ''),
      flow('b', 'caller', calls('a', 'child')),
      flow('b', 'echo', listensTo('a', 'child')),
      flow('b', 'stranger', calls('b', 'called')),
      flow('a.below', 'other', ''),
    ])
      expect((await send('POST', '/flows', source)).status).toBe(200);
    const { body } = await get('/namespaces/a/dependencies');
    expect(body.nodes.map(({ uid }: any) => uid).toSorted()).toEqual(
      ['a_alone', 'a_child', 'a_listener', 'a_parent', 'b_called', 'b_caller', 'b_echo'].toSorted(),
    );
    expect(body.edges.map((edge: any) => `${edge.source} ${edge.target} ${edge.relation}`).toSorted()).toEqual([
      'a_child b_echo FLOW_TRIGGER',
      'a_parent a_child FLOW_TASK',
      'a_parent b_called FLOW_TASK',
      'b_called a_listener FLOW_TRIGGER',
      'b_caller a_child FLOW_TASK',
    ]);
  });

  it('of one without flows are empty; a flow that no longer parses is a node', async () => {
    expect((await get('/namespaces/nothing/dependencies')).body).toEqual({ nodes: [], edges: [] });
    await doors.flows.create(BROKEN);
    expect((await get('/namespaces/company.team/dependencies')).body.nodes).toEqual([
      { uid: 'company.team_old', namespace: 'company.team', id: 'old' },
    ]);
  });
});

describe('validating parts', () => {
  const cron = 'type: io.kestra.plugin.core.trigger.Schedule';
  it.each([
    ['/flows/validate/task?section=TASKS', 'id: t\ntype: io.kestra.plugin.core.debug.Return\n', undefined],
    ['/flows/validate/task', 'id: t\ntype: io.kestra.plugin.core.log.Log\n', 'message: must not be null'],
    ['/flows/validate/task?section=triggers', `id: t\n${cron}\n`, 'cron: must not be null'],
    ['/flows/validate/task', { id: 't', type: 'foo.Bar' }, 'Invalid type: foo.Bar'],
    ['/flows/validate/trigger', { id: 't', type: 'foo.Bar' }, 'Invalid type: foo.Bar'],
    ['/flows/validate/trigger', `id: t\n${cron}\ncron: "@daily"\nx: 1\n`, 'Unrecognized field "x"'],
    ['/flows/validate/task', 'a: [', 'Illegal flow yaml'],
    ['/flows/validate/task', '- a\n', 'expected a task, but got list'],
    ['/flows/validate/trigger', 'text', 'expected a trigger, but got text'],
    [
      '/flows/validate/task',
      'id: s\ntype: io.kestra.plugin.core.flow.Sequential\ntasks: [{id: s, type: io.kestra.plugin.core.debug.Return}]\n',
      'Duplicate task id with name [s]',
    ],
  ])('%s judges %j', async (path, part, constraints) => {
    const { status, body } = await send('POST', path, part);
    expect([status, body.index, body.outdated]).toEqual([200, 0, false]);
    if (constraints === undefined) expect(body.constraints).toBeUndefined();
    else expect(body.constraints).toContain(constraints);
  });

  it('tells of texts that are no expressions, and refuses unknown sections', async () => {
    const task = { id: 't', type: 'io.kestra.plugin.core.debug.Return', format: '{{ 1 +' };
    expect((await send('POST', '/flows/validate/task', task)).body.warnings).toEqual([
      expect.stringContaining('format: invalid expression'),
    ]);
    expect((await send('POST', '/flows/validate/task?section=X', task)).status).toBe(422);
    expect((await send('POST', '/flows/validate/task')).status).toBe(422);
  });
});
