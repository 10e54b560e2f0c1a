import type { PluginDefault } from '@tiercel/model';
import { describe, expect, it } from 'vitest';
import { parseFlow, type ParseResult } from './parse-flow.ts';
import { describeProblem } from './problem.ts';
import { testRegistry } from './testing/registry.ts';

const LOG = 'io.kestra.plugin.core.log.Log';
const SHELL = 'io.kestra.plugin.scripts.shell.Commands';

const head = 'id: f\nnamespace: company.team\n';
const parse = (source: string, ...others: readonly (readonly PluginDefault[])[]): ParseResult =>
  parseFlow(head + source, { registry: testRegistry, tenant: 'main', defaults: () => others });
const problems = (source: string): readonly string[] => parse(source).problems.map(describeProblem);
const entry = (type: string, values: PluginDefault['values'], forced = false): PluginDefault => ({
  type,
  values,
  forced,
});

const log = (message = ''): string => `tasks:\n  - id: t\n    type: ${LOG}\n${message}`;

describe('plugin defaults', () => {
  it('give what a task does not say, and the flow stays as it was written', () => {
    const {
      flow,
      written,
      problems: found,
    } = parse(`${log()}pluginDefaults:\n  - type: ${LOG}\n    values: {message: from default, level: WARN}\n`);
    expect(found).toEqual([]);
    expect(flow?.tasks[0]).toEqual({ id: 't', type: LOG, message: 'from default', level: 'WARN' });
    expect(written?.tasks[0]).toEqual({ id: 't', type: LOG });
    expect(written?.pluginDefaults).toEqual([entry(LOG, { message: 'from default', level: 'WARN' })]);
  });

  it('without any, the flow is the flow that was written', () => {
    const { flow, written } = parse(log('    message: hi\n'));
    expect(written).toBe(flow);
  });

  // execution-semantics.md §10.5, the table.
  it.each([
    ['task', false, false, true, 'task'],
    ['global', false, true, true, 'global'],
    ['flow', true, false, true, 'flow'],
    ['flow', true, true, true, 'flow'],
    ['flow', false, false, false, 'flow'],
  ])('%s wins: flow forced %s, global forced %s, own value %s', (_, flowForced, globalForced, own, winner) => {
    const source = `${log(own ? '    message: task\n' : '')}pluginDefaults:\n  - type: ${LOG}\n    forced: ${String(flowForced)}\n    values: {message: flow}\n`;
    const { flow } = parse(source, [entry(LOG, { message: 'global' }, globalForced)]);
    expect(flow?.tasks[0]?.['message']).toBe(winner);
  });

  it('of the namespace come before those of the server', () => {
    const { flow } = parse(
      log(),
      [entry(LOG, { message: 'namespace' })],
      [entry(LOG, { message: 'server', level: 'WARN' })],
    );
    expect(flow?.tasks[0]).toMatchObject({ message: 'namespace', level: 'WARN' });
  });

  it('apply to types that begin so, the longer name first; and to nested tasks, task runners and triggers', () => {
    const { flow, problems: found } = parse(
      `tasks:
  - id: seq
    type: io.kestra.plugin.core.flow.Sequential
    tasks:
      - {id: a, type: ${LOG}}
      - {id: b, type: ${SHELL}, commands: [ls], taskRunner: {type: io.kestra.plugin.core.runner.Process}}
triggers:
  - {id: h, type: io.kestra.plugin.core.trigger.Webhook}
`,
      [
        entry('io.kestra.plugin.core.log', { message: 'prefix', level: 'WARN' }),
        entry(LOG, { message: 'exact' }),
        entry('io.kestra.plugin.core.runner.Process', { grace: 'PT1S' }),
        entry('io.kestra.plugin.core.trigger.Webhook', { key: 'secret' }),
      ],
    );
    expect(found).toEqual([]);
    const [a, b] = flow!.tasks[0]!['tasks'] as { message?: string; taskRunner?: object }[];
    expect(a).toMatchObject({ message: 'exact', level: 'WARN' });
    expect(b?.taskRunner).toMatchObject({ grace: 'PT1S' });
    expect(flow?.triggers[0]).toMatchObject({ key: 'secret' });
  });

  it('under an older name of a type hold for the type, and the other way round', () => {
    const old = 'io.kestra.core.tasks.log.Log';
    expect(parse(log(), [entry(old, { message: 'x' })]).flow?.tasks[0]).toMatchObject({ message: 'x' });
    const source = `tasks:\n  - {id: t, type: ${old}}\n`;
    expect(parse(source, [entry(LOG, { message: 'x' })]).flow?.tasks[0]).toMatchObject({ message: 'x' });
  });

  it('merge maps, and join lists', () => {
    const task = `tasks:\n  - {id: t, type: ${SHELL}, commands: [own], env: {A: own, B: own}}\n`;
    const values = { commands: ['default'], env: { B: 'default', C: 'default' } };
    expect(parse(task, [entry(SHELL, values)]).flow?.tasks[0]).toMatchObject({
      commands: ['default', 'own'],
      env: { A: 'own', B: 'own', C: 'default' },
    });
    expect(parse(task, [entry(SHELL, values, true)]).flow?.tasks[0]).toMatchObject({
      commands: ['own', 'default'],
      env: { A: 'own', B: 'default', C: 'default' },
    });
  });

  it('are not shared between the tasks that they went into', () => {
    const { flow } = parse(
      `tasks:\n  - {id: a, type: ${SHELL}, commands: [x]}\n  - {id: b, type: ${SHELL}, commands: [y]}\n`,
      [entry(SHELL, { env: { A: 'b' } })],
    );
    const [a, b] = flow!.tasks;
    expect(a?.['env']).toEqual(b?.['env']);
    expect(a?.['env']).not.toBe(b?.['env']);
  });

  it('are checked: names, types of values, what they make of a task', () => {
    const withDefaults = (lines: string): readonly string[] =>
      problems(`${log('    message: m\n')}pluginDefaults:\n${lines}`);
    expect(withDefaults(`  - {type: ${LOG}, values: {mesage: x}}\n`)[0]).toContain('did you mean "message"?');
    expect(withDefaults('  - {values: {a: 1}}\n')[0]).toContain('pluginDefaults[0].type: must not be null');
    expect(withDefaults(`  - {type: ${LOG}}\n`)[0]).toContain('pluginDefaults[0].values: must not be null');
    expect(withDefaults('  - \n')[0]).toContain('pluginDefaults[0]: must not be null');
    expect(withDefaults(`  - {type: ${LOG}, values: {}, forcd: true}\n`)[0]).toContain('did you mean "forced"?');
    expect(withDefaults(`  - {type: ${LOG}, values: {level: LOUD}}\n`)[0]).toMatch(
      /^tasks\[0\]\.level: must be one of .* \(given by plugin defaults\) \(line 4, column 5\)$/,
    );
    expect(withDefaults('  - {type: some.other.Plugin, values: {what: ever}}\n')).toEqual([]);
  });

  it('have properties that every object has, like any other', () => {
    const { flow } = parse(`tasks:\n  - {id: a, type: ${SHELL}, commands: [x]}\n`, [
      entry(SHELL, { env: { constructor: 'c', toString: 't' } }),
    ]);
    expect(flow!.tasks[0]?.['env']).toEqual({ constructor: 'c', toString: 't' });
  });

  it('that multiply are refused', () => {
    const entries = `  - {type: io.kestra.plugin.core.log, values: {message: [a]}}\n`.repeat(1000);
    const tasks = Array.from({ length: 1000 }, (_, i) => `  - {id: t${i}, type: ${LOG}}\n`).join('');
    expect(problems(`pluginDefaults:\n${entries}tasks:\n${tasks}`)).toEqual([
      'pluginDefaults: give more values than a flow may have; give fewer, or to fewer tasks (line 4, column 3)',
    ]);
  });

  it('under their older name are deprecated', () => {
    const { deprecations, flow } = parse(`${log()}taskDefaults:\n  - {type: ${LOG}, values: {message: x}}\n`);
    expect(deprecations).toEqual(['taskDefaults']);
    expect(flow?.tasks[0]).toMatchObject({ message: 'x' });
  });
});
