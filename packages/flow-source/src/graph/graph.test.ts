import { describe, expect, it } from 'vitest';
import type { Flow } from '@tiercel/model';
import { parseFlow } from '../parse-flow.ts';
import { testRegistry } from '../testing/registry.ts';
import { flowGraph } from './flow-graph.ts';
import { createTopology, maybeRelated } from './topology.ts';

const RETURN = 'type: io.kestra.plugin.core.debug.Return';

function parsed(source: string): Flow {
  const { written, problems } = parseFlow(source, { registry: testRegistry, tenant: 'main' });
  if (written === undefined) throw new Error(JSON.stringify(problems));
  return written;
}

const graphOf = (rest: string): ReturnType<typeof flowGraph> =>
  flowGraph(parsed(`id: f\nnamespace: company\n${rest}`), testRegistry);

/** Edges as `from > to (relation value)`. */
const edges = (graph: ReturnType<typeof flowGraph>): readonly string[] =>
  graph.edges.map(({ source, target, relation }) =>
    [`${source} > ${target}`, relation.relationType, relation.value].filter((part) => part !== undefined).join(' '),
  );

describe('the graph of a flow', () => {
  it('is a row of tasks between a root and an end', () => {
    const graph = graphOf(`tasks:\n  - {id: a, ${RETURN}, format: x}\n  - {id: b, ${RETURN}}\n`);
    expect(graph).toEqual({
      nodes: [
        { uid: 'root._root', type: 'io.kestra.core.models.hierarchies.GraphClusterRoot', error: false },
        { uid: 'root._end', type: 'io.kestra.core.models.hierarchies.GraphClusterEnd', error: false },
        {
          uid: 'root.a',
          type: 'io.kestra.core.models.hierarchies.GraphTask',
          error: false,
          task: { id: 'a', type: 'io.kestra.plugin.core.debug.Return', format: 'x' },
          relationType: 'SEQUENTIAL',
        },
        expect.objectContaining({ uid: 'root.b' }),
      ],
      edges: [
        { source: 'root._root', target: 'root.a', relation: {} },
        { source: 'root.a', target: 'root.b', relation: { relationType: 'SEQUENTIAL' } },
        { source: 'root.b', target: 'root._end', relation: {} },
      ],
      clusters: [],
      flowables: [],
    });
  });

  it('has a cluster for each task with tasks inside', () => {
    const graph = graphOf(`tasks:
  - id: seq
    type: io.kestra.plugin.core.flow.Sequential
    tasks:
      - {id: a, ${RETURN}}
      - id: if
        type: io.kestra.plugin.core.flow.If
        condition: "true"
        then: [{id: b, ${RETURN}}]
        else: [{id: c, ${RETURN}}, {id: d, ${RETURN}}]
    errors: [{id: e, ${RETURN}}]
`);
    expect(edges(graph)).toEqual([
      'root.seq._root > root.seq',
      'root.seq > root.seq.a SEQUENTIAL',
      'root.seq.if._root > root.seq.if',
      'root.seq.if > root.seq.if.b CHOICE then',
      'root.seq.if > root.seq.if.c CHOICE else',
      'root.seq.if.c > root.seq.if.d SEQUENTIAL else',
      'root.seq.if.b > root.seq.if._end',
      'root.seq.if.d > root.seq.if._end',
      'root.seq.a > root.seq.if._root SEQUENTIAL',
      'root.seq > root.seq.e ERROR',
      'root.seq.if._end > root.seq._end',
      'root.seq.e > root.seq._end',
      'root._root > root.seq._root',
      'root.seq._end > root._end',
    ]);
    expect(graph.flowables).toEqual(['root.seq', 'root.seq.if']);
    expect(
      graph.clusters.map(({ cluster, nodes, parents, start, end }) => [cluster.uid, nodes, parents, start, end]),
    ).toEqual([
      [
        'cluster_root.seq',
        ['root.seq._root', 'root.seq._end', 'root.seq', 'root.seq.a', 'cluster_root.seq.if', 'root.seq.e'],
        [],
        'root.seq._root',
        'root.seq._end',
      ],
      [
        'cluster_root.seq.if',
        ['root.seq.if._root', 'root.seq.if._end', 'root.seq.if', 'root.seq.if.b', 'root.seq.if.c', 'root.seq.if.d'],
        ['cluster_root.seq'],
        'root.seq.if._root',
        'root.seq.if._end',
      ],
    ]);
    const node = graph.nodes.find(({ uid }) => uid === 'root.seq.if');
    expect(node).toMatchObject({ relationType: 'CHOICE', task: { id: 'if', condition: 'true' } });
    expect(node?.task).not.toHaveProperty('then');
    expect(graph.nodes.filter(({ error }) => error).map(({ uid }) => uid)).toEqual(['root.seq.e']);
  });

  it('knows cases, tasks that wait for others, and what runs at the end', () => {
    const graph = graphOf(`tasks:
  - id: switch
    type: io.kestra.plugin.core.flow.Switch
    value: x
    cases: {one: [{id: a, ${RETURN}}]}
    defaults: [{id: b, ${RETURN}}]
  - id: dag
    type: io.kestra.plugin.core.flow.Dag
    tasks:
      - task: {id: c, ${RETURN}}
      - task: {id: d, ${RETURN}}
        dependsOn: [c]
errors: [{id: e, ${RETURN}}]
finally: [{id: g, ${RETURN}}]
`);
    const found = edges(graph);
    expect(found).toEqual(
      expect.arrayContaining([
        'root.switch > root.switch.a CHOICE one',
        'root.switch > root.switch.b CHOICE defaults',
        'root.dag > root.dag.c DYNAMIC',
        'root.dag.c > root.dag.d DYNAMIC',
        'root.dag.d > root.dag._end',
        'root._root > root.e ERROR',
        'root.dag._end > root.g FINALLY',
        'root.e > root.g FINALLY',
        'root.g > root._end',
      ]),
    );
    expect(found).not.toContain('root.dag.c > root.dag._end');
  });

  it('has triggers before all, and marks subflows', () => {
    const graph = graphOf(`tasks:
  - {id: s, type: io.kestra.plugin.core.flow.Subflow, namespace: other, flowId: g}
triggers:
  - {id: hook, type: io.kestra.plugin.core.trigger.Webhook, key: abc}
`);
    expect(graph.nodes.find(({ uid }) => uid === 'root.Triggers.hook')).toEqual({
      uid: 'root.Triggers.hook',
      type: 'io.kestra.core.models.hierarchies.GraphTrigger',
      error: false,
      triggerDeclaration: { id: 'hook', type: 'io.kestra.plugin.core.trigger.Webhook', key: 'abc' },
    });
    expect(edges(graph)).toContain('root.Triggers._end > root._root');
    expect(graph.clusters.map(({ cluster }) => cluster.uid)).toEqual(['cluster_root.Triggers']);
    expect(graph.nodes.at(-1)?.type).toMatch(/\.SubflowGraphTask$/);
  });

  it.each(['t', 'Triggers'])('joins everything: each edge has nodes at its ends, also of a task %s', (id) => {
    const graph = graphOf(`tasks:
  - id: s
    type: io.kestra.plugin.core.flow.Switch
    value: x
    cases: {one: [{id: t, type: io.kestra.plugin.core.flow.Sequential, tasks: [{id: a, ${RETURN}}]}]}
  - {id: ${id}2, type: io.kestra.plugin.core.flow.Sequential, tasks: [{id: b, ${RETURN}}]}
  - {id: ${id === 't' ? 'u' : id}, type: io.kestra.plugin.core.flow.Sequential, tasks: [{id: hook, ${RETURN}}]}
triggers:
  - {id: hook, type: io.kestra.plugin.core.trigger.Webhook, key: abc}
`);
    const uids = new Set(graph.nodes.map(({ uid }) => uid));
    expect(uids.size).toBe(graph.nodes.length);
    for (const { source, target } of graph.edges) expect([uids.has(source), uids.has(target)]).toEqual([true, true]);
  });
});

describe('the topology of flows', () => {
  const flow = (id: string, rest = '', namespace = 'company'): Flow =>
    parsed(`id: ${id}\nnamespace: ${namespace}\ntasks:\n  - {id: t, ${RETURN}}\n${rest}`);
  const calling = (id: string, target: string): Flow =>
    parsed(`id: ${id}\nnamespace: company\ntasks:
  - id: seq
    type: io.kestra.plugin.core.flow.Sequential
    tasks: [{id: s, type: io.kestra.plugin.core.flow.Subflow, namespace: company, flowId: ${target}}]\n`);
  const triggered = (id: string, rest: string): Flow =>
    flow(id, `triggers:\n  - id: on\n    type: io.kestra.plugin.core.trigger.Flow\n${rest}`);
  const edgesOf = (own: Flow, others: readonly Flow[], destinationOnly = false): readonly string[] => {
    const topology = createTopology(own, { destinationOnly });
    for (const other of [own, ...others]) topology.add(other, other);
    return topology.result().edges.map(({ source, target, relation }) => `${source} ${relation} ${target}`);
  };

  it('has what starts a flow and what it starts', () => {
    const own = calling('own', 'child');
    const listener = triggered(
      'listener',
      '    conditions: [{type: io.kestra.plugin.core.condition.ExecutionFlow, namespace: company, flowId: own}]\n',
    );
    const others = [flow('child'), calling('parent', 'own'), listener, flow('stranger')];
    expect(edgesOf(own, others)).toEqual([
      'company_own FLOW_TASK company_child',
      'company_parent FLOW_TASK company_own',
      'company_own FLOW_TRIGGER company_listener',
    ]);
    expect(edgesOf(own, others, true)).toEqual(['company_parent FLOW_TASK company_own']);
    expect(edgesOf(flow('alone'), [flow('stranger')])).toEqual([]);
  });

  it('a flow that is not parsed has the relations that names alone tell', () => {
    const topology = createTopology(calling('own', 'child'), { destinationOnly: false });
    topology.add({ namespace: 'company', id: 'child' }, undefined);
    expect(topology.result()).toEqual({
      nodes: [
        { uid: 'company_own', namespace: 'company', id: 'own' },
        { uid: 'company_child', namespace: 'company', id: 'child' },
      ],
      edges: [{ source: 'company_own', target: 'company_child', relation: 'FLOW_TASK' }],
    });
  });

  const condition = (type: string, rest: string): string => `{type: io.kestra.plugin.core.condition.${type}, ${rest}}`;
  it.each([
    ['', true],
    [`    conditions: [${condition('ExecutionNamespace', 'namespace: comp, prefix: true')}]\n`, true],
    [`    conditions: [${condition('ExecutionNamespace', 'namespace: comp')}]\n`, false],
    [`    conditions: [${condition('ExecutionStatus', 'in: [FAILED]')}]\n`, true],
    [
      `    conditions: [${condition('Not', `conditions: [${condition('ExecutionFlow', 'namespace: company, flowId: up')}]`)}]\n`,
      false,
    ],
    [
      `    conditions: [${condition('Or', `conditions: [${condition('ExecutionFlow', 'namespace: x, flowId: up')}, ${condition('ExecutionNamespace', 'namespace: company')}]`)}]\n`,
      true,
    ],
    ['    preconditions: {id: p, flows: [{namespace: company, flowId: other}, {namespace: company}]}\n', true],
    ['    preconditions: {id: p, flows: [{namespace: company, flowId: other}]}\n', false],
    [
      '    preconditions: {id: p, where: [{id: w, filters: [{field: FLOW_ID, type: STARTS_WITH, value: u}, {field: STATE, type: EQUAL_TO, value: FAILED}]}]}\n',
      true,
    ],
    [
      '    preconditions: {id: p, where: [{id: w, filters: [{field: NAMESPACE, type: NOT_IN, values: [company]}]}]}\n',
      false,
    ],
  ])('a Flow trigger with %j is a relation: %s', (rest, related) => {
    expect(edgesOf(flow('up'), [triggered('down', rest)])).toHaveLength(related ? 1 : 0);
  });

  it('spares parsing sources that cannot matter', () => {
    const own = flow('own');
    expect(maybeRelated('id: x\n', own)).toBe(false);
    for (const source of ['flowId: own', 'type: io.kestra.plugin.core.trigger.Flow', 'flowId: "\\x6fwn"'])
      expect(maybeRelated(source, own)).toBe(true);
  });
});
