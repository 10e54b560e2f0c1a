import { describe, expect, it } from 'vitest';
import { flowWith, messages, parse } from './testing/parse.ts';

describe('tasks', () => {
  const tasks = (lines: string): readonly string[] => messages(`id: a\nnamespace: b\ntasks:\n${lines}`);

  it.each([
    [
      '  - id: t\n    type: io.kestra.plugin.core.log.Logg',
      'Invalid type: io.kestra.plugin.core.log.Logg; did you mean "io.kestra.plugin.core.log.Log"? (line 5, column 11)',
    ],
    [
      '  - id: t\n    type: io.kestra.plugin.core.trigger.Webhook',
      'Invalid type: io.kestra.plugin.core.trigger.Webhook',
    ],
    ['  - id: t\n    type: io.kestra.plugin.core.log.Log', 'tasks[0].message: must not be null'],
    ['  - id: t\n    type: io.kestra.plugin.core.log.Log\n    message:', 'tasks[0].message: must not be null'],
    [
      '  - id: t\n    type: io.kestra.plugin.core.log.Log\n    message: {a: b}',
      'tasks[0].message: expected a text or a list, but got map (line 6, column 14)',
    ],
    [
      '  - id: t.x\n    type: io.kestra.plugin.core.debug.Return',
      'tasks[0].id: must match "^[a-zA-Z0-9][a-zA-Z0-9_-]*$"',
    ],
    ['  - type: io.kestra.plugin.core.debug.Return', 'tasks[0].id: must not be null'],
    ['  - just text', 'tasks[0]: expected a task, but got text'],
    [
      '  - id: t\n    type: io.kestra.plugin.core.debug.Return\n    timeout: soon',
      "tasks[0].timeout: 'soon' is not a duration",
    ],
    [
      '  - id: t\n    type: io.kestra.plugin.core.debug.Return\n    retry: {type: constant}',
      'tasks[0].retry.interval: must not be null',
    ],
    [
      '  - id: t\n    type: io.kestra.plugin.core.debug.Return\n    retry: {type: constant, interval: PT5M, maxDuration: PT1M}',
      "'interval' must be less than 'maxDuration'",
    ],
    [
      '  - id: t\n    type: io.kestra.plugin.core.debug.Return\n    retry: {type: constant, interval: PT5M, maxAttempt: 0}',
      'tasks[0].retry.maxAttempt: must be greater than or equal to 1',
    ],
    [
      '  - id: t\n    type: io.kestra.plugin.core.debug.Return\n    retry: {type: constant, interval: PT5M, maxAttemts: 2}',
      'did you mean "maxAttempts"?',
    ],
    ['  - id: t\n    type: io.kestra.plugin.core.debug.Return\n    retry: {type: always}', 'tasks[0].retry.type: '],
    ['  - id: t\n    type: io.kestra.plugin.core.debug.Return\n    workerGroup: {kez: x}', 'Unrecognized field "kez"'],
    [
      '  - id: t\n    type: io.kestra.plugin.core.debug.Return\n    logLevel: LOUD',
      'tasks[0].logLevel: must be one of [TRACE, DEBUG, INFO, WARN, ERROR]',
    ],
    [
      '  - id: t\n    type: io.kestra.plugin.core.flow.Subflow\n    namespace: b\n    flowId: a',
      'Invalid Flow: Recursive call to flow [b.a]',
    ],
    [
      '  - id: t\n    type: io.kestra.plugin.scripts.shell.Commands\n    commands: [a]\n    taskRunner: {type: io.x.Docker}',
      'Invalid type: io.x.Docker',
    ],
    [
      '  - id: t\n    type: io.kestra.plugin.scripts.shell.Commands\n    commands: [a]\n    taskRunner: {type: io.kestra.plugin.core.runner.Process, x: 1}',
      'Unrecognized field "x"',
    ],
  ])('%j', (lines, message) => {
    const found = tasks(lines);
    expect(
      found.some((text) => text.includes(message)),
      found.join('\n'),
    ).toBe(true);
  });

  it('common properties are accepted', () => {
    expect(
      tasks(`  - id: t
    type: io.kestra.plugin.core.debug.Return
    description: d
    disabled: true
    allowFailure: true
    allowWarning: true
    runIf: "{{ inputs.x }}"
    timeout: "{{ vars.t }}"
    logLevel: WARN
    logToFile: false
    workerGroup: {key: gpu, fallback: WAIT}
    retry: {type: exponential, interval: PT1S, maxInterval: PT1M, delayFactor: 2, maxAttempt: 5, behavior: RETRY_FAILED_TASK}
`),
    ).toEqual([]);
  });

  it('nested ones are checked wherever they stand, with their paths', () => {
    const found = parse(`id: a
namespace: b
tasks:
  - id: if
    type: io.kestra.plugin.core.flow.If
    condition: "true"
    then:
      - id: seq
        type: io.kestra.plugin.core.flow.Sequential
        tasks:
          - id: deep
            type: io.kestra.plugin.core.debug.Retrun
    else:
      - id: log
        type: io.kestra.plugin.core.log.Log
  - id: switch
    type: io.kestra.plugin.core.flow.Switch
    value: x
    cases:
      one:
        - id: log
          type: io.kestra.plugin.core.debug.Return
    defaults:
      - id: d
        type: io.kestra.plugin.core.debug.Return
        unknown: 1
  - id: dag
    type: io.kestra.plugin.core.flow.Dag
    tasks:
      - task:
          id: first
          type: io.kestra.plugin.core.debug.Return
          format: "{{ 1 + }}"
errors:
  - id: dag
    type: io.kestra.plugin.core.debug.Return
`).problems.map(({ path, message, line }) => [path, message.slice(0, 40), line]);
    expect(found).toEqual([
      ['tasks[0].else[0].message', 'must not be null', undefined],
      ['tasks[0].then[0].tasks[0].type', 'Invalid type: io.kestra.plugin.core.debu', 12],
      ['', 'Invalid Flow: Duplicate task id with nam', 21],
      ['tasks[1].defaults[0]["unknown"]', 'Unrecognized field "unknown", not marked', 26],
      ['tasks[2].tasks[0].task.format', expect.stringContaining('invalid expression'), 33],
      ['', 'Invalid Flow: Duplicate task id with nam', 35],
    ]);
  });
});

describe('triggers', () => {
  const triggers = (lines: string): readonly string[] => messages(flowWith(`triggers:\n${lines}`));
  const hook = '  - id: h\n    type: io.kestra.plugin.core.trigger.Webhook\n    key: k\n';
  it.each([
    [
      '  - id: s\n    type: io.kestra.plugin.core.trigger.Schedule\n    cron: x',
      "triggers[0].cron: invalid cron expression 'x': it has 1 fields instead of 5",
    ],
    [
      '  - id: s\n    type: io.kestra.plugin.core.trigger.Webhok\n    key: x',
      'did you mean "io.kestra.plugin.core.trigger.Webhook"?',
    ],
    ['  - id: s\n    type: io.kestra.plugin.core.trigger.Webhook', 'triggers[0].key: must not be null'],
    [`${hook}${hook}`, 'Invalid Flow: Duplicate trigger id with name [h]'],
    [`${hook}    foo: 1`, 'Unrecognized field "foo"'],
    [
      `${hook}    conditions:\n      - type: io.kestra.plugin.core.condition.MultipleCondition`,
      'triggers[0]: invalid webhook: conditions of type MultipleCondition are not supported',
    ],
    [
      `${hook}    conditions:\n      - type: io.kestra.plugin.core.condition.Expression`,
      'triggers[0].conditions[0].expression: must not be null',
    ],
    [
      `${hook}    conditions:\n      - type: io.kestra.plugin.core.condition.Not\n        conditions:\n          - type: foo.Bar`,
      'Invalid type: foo.Bar',
    ],
    [`${hook}    labels: {system.x: y}`, 'System labels can only be set by Kestra itself'],
    [`${hook}    when: x`, '"when" of a trigger is not supported by this version yet'],
  ])('%j', (lines, message) => {
    const found = triggers(lines);
    expect(
      found.some((text) => text.includes(message)),
      found.join('\n'),
    ).toBe(true);
  });

  it('labels of a webhook are told to be of no effect', () => {
    expect(parse(flowWith(`triggers:\n${hook}    labels: {a: b}`)).warnings).toEqual([
      'triggers[0].labels: executions of a webhook get the labels of the flow only',
    ]);
  });

  it('what is accepted and not acted on yet is told', () => {
    const warnings = (lines: string): readonly string[] => parse(flowWith(`triggers:\n${lines}`)).warnings;
    expect(warnings(`${hook}    conditions:\n      - type: io.kestra.plugin.core.condition.Weekend`)).toEqual([
      'triggers[0].conditions[0].type: io.kestra.plugin.core.condition.Weekend cannot be judged by this version yet, and counts as not fulfilled',
    ]);
    expect(warnings(`${hook}    stopAfter: [SUCCESS]`)[0]).toContain('does not act on it yet');
    const schedule = '  - id: s\n    type: io.kestra.plugin.core.trigger.Schedule\n    cron: "* * * * *"';
    expect(warnings(schedule)[0]).toContain('a trigger of type io.kestra.plugin.core.trigger.Schedule is accepted');
    expect(warnings('  - id: f\n    type: io.kestra.plugin.core.trigger.Flow')).toContainEqual(
      expect.stringContaining('every execution'),
    );
  });

  it('conditions under older names are accepted and told of', () => {
    const result = parse(
      flowWith(
        `triggers:\n${hook}    conditions:\n      - type: io.kestra.core.models.conditions.types.VariableCondition\n        expression: "{{ trigger.body }}"`,
      ),
    );
    expect(result.problems).toEqual([]);
    expect(result.infos).toEqual([
      'io.kestra.core.models.conditions.types.VariableCondition is replaced by io.kestra.plugin.core.condition.Expression',
    ]);
  });
});
