import { describe, expect, test } from 'vitest';
import { analyse, errorText, ExpressionError, renderText } from './index.ts';
import { testEnv } from './testing.ts';

const vars = {
  flow: { id: 'f', namespace: 'company.team' },
  vars: { text: 'abc', list: [1, 2], map: { name: 1 } },
};

function errorOf(template: string): ExpressionError {
  try {
    renderText(template, vars, testEnv());
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
  throw new Error(`${template} renders`);
}

describe('an error names its place', () => {
  test('line, column and a caret below the source line, whatever stands around it', () => {
    const error = errorOf('first line\n  second {{ flow.namespac }} rest\nthird');
    expect(error).toMatchObject({ kind: 'undefined', line: 2, column: 18, suggestion: 'namespace' });
    expect(error.describe()).toBe(
      [
        'Unable to find `namespac` used in the expression `first line\n  second {{ flow.namespac }} rest\nthird` at line 2',
        'line 2, column 18:',
        '  second {{ flow.namespac }} rest',
        '                 ^',
        'Did you mean `namespace`?',
      ].join('\n'),
    );
    expect(errorText(error)).toBe(error.describe());
  });

  test('in a line of thousands of characters the part around it is shown', () => {
    const error = errorOf(`${'x'.repeat(5000)}{{ 1 / 0 }}${'y'.repeat(5000)}`);
    const [source, caret] = error.excerpt.split('\n');
    expect(source).toMatch(/^….{120}…$/);
    expect(source!.slice(caret!.indexOf('^'), caret!.indexOf('^') + 5)).toBe('/ 0 }');
    expect(error.column).toBe(5006);
  });

  test('other errors are told by their message', () => {
    expect(errorText(new Error('no'))).toBe('no');
    expect(errorText('text')).toBe('text');
  });
});

test.each([
  ['a variable', '{{ flwo.id }}', 'flow', 4],
  ['an entry of a map', '{{ vars.map.nmae }}', 'name', 13],
  ['a subscript', "{{ vars.map['nme'] }}", 'name', 12],
  ['a filter', '{{ vars.text | uper }}', 'upper', 16],
  ['the filter that the evaluator knows by itself', "{{ vars.text | defualt('x') }}", 'default', 16],
  ['a filter of a tag', '{% filter uper %}x{% endfilter %}', 'upper', 11],
  ['a function', "{{ fromJsn('1') }}", 'fromJson', 4],
  ['a macro', '{% macro greeting() %}x{% endmacro %}{{ greting() }}', 'greeting', 41],
  ['a test', '{{ vars.text is emty }}', 'empty', 17],
  ['the test that the evaluator knows by itself', '{{ vars.text is definde }}', 'defined', 17],
  ['a tag', '{% esle %}', 'else', 4],
  ['a method', '{{ vars.text.toUperCase() }}', 'toUpperCase', 14],
  ['a property of a text', '{{ vars.text.lenght }}', 'length', 14],
  ['a method of a list', '{{ vars.list.isEmtpy() }}', 'isEmpty', 14],
  ['a named argument', "{{ 1 | numberFormat(fromat='0') }}", 'format', 28],
])('the nearest name is found for %s', (_, template, suggestion, column) => {
  expect(errorOf(template)).toMatchObject({ suggestion, column, line: 1 });
});

test.each([
  ['an expression that is not closed', '{{ flow.id', 1],
  ['a missing operand', '{{ 1 + }}', 8],
  ['a missing end tag', '{% if true %}x', 15],
  ['a character that is none of the language', '{{ a & b }}', 6],
  ['a name where an operator belongs', '{{ flow id }}', 9],
])('the place of a syntax error: %s', (_, template, column) => {
  const error = errorOf(template);
  expect(error).toMatchObject({ kind: 'syntax', line: 1, column });
  expect(error.excerpt).toBe(`${template}\n${' '.repeat(column - 1)}^`);
});

test('nothing is suggested that is far from what was written', () => {
  expect(errorOf('{{ completelyDifferent }}').suggestion).toBeUndefined();
  expect(errorOf('{{ x }}').suggestion).toBeUndefined();
});

test('analysis finds filters, functions and tests that do not exist, wherever they stand', () => {
  const { unknown } = analyse(
    '{% if false %}{{ a | uper }}{% endif %}{{ b ?? qqqqqq(1) is emty }}{% macro m() %}{% endmacro %}{{ m() | upper is empty }}',
  );
  expect(unknown.map(({ message, suggestion }) => [message.split(' (')[0], suggestion])).toEqual([
    ['Filter [uper] does not exist.', 'upper'],
    ['Test [emty] does not exist.', 'empty'],
    ['Function or Macro [qqqqqq] does not exist', undefined],
  ]);
});
