import { describe, expect, it } from 'vitest';
import { readConfiguredDefaults, type GivenDefaults } from './configured-defaults.ts';
import { parseFlow } from './parse-flow.ts';
import { describeProblem } from './problem.ts';
import { testRegistry } from './testing/registry.ts';

const LOG = 'io.kestra.plugin.core.log.Log';

const read = (given: Partial<GivenDefaults>) =>
  readConfiguredDefaults({ pluginDefaults: [], namespaceDefaults: {}, ...given }, testRegistry);

/** What becomes of a Log task in a flow of that namespace. */
function taskOf(given: Partial<GivenDefaults>, options: { own?: string; flow?: string; namespace?: string } = {}) {
  const { own = '', flow = '', namespace = 'company.team' } = options;
  const source = `id: f\nnamespace: ${namespace}\ntasks:\n  - id: t\n    type: ${LOG}\n${own}${flow}`;
  const { defaults } = read(given);
  const result = parseFlow(source, { registry: testRegistry, tenant: 'main', defaults });
  return result.flow?.tasks[0] ?? result.problems.map(describeProblem);
}

const message = (text: string, forced = false) => ({ type: LOG, forced, values: { message: text } });

describe('plugin defaults of the configuration', () => {
  // execution-semantics.md §10.5: the table, with the server as the global source.
  it.each([
    { flow: false, server: false, own: true, winner: 'own' },
    { flow: false, server: true, own: true, winner: 'server' },
    { flow: true, server: false, own: true, winner: 'flow' },
    { flow: true, server: true, own: true, winner: 'flow' },
    { flow: false, server: false, own: false, winner: 'flow' },
    { flow: undefined, server: false, own: false, winner: 'server' },
    { flow: undefined, server: false, own: true, winner: 'own' },
    { flow: undefined, server: true, own: true, winner: 'server' },
  ])('forced in the flow: $flow, in the server: $server, own value: $own; $winner wins', (row) => {
    const ofFlow = `pluginDefaults:\n  - {type: ${LOG}, forced: ${String(row.flow)}, values: {message: flow}}\n`;
    const task = taskOf(
      { pluginDefaults: [message('server', row.server)] },
      { own: row.own ? '    message: own\n' : '', flow: row.flow === undefined ? '' : ofFlow },
    );
    expect(task).toMatchObject({ message: row.winner });
  });

  it.each([
    ['company.team', 'team'],
    ['company.team.sub', 'team'],
    ['company', 'company'],
    ['company.other', 'company'],
    ['companya', 'server'],
  ])('in namespace %s those of %s are the strongest', (namespace, winner) => {
    const given = {
      pluginDefaults: [{ type: LOG, values: { message: 'server', level: 'WARN' } }],
      namespaceDefaults: { company: [message('company')], 'company.team': [message('team')] },
    };
    expect(taskOf(given, { namespace })).toMatchObject({ message: winner, level: 'WARN' });
  });

  it('the nearest namespace wins also where all are forced', () => {
    const namespaceDefaults = { company: [message('company', true)], 'company.team': [message('team', true)] };
    const given = { pluginDefaults: [message('server', true)], namespaceDefaults };
    expect(taskOf(given, { own: '    message: own\n' })).toMatchObject({ message: 'team' });
  });

  it('an entry that is none is left out and told, with its place; the others hold', () => {
    const { problems } = read({
      pluginDefaults: [message('x'), 'text', { values: {} }],
      namespaceDefaults: { 'company.team': [{ type: LOG }] },
    });
    expect(problems).toEqual([
      'pluginDefaults[1]: is left out: expected a map, but got text',
      'pluginDefaults[2]: is left out: type: must not be null',
      'namespaceDefaults["company.team"][0]: is left out: values: must not be null',
    ]);
  });

  it('a property that the type does not have is left out, the rest of the entry holds', () => {
    const given = { pluginDefaults: [{ type: LOG, values: { mesage: 'x', message: 'y' } }] };
    expect(read(given).problems[0]).toMatch(
      /^pluginDefaults\[0\]: Unrecognized field "mesage".*did you mean "message"/,
    );
    expect(taskOf(given)).toMatchObject({ message: 'y' });
  });

  it('a property called like something that all objects have is as any other', () => {
    const values = JSON.parse('{"constructor":1,"toString":"x","__proto__":2}') as Record<string, unknown>;
    expect(read({ pluginDefaults: [{ type: 'io.kestra.plugin.scripts', values }] }).problems).toEqual([]);
    const { problems } = read({ pluginDefaults: [{ type: LOG, values: { constructor: 1, message: 'x' } }] });
    expect(problems).toEqual([expect.stringMatching(/^pluginDefaults\[0\]: Unrecognized field "constructor"/)]);
  });

  it('a value that no flow can take is told', () => {
    const given = { pluginDefaults: [{ type: LOG, values: { level: 'LOUD', message: 'x' } }] };
    expect(read(given).problems).toEqual([
      expect.stringMatching(/^pluginDefaults\[0\]: values\.level: must be one of .*; flows that get it are refused$/),
    ]);
  });

  it('sound ones have nothing to tell: types not known here, beginnings of types, expressions', () => {
    const pluginDefaults = [
      { type: 'some.other.Plugin', values: { what: 'ever' } },
      { type: 'io.kestra.plugin.core', values: { description: 'x' } },
      { type: LOG, values: { message: '{{ flow.id }}', level: 'WARN' } },
    ];
    expect(read({ pluginDefaults }).problems).toEqual([]);
  });
});
