import { describe, expect, it } from 'vitest';
import { parseFlow, type ParseResult } from './parse-flow.ts';
import { describeProblem } from './problem.ts';
import { flowWith, messages, parse } from './testing/parse.ts';
import { testRegistry } from './testing/registry.ts';

describe('a valid flow', () => {
  it('is read with defaults, labels of a map as a list, and the revision that was given', () => {
    const { flow, problems } = parseFlow(
      flowWith(`labels:
  env: dev
  version: 1.10
  on: yes
inputs:
  - id: user
    type: STRING
    defaults: World
  - id: count
    type: INT
    required: false
variables:
  number: 012
  flag: yes
  date: 2024-01-01
triggers:
  - id: hook
    type: io.kestra.plugin.core.trigger.Webhook
    key: secret
outputs:
  - id: out
    type: STRING
    value: "{{ outputs.log }}"
revision: 7
`),
      { registry: testRegistry, tenant: 'main', revision: 3 },
    );
    expect(problems).toEqual([]);
    expect(flow).toMatchObject({
      tenant: 'main',
      id: 'hello',
      revision: 3,
      disabled: false,
      labels: [
        { key: 'env', value: 'dev' },
        { key: 'version', value: '1.10' },
        { key: 'on', value: 'yes' },
      ],
      inputs: [
        { id: 'user', type: 'STRING', defaults: 'World', required: true },
        { id: 'count', type: 'INT', required: false },
      ],
      variables: { number: 10, flag: true, date: '2024-01-01' },
      errors: [],
    });
  });

  it('may be JSON', () => {
    const source = JSON.stringify(
      { id: 'a', namespace: 'b', tasks: [{ id: 't', type: 'io.kestra.plugin.core.debug.Return' }] },
      null,
      1,
    );
    expect(parse(source).flow?.tasks).toHaveLength(1);
  });

  it('keeps texts as written where a property is a text, and reads numbers written as texts', () => {
    const { flow, problems } = parse(`id: a
namespace: b
tasks:
  - id: 1
    type: io.kestra.plugin.scripts.shell.Commands
    runIf: true
    commands: [echo, 1.10, yes]
    env: { A: 010 }
    retries: "3"
`);
    expect(problems).toEqual([]);
    expect(flow?.tasks[0]).toMatchObject({
      id: '1',
      runIf: 'true',
      commands: ['echo', '1.10', 'yes'],
      env: { A: '010' },
      retries: 3,
    });
  });

  it('may use anchors and merge keys', () => {
    const { flow } = parse(`id: a
namespace: b
tasks:
  - &log
    id: one
    type: io.kestra.plugin.core.log.Log
    message: hi
  - <<: *log
    id: two
`);
    expect(flow?.tasks.map(({ id, message }) => [id, message])).toEqual([
      ['one', 'hi'],
      ['two', 'hi'],
    ]);
  });

  it('tells of older names', () => {
    const result = parse(`id: a
namespace: b
inputs:
  - name: old
    type: STRING
tasks:
  - id: t
    type: io.kestra.core.tasks.log.Log
    message: hi
`);
    expect(result.problems).toEqual([]);
    expect(result.deprecations).toEqual(['inputs[0].name']);
    expect(result.infos).toEqual(['io.kestra.core.tasks.log.Log is replaced by io.kestra.plugin.core.log.Log']);
    expect(result.flow?.inputs[0]).toMatchObject({ id: 'old', name: 'old' });
  });
});

describe('properties', () => {
  it('an unknown one is named with its place and the nearest known one', () => {
    const [problem] = parse(flowWith('lables: {}')).problems;
    expect(problem).toMatchObject({ path: '["lables"]', line: 7, column: 1 });
    expect(describeProblem(problem!)).toMatch(
      /^Unrecognized field "lables", not marked as ignorable \(\d+ known properties: "id".*did you mean "labels"\? \(line 7, column 1\)$/,
    );
  });

  it('an unknown one of a task is named with its path', () => {
    const [problem] = parse(flowWith('').replace('message: hi', 'message: hi\n    mesage: ho')).problems;
    expect(problem).toMatchObject({ path: 'tasks[0]["mesage"]', line: 7, column: 5 });
    expect(problem?.hint).toBe('did you mean "message"?');
  });

  it('one of a later version is refused as such', () => {
    expect(messages(flowWith('checks: []'))).toEqual([
      '"checks" is not supported by this version yet (line 7, column 1)',
    ]);
  });

  it.each([
    ['id: "bad id"\nnamespace: b', 'id: must match'],
    ['namespace: b', 'id: must not be null'],
    ['id: a\nnamespace: B.c', 'namespace: must match'],
    [`id: ${'a'.repeat(101)}\nnamespace: b`, 'id: size must be between 0 and 100'],
  ])('names follow their rules: %j', (head, message) => {
    expect(messages(`${head}\ntasks: [{id: t, type: io.kestra.plugin.core.debug.Return}]`)[0]).toContain(message);
  });

  it('missing and empty tasks are refused', () => {
    const problem = { message: 'must not be empty', path: 'tasks', kind: 'constraint' };
    expect(parse('id: a\nnamespace: b').problems).toEqual([problem]);
    expect(parse('id: a\nnamespace: b\ntasks: []').problems).toMatchObject([problem]);
    expect(messages('id: a\nnamespace: b\ntasks: {}')).toEqual([
      'tasks: expected a list, but got map (line 3, column 8)',
    ]);
  });

  it('system labels are refused, but for system.readOnly', () => {
    expect(messages(flowWith('labels: {system.readOnly: "true"}'))).toEqual([]);
    expect(messages(flowWith('labels: {system.app: x}'))).toEqual([
      expect.stringContaining('System labels can only be set by Kestra itself, offending label: system.app=x'),
    ]);
    expect(messages(flowWith('labels: {a: {b: c}}'))).toEqual([
      'labels.a: expected a text, but got map (line 7, column 13)',
    ]);
  });
});

describe('inputs', () => {
  const inputs = (lines: string): readonly string[] => messages(flowWith(`inputs:\n${lines}`));
  it.each([
    ['  - id: a\n    type: FOO', 'Invalid type: FOO'],
    ['  - id: wrong one\n    type: STRING', 'wrong one.id: must match'],
    ['  - type: STRING', 'inputs[0].id: must not be null'],
    ['  - id: a', 'a.type: must not be null'],
    ['  - id: a\n    type: STRING\n    min: 3', 'Unrecognized field "min"'],
    ['  - id: a\n    type: FILE\n    defaults: x', "no `defaults` can be set for inputs of type 'FILE'"],
    ['  - id: a\n    type: STRING\n    validator: "["', 'a.validator: invalid pattern [[]'],
    [`  - id: a\n    type: STRING\n    displayName: ${'x'.repeat(65)}`, 'a.displayName: size must be between 0 and 64'],
    ['  - {id: a, type: INT}\n  - {id: a, type: INT}', 'Invalid Flow: Duplicate input with name [a]'],
    ['  - {id: a, type: INT}\n  - {id: a.b, type: INT}', "'a.b' is inside 'a', which is an input itself"],
    ['  - {id: a, type: INT, min: 3, max: 1}', 'a.min: must not be more than max (1)'],
  ])('%j', (lines, message) => {
    const found = inputs(lines);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
  });

  it('a validator may look ahead', () => {
    expect(inputs('  - id: a\n    type: STRING\n    validator: "(?=.*[A-Z]).+"')).toEqual([]);
  });
});

describe('expressions', () => {
  const format = (text: string): ParseResult =>
    parse(
      `id: a\nnamespace: b\ntasks:\n  - id: t\n    type: io.kestra.plugin.core.debug.Return\n    format: ${text}\n`,
    );

  it('a syntax error is reported at its line and column', () => {
    expect(format('"{{ 1 + }}"').problems).toMatchObject([{ path: 'tasks[0].format', line: 6 }]);
    expect(format('|\n      first\n      {{ inputs.a | }}\n').problems).toMatchObject([
      { path: 'tasks[0].format', line: 8 },
    ]);
    const plain = format('x {{ a b }}').problems[0];
    const quoted = format('"x {{ a b }}"').problems[0];
    expect(quoted?.column).toBe((plain?.column ?? 0) + 1);
  });

  it('a syntax error shows the line of the expression with a caret below', () => {
    const [problem] = format('|\n      first\n      {{ inputs.a | }}\n').problems;
    expect(describeProblem(problem!)).toBe(
      [
        'tasks[0].format: invalid expression: Unexpected end of the expression, `a filter` was expected (first',
        '{{ inputs.a | }}',
        ':2) (line 8, column 21)',
        '{{ inputs.a | }}',
        '              ^',
      ].join('\n'),
    );
    expect(format('"{% esle %}"').problems.map(describeProblem)[0]).toMatch(/\^\nDid you mean `else`\?$/);
  });

  it('filters, functions and tests that do not exist are warnings with place and nearest name', () => {
    const { flow, warnings } = format('|\n      first {{ execution.id | uper }}\n      {{ nwo() is emty }}\n');
    expect(flow).toBeDefined();
    expect(warnings.map((warning) => warning.replace(/ \(first[^]*?:\d\)/, ''))).toEqual([
      [
        'tasks[0].format: Filter [uper] does not exist. (line 7, column 31)',
        'first {{ execution.id | uper }}',
        '                        ^',
        'Did you mean `upper`?',
      ].join('\n'),
      expect.stringMatching(
        /^tasks\[0\]\.format: Test \[emty\] .*\(line 8, column 19\)\n.*\n *\^\nDid you mean `empty`\?$/,
      ),
      expect.stringMatching(
        /^tasks\[0\]\.format: Function or Macro \[nwo\] .*\(line 8, column 10\)\n.*\n {3}\^\nDid you mean `now`\?$/,
      ),
    ]);
  });

  it('variables and descriptions are not rendered and may hold anything', () => {
    expect(
      messages(
        flowWith(
          'variables: {a: "{{ 1 + }}"}\ndescription: "{{ 1 + }}"\ninputs: [{id: a, type: STRING, description: "{{ 1 + }}"}]',
        ),
      ),
    ).toEqual([]);
  });

  it('can be warnings, for flows that were accepted before', () => {
    const source = flowWith('outputs: [{id: o, type: STRING, value: "{{ 1 + }}"}]');
    const result = parseFlow(source, { registry: testRegistry, tenant: 'main', expressionErrors: 'warning' });
    expect(result.flow).toBeDefined();
    expect(result.warnings).toEqual([
      expect.stringMatching(
        /^outputs\[0\]\.value: invalid expression: .*\(line 7, column \d+\)\n\{\{ 1 \+ \}\}\n *\^$/,
      ),
    ]);
  });

  it('flow outputs are checked', () => {
    expect(messages(flowWith('outputs: [{id: o, type: STRING, value: "{{ 1 + }}"}]'))[0]).toContain(
      'outputs[0].value: invalid expression',
    );
  });
});
