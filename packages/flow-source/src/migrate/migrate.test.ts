import { definitions } from '@tiercel/plugin-core';
import { createRegistry } from '@tiercel/plugin-kit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFlow } from '../parse-flow.ts';
import { testRegistry } from '../testing/registry.ts';
import { migrateFlow } from './migrate.ts';

const registry = createRegistry([...testRegistry.all(), ...definitions.filter(({ type }) => type.endsWith('.Echo'))]);
const migrate = (source: string): ReturnType<typeof migrateFlow> => migrateFlow(source, registry);

const OLD = `# a flow of the old days
id: old
namespace: company.team
inputs:
  - name: who   # asked by people
    type: STRING
  - {name: how, type: "ENUM", values: [a, b]}
taskDefaults:
  - type: io.kestra.core.tasks.log.Log
    values: {level: WARN}
tasks:
  - id: hello
    type: 'io.kestra.core.tasks.log.Log'
    message: |
      type: io.kestra.core.tasks.log.Log
  - id: seq
    type: io.kestra.plugin.core.flow.Sequential
    tasks:
      - id: sh
        type: io.kestra.plugin.scripts.shell.Commands
        runner: PROCESS # here
        commands: [ls]
triggers:
  - id: s
    type: io.kestra.core.models.triggers.types.Schedule
    cron: "@daily"
    minLogLevel: INFO
    scheduleConditions:
      - type: io.kestra.core.models.conditions.types.WeekendCondition
variables:
  type: io.kestra.core.tasks.log.Log
`;

const NEW = `# a flow of the old days
id: old
namespace: company.team
inputs:
  - id: who   # asked by people
    type: STRING
  - {id: how, type: "SELECT", values: [a, b]}
pluginDefaults:
  - type: io.kestra.plugin.core.log.Log
    values: {level: WARN}
tasks:
  - id: hello
    type: 'io.kestra.plugin.core.log.Log'
    message: |
      type: io.kestra.core.tasks.log.Log
  - id: seq
    type: io.kestra.plugin.core.flow.Sequential
    tasks:
      - id: sh
        type: io.kestra.plugin.scripts.shell.Commands
        taskRunner: {type: io.kestra.plugin.core.runner.Process} # here
        commands: [ls]
triggers:
  - id: s
    type: io.kestra.plugin.core.trigger.Schedule
    cron: "@daily"
    logLevel: INFO
    conditions:
      - type: io.kestra.plugin.core.condition.Weekend
variables:
  type: io.kestra.core.tasks.log.Log
`;

describe('migration', () => {
  it('rewrites older forms where they stand, and nothing else', () => {
    const { source, changes, remaining } = migrate(OLD);
    expect(source).toBe(NEW);
    expect(remaining).toEqual([]);
    expect(changes).toHaveLength(11);
    expect(changes[0]).toEqual({
      path: 'taskDefaults',
      line: 8,
      column: 1,
      message: '`taskDefaults` is called `pluginDefaults` now',
    });
  });

  it('has nothing to do a second time, and what it writes has no deprecated parts', () => {
    expect(migrate(NEW)).toEqual({ source: NEW, changes: [], remaining: [] });
    const { deprecations, infos } = parseFlow(NEW, { registry: testRegistry, tenant: 'main' });
    expect([...deprecations, ...infos]).toEqual([]);
  });

  it('says what it leaves to people', () => {
    const { source, remaining } = migrate(`id: a
namespace: b
listeners: []
tasks:
  - {id: t, type: io.kestra.plugin.scripts.shell.Commands, runner: DOCKER, commands: [ls]}
triggers:
  - id: f
    type: io.kestra.plugin.core.trigger.Flow
    minLogLevel: INFO
    logLevel: WARN
    conditions:
      - {type: io.kestra.plugin.core.condition.FlowCondition, namespace: x, flowId: y}
`);
    expect(source).toContain('runner: DOCKER');
    expect(remaining.map(({ path }) => path)).toEqual([
      'listeners',
      'tasks[0].runner',
      'triggers[0].minLogLevel',
      'triggers[0].conditions[0].type',
    ]);
  });

  it('leaves data alone, whatever type it names', () => {
    const source = `id: a
namespace: b
tasks:
  - id: t
    type: io.kestra.plugin.core.debug.Return
    format: x
    doc: {type: io.kestra.core.tasks.log.Log, runner: PROCESS}
`;
    expect(migrate(source)).toEqual({ source, changes: [], remaining: [] });
  });

  it('rewrites Echo where it stands alone, and leaves the others to people', () => {
    const echo = (id: string, rest: string): string =>
      `  - {id: ${id}, type: io.kestra.core.tasks.debugs.Echo${rest}}\n`;
    const flow = (tasks: string): string => `id: a\nnamespace: b\ntasks:\n${tasks}`;
    const alone = migrate(flow(echo('t', ', format: hi') + echo('u', '')));
    expect(alone.source).toContain('{id: t, type: io.kestra.plugin.core.log.Log, message: hi}');
    expect(alone.remaining.map(({ path }) => path)).toEqual(['tasks[1].type']);
    for (const shared of [
      flow(
        `  - &t\n    id: t\n    type: io.kestra.core.tasks.debugs.Echo\n    format: a\n  - {<<: *t, id: u, format: b}\n`,
      ),
      `${flow(echo('t', ', format: hi'))}pluginDefaults:\n  - {type: io.kestra.plugin.core.debug.Echo, values: {level: WARN}}\n`,
    ]) {
      const { source, changes, remaining } = migrate(shared);
      expect([source, changes]).toEqual([shared, []]);
      expect(remaining).not.toEqual([]);
    }
  });

  it.each([
    ['io.kestra.plugin.core.log.Log', true],
    ['io.kestra.core.tasks.log.Log', true],
    ['io.kestra.plugin.core.log', true],
    ['io.kestra.core.tasks.debugs.Echo', true],
    ['io.kestra.plugin.core.debug', true],
    ['io.kestra.plugin.core.flow', false],
    ['io.kestra.plugin.core.log.Logs', false],
  ])('defaults of %s: Echo is left to people: %s', (type, left) => {
    const { source } = migrate(
      `id: a\nnamespace: b\ntasks:\n  - {id: t, type: io.kestra.core.tasks.debugs.Echo, format: hi}\n` +
        `pluginDefaults:\n  - {type: ${type}, values: {level: WARN}}\n`,
    );
    expect(source.includes('debugs.Echo, format: hi')).toBe(left);
  });

  it('takes every document of a text', () => {
    const flow = (id: string): string =>
      `id: ${id}\nnamespace: b\ntasks:\n  - {id: t, type: io.kestra.core.tasks.log.Log, message: x}\n`;
    const { source, changes } = migrate(`# first\n---\n${flow('a')}---\n${flow('b')}`);
    expect(source.match(/io\.kestra\.plugin\.core\.log\.Log/g)).toHaveLength(2);
    expect(changes.map(({ line, path }) => [line, path])).toEqual([
      [6, 'tasks[0].type'],
      [11, 'tasks[0].type'],
    ]);
  });

  it('changes what an anchor stands for once', () => {
    const { source } = migrate(`id: a
namespace: b
tasks:
  - &t {id: t, type: io.kestra.core.tasks.log.Log, message: x}
  - {<<: *t, id: u}
`);
    expect(source.match(/io\.kestra\.plugin\.core\.log\.Log/g)).toHaveLength(1);
  });

  it('leaves alone what is no flow, and never throws', () => {
    for (const source of ['', 'a: [1', '- a', 'text', 'a: &a [*a]', 'tasks: 3\ninputs: {a: b}\ntriggers: [1, null]'])
      expect(migrate(source).source).toBe(source);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (source) => {
        migrate(source);
      }),
    );
  });
});
