import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFlow, type ParseResult } from './parse-flow.ts';
import { describeProblem } from './problem.ts';
import { testRegistry } from './testing/registry.ts';

const parse = (source: string, maxBytes?: number): ParseResult =>
  parseFlow(source, { registry: testRegistry, tenant: 'main', ...(maxBytes === undefined ? {} : { maxBytes }) });

/** A flow with one task, and `extra` lines at the end. */
const flowWith = (extra: string): string => `id: hello
namespace: company.team
tasks:
  - id: log
    type: io.kestra.plugin.core.log.Log
    message: hi
${extra}`;

const messages = (source: string): readonly string[] => parse(source).problems.map(describeProblem);

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
    expect(result.deprecations).toEqual(['inputs[0].name', 'tasks[0]']);
    expect(result.infos).toEqual(['io.kestra.core.tasks.log.Log is replaced by io.kestra.plugin.core.log.Log']);
    expect(result.flow?.inputs[0]).toMatchObject({ id: 'old', name: 'old' });
  });
});

describe('texts that are no flow', () => {
  it.each([
    ['', 'Illegal flow yaml: the source is empty'],
    ['# only a comment', 'Illegal flow yaml: '],
    ['~', 'Illegal flow yaml: expected a map with id, namespace and tasks, but got nothing'],
    ['- a', 'Illegal flow yaml: expected a map with id, namespace and tasks, but got a list'],
    ['just text', 'Illegal flow yaml: expected a map with id, namespace and tasks, but got a text'],
    ['a: 1\n---\nb: 2', 'Illegal flow yaml: expected a single document'],
    ['a: 1\na: 2', 'Illegal flow yaml: Duplicate field "a" (line 2, column 1)'],
    ['a: *nope', 'Illegal flow yaml: the anchor &nope is not known here (line 1, column 4)'],
    ['a: !js x', 'Illegal flow yaml: the tag !js is not known (line 1, column 8)'],
    ['__proto__: {a: 1}', 'Illegal flow yaml: "__proto__" cannot be a key'],
    ['a: "x\\0y"', 'Illegal flow yaml: a text has a NUL character (line 1, column 4)'],
    ['a: [1, 2', 'Illegal flow yaml: Flow sequence in block collection must be'],
  ])('%j is refused', (source, message) => {
    expect(messages(source)[0]).toContain(message);
  });

  it('a source over the limit is refused before it is parsed', () => {
    const source = 'x'.repeat(50 * 1024 * 1024);
    const started = performance.now();
    expect(messages(source)).toEqual(['Illegal flow yaml: the source has more than 4194304 bytes']);
    expect(performance.now() - started).toBeLessThan(100);
  });

  it('multi-byte characters count as bytes', () => {
    expect(parse(`# ${'ü'.repeat(100)}`, 150).problems[0]?.message).toContain('more than 150 bytes');
  });

  it.each([
    ['brackets', `a: ${'['.repeat(100_000)}`],
    ['maps in one line', `a: ${'{a: '.repeat(50_000)}`],
    ['dashes', '- '.repeat(50_000)],
    ['indentation', Array.from({ length: 2000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ])('deep nesting by %s is refused', (_, source) => {
    const started = performance.now();
    expect(messages(source)).toEqual([expect.stringContaining('nested deeper than 100 levels')]);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('text with many brackets inside a block is no nesting', () => {
    expect(messages(flowWith(`description: |\n  ${'['.repeat(500)}\n  ${'- '.repeat(500)}`))).toEqual([]);
  });

  it('aliases that multiply are refused', () => {
    const levels = Array.from(
      { length: 20 },
      (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]`,
    );
    const started = performance.now();
    expect(messages(`a0: &a0 x\n${levels.join('\n')}`)).toEqual([expect.stringContaining('aliases make more than')]);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('an alias to what contains it is refused', () => {
    expect(messages('a: &a [*a]')[0]).toContain('Illegal flow yaml');
  });
});

describe('properties', () => {
  it('an unknown one is named with its place and the nearest known one', () => {
    const [problem] = parse(flowWith('lables: {}')).problems;
    expect(problem).toMatchObject({ path: '["lables"]', line: 7, column: 1 });
    expect(problem?.message).toMatch(
      /^Unrecognized field "lables", not marked as ignorable \(\d+ known properties: "id".*did you mean "labels"\?$/,
    );
  });

  it('an unknown one of a task is named with its path', () => {
    const [problem] = parse(flowWith('').replace('message: hi', 'message: hi\n    mesage: ho')).problems;
    expect(problem).toMatchObject({ path: 'tasks[0]["mesage"]', line: 7, column: 5 });
    expect(problem?.message).toContain('did you mean "message"?');
  });

  it.each([
    'concurrency: {limit: 1}',
    'sla: []',
    'retry: {type: constant}',
    'listeners: []',
    'pluginDefaults: []',
    'taskDefaults: []',
    'finally: []',
    'afterExecution: []',
  ])('%s is refused as not supported yet', (line) => {
    expect(messages(flowWith(line))).toEqual([
      `"${line.split(':')[0]}" is not supported by this version yet (line 7, column 1)`,
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
    ['  - id: a\n    type: DATETIME', 'the input type DATETIME is not supported by this version yet'],
    [
      '  - id: a\n    type: STRING\n    dependsOn: {inputs: [b]}',
      '"dependsOn" of an input is not supported by this version yet',
    ],
    ['  - id: wrong one\n    type: STRING', 'inputs[0].id: must match'],
    ['  - type: STRING', 'inputs[0].id: must not be null'],
    ['  - id: a', 'inputs[0].type: must not be null'],
    ['  - id: a\n    type: STRING\n    min: 3', 'Unrecognized field "min"'],
    ['  - id: a\n    type: FILE\n    defaults: x', "no `defaults` can be set for inputs of type 'FILE'"],
    ['  - id: a\n    type: STRING\n    validator: "["', 'inputs[0].validator: invalid pattern [[]'],
    [
      `  - id: a\n    type: STRING\n    displayName: ${'x'.repeat(65)}`,
      'inputs[0].displayName: size must be between 0 and 64',
    ],
    ['  - {id: a, type: INT}\n  - {id: a, type: INT}', 'Invalid Flow: Duplicate input with name [a]'],
    ['  - {id: a, type: INT}\n  - {id: a.b, type: INT}', "'a.b' is inside 'a', which is an input itself"],
    ['  - {id: a, type: INT, min: 3, max: 1}', 'inputs[0].min: must not be more than max (1)'],
  ])('%j', (lines, message) => {
    const found = inputs(lines);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
  });

  it('a validator may look ahead', () => {
    expect(inputs('  - id: a\n    type: STRING\n    validator: "(?=.*[A-Z]).+"')).toEqual([]);
  });
});

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
      '  - id: t\n    type: io.kestra.plugin.core.debug.Return\n    retry: {type: constant, interval: PT5M, maxAttempts: 2}',
      'did you mean "maxAttempt"?',
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
      'the trigger type io.kestra.plugin.core.trigger.Schedule is not supported by this version yet',
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
      'the condition io.kestra.plugin.core.condition.MultipleCondition is not supported by this version yet',
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
    [`${hook}    stopAfter: [SUCCESS]`, '"stopAfter" of a trigger is not supported by this version yet'],
  ])('%j', (lines, message) => {
    const found = triggers(lines);
    expect(
      found.some((text) => text.includes(message)),
      found.join('\n'),
    ).toBe(true);
  });

  it('conditions under older names are accepted and told of', () => {
    const result = parse(
      flowWith(
        `triggers:\n${hook}    conditions:\n      - type: io.kestra.core.models.conditions.types.VariableCondition\n        expression: "{{ trigger.body }}"`,
      ),
    );
    expect(result.problems).toEqual([]);
    expect(result.deprecations).toEqual(['triggers[0].conditions[0]']);
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

  it('variables, descriptions and defaults are not rendered and may hold anything', () => {
    expect(
      messages(
        flowWith(
          'variables: {a: "{{ 1 + }}"}\ndescription: "{{ 1 + }}"\ninputs: [{id: a, type: STRING, defaults: "{{ 1 + }}"}]',
        ),
      ),
    ).toEqual([]);
  });

  it('can be warnings, for flows that were accepted before', () => {
    const source = flowWith('outputs: [{id: o, type: STRING, value: "{{ 1 + }}"}]');
    const result = parseFlow(source, { registry: testRegistry, tenant: 'main', expressionErrors: 'warning' });
    expect(result.flow).toBeDefined();
    expect(result.warnings).toEqual([
      expect.stringMatching(/^outputs\[0\]\.value: invalid expression: .*\(line 7, column \d+\)$/),
    ]);
  });

  it('flow outputs are checked', () => {
    expect(messages(flowWith('outputs: [{id: o, type: STRING, value: "{{ 1 + }}"}]'))[0]).toContain(
      'outputs[0].value: invalid expression',
    );
  });
});

describe('any text', () => {
  it('gives a flow or problems, and never throws', () => {
    const valid = flowWith(`labels: {a: b}
inputs: [{id: a, type: INT, min: 1}]
triggers:
  - id: h
    type: io.kestra.plugin.core.trigger.Webhook
    key: k
    conditions: [{type: io.kestra.plugin.core.condition.Not, conditions: [{type: io.kestra.plugin.core.condition.Expression, expression: "{{ 1 }}"}]}]
errors:
  - {id: s, type: io.kestra.plugin.core.flow.Sequential, tasks: [{id: x, type: io.kestra.plugin.core.debug.Return, retry: {type: constant, interval: PT1S}}]}
`);
    expect(parse(valid).problems).toEqual([]);
    const pieces = fc.constantFrom(
      '- ',
      ': ',
      '[',
      ']',
      '{',
      '}',
      '&a ',
      '*a',
      '<<: ',
      '|\n',
      '"',
      "'",
      '{{',
      '}}',
      '{%',
      '\n',
      '  ',
      '!!str ',
      '#',
      '~',
      'constructor',
      '__proto__',
      'id',
      'type',
      '\u0000',
      '1e999',
    );
    const edit = fc.record({ at: fc.nat(valid.length), drop: fc.nat(20), put: pieces });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
        const source = edits.reduce(
          (text, { at, drop, put }) => text.slice(0, at) + put + text.slice(at + drop),
          valid,
        );
        const { flow, problems } = parse(source);
        expect(flow === undefined).toBe(problems.length > 0);
      }),
      { numRuns: 1500 },
    );
  });

  it('names of things that every object has are unknown properties and types like any other', () => {
    const found = messages(
      flowWith(
        'constructor: 1\ntriggers:\n  - {id: h, type: io.kestra.plugin.core.trigger.Webhook, key: k, toString: 1, conditions: [{type: io.kestra.plugin.core.condition.constructor}]}\n',
      ).replace('message: hi', 'message: hi\n    valueOf: 1'),
    );
    expect(found.map((text) => text.slice(0, 35))).toEqual(
      [
        'Unrecognized field "valueOf", not ma',
        'Unrecognized field "constructor", no',
        'Unrecognized field "toString", not m',
        'Invalid type: io.kestra.plugin.core.',
      ].map((text) => text.slice(0, 35)),
    );
  });
});

describe('flows of the reference', () => {
  const folder = new URL('../../../../shared/conformance/flows/flows/valids/', import.meta.url);
  it('never throw, whatever they use', () => {
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
      const result = parse(readFileSync(new URL(file, folder), 'utf8'));
      expect(result.flow !== undefined || result.problems.length > 0, file).toBe(true);
    }
  });
});
