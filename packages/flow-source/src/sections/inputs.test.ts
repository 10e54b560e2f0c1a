import { describe, expect, it } from 'vitest';
import { parseFlow } from '../parse-flow.ts';
import { flowWith, messages, parse } from '../testing/parse.ts';
import { testRegistry } from '../testing/registry.ts';

const inputs = (lines: string): readonly string[] => messages(flowWith(`inputs:\n${lines}`));

describe('inputs of every type', () => {
  it('are read with their properties; bounds come in the form in which they are compared', () => {
    const { flow, problems } = parse(
      flowWith(`inputs:
  - {id: e, type: ENUM, values: [1.10, yes]}
  - {id: s, type: SELECT, values: [A, B], isRadio: true, allowCustomValue: true, defaults: C}
  - {id: m, type: MULTISELECT, values: [A, B], itemType: STRING, defaults: [A]}
  - {id: x, type: SELECT, expression: "{{ kv('list') }}", autoSelectFirst: true}
  - {id: dt, type: DATETIME, after: "2023-01-01T00:00:00+01:00"}
  - {id: d, type: DATE, after: 2023-01-01, before: 2023-12-31, defaults: 2023-05-05}
  - {id: t, type: TIME, after: 01:00, before: "11:59:59"}
  - {id: du, type: DURATION, min: 10, max: PT1H, defaults: PT5M}
  - {id: f, type: FILE, extension: .csv, accept: ".CSV, .txt"}
  - {id: a, type: ARRAY, itemType: INT, defaults: [1, 2]}
  - {id: p, type: STRING, prefill: hello}
  - {id: sec, type: SECRET, validator: "[a-z]+", defaults: abc}
  - {id: j, type: JSON, defaults: '{"k": 1}'}
  - {id: y, type: YAML, defaults: {k: [1]}}
  - {id: dep, type: EMAIL, dependsOn: {inputs: [p], condition: "{{ inputs.p == 'x' }}"}}`),
    );
    expect(problems).toEqual([]);
    const byId = Object.fromEntries(flow!.inputs.map((input) => [input.id, input]));
    expect(byId).toMatchObject({
      e: { values: ['1.10', 'yes'], required: true },
      s: { isRadio: true, allowCustomValue: true },
      dt: { after: '2022-12-31T23:00:00Z' },
      d: { after: '2023-01-01', before: '2023-12-31', defaults: '2023-05-05' },
      t: { after: '01:00:00', before: '11:59:59' },
      du: { min: 'PT10S', max: 'PT1H' },
      f: { allowedFileExtensions: ['.csv', '.txt'] },
      dep: { dependsOn: { inputs: ['p'] } },
    });
  });

  it('older names are accepted and told', () => {
    const { flow, deprecations, warnings } = parse(
      flowWith(
        `inputs:\n  - {name: a, type: MULTISELECT, options: [X]}\n  - {id: f, type: FILE, accept: [.csv]}\n  - {id: b, type: MULTISELECT, values: [A], options: [B]}`,
      ),
    );
    expect(flow?.inputs[0]).toMatchObject({ id: 'a', options: ['X'] });
    expect(deprecations).toEqual(['inputs[0].name', 'inputs[0].options', 'inputs[1].accept', 'inputs[2].options']);
    expect(warnings).toEqual([expect.stringContaining("you can't define both `values` and `options`")]);
  });

  it.each([
    ['{id: a, type: DATE, after: soon}', 'a.after: Expected `DATE` but received `soon` with errors'],
    ['{id: a, type: TIME, before: "25:00"}', 'a.before: Expected `TIME`'],
    ['{id: a, type: DATETIME, after: 2023-01-01}', 'a.after: Expected `DATETIME`'],
    ['{id: a, type: DURATION, min: P1Y}', 'a.min: Expected `DURATION`'],
    ['{id: a, type: DURATION, min: PT2H, max: PT1H}', 'a.min: must not be more than max (PT1H)'],
    ['{id: a, type: DATE, after: 2024-01-01, before: 2023-01-01}', 'a.after: must not be more than before'],
    ['{id: a, type: DATE, defaults: 2023-02-30}', 'a.defaults: Expected `DATE` but received `2023-02-30`'],
    ['{id: a, type: INT, defaults: abc}', 'a.defaults: For input string: "abc"'],
    ['{id: a, type: INT, max: 5, defaults: 6}', 'a.defaults: it must be less than `5`'],
    ['{id: a, type: EMAIL, prefill: nobody}', 'a.prefill: The input must be a valid email'],
    ['{id: a, type: SELECT, values: [A], defaults: B}', 'a.defaults: it must match the values `[A]`'],
    ['{id: a, type: STRING, validator: "[A-Z]+", defaults: b}', 'a.defaults: it must match the pattern `[A-Z]+`'],
    ['{id: a, type: STRING, defaults: b, prefill: c}', 'a: cannot have both `defaults` and `prefill`'],
    ['{id: a, type: SELECT}', 'a: needs `values` or an `expression` that gives them'],
    ['{id: a, type: ENUM}', 'a.values: must not be null'],
    ['{id: a, type: ENUM, values: []}', 'a.values: must not be empty'],
    ['{id: a, type: ARRAY}', 'a.itemType: must not be null'],
    ['{id: a, type: ARRAY, itemType: ARRAY}', 'a: `itemType` cannot be `ARRAY`'],
    ['{id: a, type: ARRAY, itemType: FOO}', 'a.itemType: must be one of [STRING, '],
    ['{id: a, type: FILE, allowedFileExtensions: [csv]}', 'a.allowedFileExtensions: must be a list of extensions'],
    ['{id: a, type: FILE, accept: 5}', 'a.accept: must be a list of extensions'],
    ['{id: a, type: SECRET, validator: "["}', 'a.validator: invalid pattern [[]'],
    ['{id: a, type: STRING, dependsOn: {input: [b]}}', 'Unrecognized field "input"'],
    ['{id: a, type: STRING, dependsOn: {inputs: [b]}}', "Input with id 'a' depends on a non-existent input 'b'."],
    ['{id: a, type: STRING, dependsOn: {condition: "{{ a b }}"}}', 'a.dependsOn.condition: invalid expression'],
    ['{id: a, type: SELECT, expression: "{{ a b }}"}', 'a.expression: invalid expression'],
    ['{id: a, type: STRING, defaults: "{{ a b }}"}', 'a.defaults: invalid expression'],
    ['{id: a, type: STRING, isRadio: true}', 'Unrecognized field "isRadio"'],
  ])('%s is refused', (input, message) => {
    const found = inputs(`  - ${input}`);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
    expect(found[0]).toMatch(/\(line \d+, column \d+\)(?:\n.*\n *\^)?$|must not be null$/);
  });

  it('all that is wrong is told at once', () => {
    expect(
      inputs(
        '  - {id: file, type: FILE, defaults: x}\n  - {id: array, type: ARRAY, itemType: ARRAY}\n  - {id: d, type: DATE, after: a, before: b}',
      ),
    ).toEqual([
      expect.stringContaining("file: no `defaults` can be set for inputs of type 'FILE'"),
      expect.stringContaining('array: `itemType` cannot be `ARRAY`'),
      expect.stringContaining('d.after: '),
      expect.stringContaining('d.before: '),
    ]);
  });

  it('a default that an older version accepted does not stop a stored flow', () => {
    const source = flowWith('inputs:\n  - {id: a, type: INT, defaults: abc}');
    const { flow, warnings } = parseFlow(source, {
      registry: testRegistry,
      tenant: 'main',
      stored: true,
    });
    expect(flow?.inputs).toHaveLength(1);
    expect(warnings).toEqual(['input `a`: defaults: For input string: "abc"']);
  });

  it('a default with an expression is judged when it is rendered', () => {
    expect(inputs('  - {id: a, type: INT, defaults: "{{ 1 + 1 }}"}')).toEqual([]);
    expect(inputs('  - {id: a, type: STRING, defaults: "{% raw %}{{ a b }}{% endraw %}"}')).toEqual([]);
  });
});

describe('inputs that depend on others', () => {
  it('a cycle is refused, with each input on it', () => {
    expect(
      inputs(
        '  - {id: a, type: INT, dependsOn: {inputs: [b]}}\n  - {id: b, type: INT, dependsOn: {inputs: [a]}}\n  - {id: c, type: INT, dependsOn: {inputs: [a]}}\n  - {id: d, type: INT, dependsOn: {inputs: [d]}}',
      ),
    ).toEqual([
      expect.stringContaining("Invalid Flow: Cycle dependency detected for input with id 'a': [a, b]"),
      expect.stringContaining("Invalid Flow: Cycle dependency detected for input with id 'b': [b, a]"),
      expect.stringContaining("Invalid Flow: Cycle dependency detected for input with id 'd': [d]"),
    ]);
  });

  it('a condition that reads what is not listed is warned of', () => {
    const { warnings, problems } = parse(
      flowWith(
        `inputs:\n  - {id: a.b, type: INT}\n  - {id: c, type: INT}\n  - {id: d, type: INT, dependsOn: {inputs: [c], condition: "{{ inputs.a.b == inputs.c }}"}}`,
      ),
    );
    expect(problems).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('input `d`: its condition reads `inputs.a.b`')]);
  });

  it('a long chain and a long ring take no time', () => {
    const chain = (count: number, ring: boolean): string =>
      Array.from({ length: count }, (_, i) => {
        const on = i > 0 ? `i${i - 1}` : ring ? `i${count - 1}` : undefined;
        return `  - {id: i${i}, type: INT, ${on === undefined ? '' : `dependsOn: {inputs: [${on}]}`}}`;
      }).join('\n');
    const began = performance.now();
    expect(inputs(chain(1500, false))).toEqual([]);
    expect(inputs(chain(1500, true)).length).toBeGreaterThan(10);
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

describe('outputs of every type', () => {
  it('are accepted, and nothing else', () => {
    expect(
      messages(flowWith('outputs:\n  - {id: a, type: SECRET, value: x}\n  - {id: b, type: DURATION, value: PT1S}')),
    ).toEqual([]);
    expect(messages(flowWith('outputs:\n  - {id: a, type: FOO, value: x}'))[0]).toContain('Invalid type: FOO');
  });
});
