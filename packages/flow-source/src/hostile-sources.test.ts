import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flowWith, messages, parse } from './testing/parse.ts';

const lines = (line: (i: number) => string): string => Array.from({ length: 3000 }, (_, i) => line(i)).join('\n');
const log = (i: number, message: string): string =>
  `  - {id: l${i}, type: io.kestra.plugin.core.log.Log, message: "${message}"}`;

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
    expect(messages(source)).toEqual(['Illegal flow yaml: the source has more than 4194304 bytes']);
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
    expect(messages(source)).toEqual([expect.stringContaining('nested deeper than 100 levels')]);
  });

  it('text with many brackets inside a block is no nesting', () => {
    expect(messages(flowWith(`description: |\n  ${'['.repeat(500)}\n  ${'- '.repeat(500)}`))).toEqual([]);
  });

  it('aliases that multiply are refused', () => {
    const levels = Array.from(
      { length: 20 },
      (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]`,
    );
    expect(messages(`a0: &a0 x\n${levels.join('\n')}`)).toEqual([expect.stringContaining('aliases make more than')]);
  });

  it.each([
    ['labels', `labels:\n${lines((i) => `  k${i}: ${i}`)}`, 0, 0],
    ['properties that nobody knows', lines((i) => `zz${i}: 1`), 100, 0],
    [
      'texts that are no expressions',
      `outputs:\n${lines((i) => `  - {id: o${i}, type: STRING, value: "{{ ( "}`)}`,
      100,
      0,
    ],
    ['types that nobody knows', `triggers:\n${lines((i) => `  - {id: t${i}, type: io.kestra.Log${i}}`)}`, 100, 0],
    ['names that do not exist', `errors:\n${lines((i) => log(i, `{{ outputs.zz${i} }}`))}`, 0, 100],
  ])('with thousands of %s is told at most a hundred times', (_, text, problems, warnings) => {
    const found = parse(flowWith(text));
    expect([found.problems.length, found.warnings.length]).toEqual([problems, warnings]);
  });

  it('an alias to what contains it is refused', () => {
    expect(messages('a: &a [*a]')[0]).toContain('Illegal flow yaml');
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
