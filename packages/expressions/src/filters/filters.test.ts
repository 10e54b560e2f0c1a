import { describe, expect, test } from 'vitest';
import { render } from '../testing.ts';

describe('yaml()', () => {
  test.each(['', '~', 'null', 'Null', 'NULL'])('%j is null', (written) => {
    expect(render('{{ yaml(vars.y).a is null }}', { y: `a: ${written}\nb: 1` })).toBe('true');
    expect(render('{{ yaml(vars.y)[0] is null }}', { y: `- ${written}\n- 1` })).toBe('true');
  });

  test('quoted texts are none, however short; numbers with too many digits stay texts', () => {
    expect(render("{{ yaml(vars.y).a == '' }}", { y: `a: ""` })).toBe('true');
    expect(render('{{ yaml(vars.y).a | length }}', { y: `a: ${'1'.repeat(5000)}` })).toBe('5000');
  });
});

describe('numbers', () => {
  test.each([
    ['12345678.5', '1.23456785E7'],
    ['0.0001', '1.0E-4'],
    ['0.001', '0.001'],
    ['9999999.0', '9999999.0'],
    ['1.0 / 3', '0.3333333333333333'],
    ['0.0 / 0', 'NaN'],
    ['[0.0 / 0, 1.0 / 0]', '["NaN","Infinity"]'],
    ["'12.30' | number", '12.3'],
    ["'0x1F' | number", '31'],
    ["'1e3' | number | className", 'java.lang.Float'],
    ["'3.141592653589793238' | number", '3.141592653589793238'],
    ["'3.14159265358979' | number('FLOAT')", '3.1415927'],
    ["('1.5' | number('BIGDECIMAL')) + 1", '2.5'],
    ["'-7' | number | abs", '7'],
    ["'5' | number('NOPE') | className", 'java.lang.Integer'],
  ])('%s', (expression, expected) => {
    expect(render(`{{ ${expression} }}`)).toBe(expected);
  });

  test.each([
    ['0.5', '#.##', '0.5'],
    ['0.5', '#.00', '.50'],
    ['0.5', '.##', '.5'],
    ['1234567.891', '#,##0.00', '1,234,567.89'],
    ['0.256', '0.0%', '25.6%'],
    ['12345', '0.###E0', '1.234E4'],
    ['12345', '##0.##E0', '12.3E3'],
    ['-5', '#,##0;(#,##0)', '(5)'],
    ['-5', '0.0', '-5.0'],
    ['1234.5', '¤#,##0.00', '$1,234.50'],
    ['5', "'#'0", '#5'],
    ['0', '#', '0'],
    ['2.5', '0', '2'],
    ['0.125', '0.00', '0.12'],
    ['1.005', '0.00', '1.00'],
  ])('%s after %s', (number, pattern, expected) => {
    expect(render(`{{ ${number} | numberFormat(vars.p) }}`, { p: pattern })).toBe(expected);
  });

  test('symbols come from the locale of the server', () => {
    expect(render("{{ 1234.5 | numberFormat('#,##0.00') }}", {}, { locale: 'de_DE' })).toBe('1.234,50');
  });
});

describe('formats', () => {
  test('YAML indents lists by one and quotes what would read as something else', () => {
    const value = {
      a: [1, [2], { b: [] }],
      c: { d: 'x: y', e: "it's" },
      yes: 'no',
      f: '- x',
      g: ' lead',
      h: '@x',
      i: '2020-01-01',
      j: 'x\ny\n',
      k: 1.5,
      l: {},
    };
    expect(render('{{ vars.v | yaml }}', { v: value })).toBe(
      [
        'a:\n - 1\n -\n   - 2\n -\n  b: []',
        'c:\n  d: "x: y"\n  e: it\'s',
        '"yes": "no"',
        "f: '- x'",
        "g: ' lead'",
        "h: '@x'",
        'i: 2020-01-01',
        'j: |\n  x\n  y',
        'k: 1.5',
        'l: {}\n',
      ].join('\n'),
    );
  });

  test('what the filter writes the function reads', () => {
    const value = { a: ['true', '', 'x: y', 'a\nb\n', ' z'], b: { c: ['#', '~', "'"] } };
    expect(render('{{ yaml(vars.v | yaml) == vars.v }}', { v: value })).toBe('true');
    expect(render('{{ fromIon(vars.v | toIon) == vars.v }}', { v: value })).toBe('true');
    expect(render('{{ fromJson(vars.v | toJson) == vars.v }}', { v: value })).toBe('true');
  });

  test('YAML 1.1 scalars, texts that look like dates, and aliases that are not followed', () => {
    expect(render('{{ yaml(vars.y) }}', { y: 'a: yes\nb: 012\nc: 2020-01-01\nd: &x 1\ne: *x\nf: 1.0\ng: 12:30' })).toBe(
      '{"a":true,"b":10,"c":"2020-01-01","d":1,"e":"x","f":1.0,"g":"12:30"}',
    );
  });

  test('Ion', () => {
    expect(render("{{ {'a b': 1, 'c': [1.5, 2.0, null, true, 'q\"']} | toIon }}")).toBe(
      '{\'a b\':1,c:[1.5e0,2e0,null,true,"q\\""]}',
    );
    const ion =
      "{a:2024-04-21, b:1.5, c:1.5e0, d:sym, e:'q s', g:null.int, h:(a b), i:x::5, j:0xFF, k:1d2, l:'''a''' '''b'''} rest";
    expect(render('{{ fromIon(vars.i) }}', { i: ion })).toBe(
      '{"a":"2024-04-21","b":1.5,"c":1.5,"d":"sym","e":"q s","h":["a","b"],"i":5,"j":255,"k":100,"l":"ab"}',
    );
  });
});

describe('texts', () => {
  test.each([
    ["'a1b22' | replace({'(\\d+)': '<$1>'}, regexp=true)", 'a<1>b<22>'],
    ["'ab' | replace({'(?<x>a)': '${x}${x}'}, regexp=true)", 'aab'],
    ["'a.b.c' | split('\\.', 2)", '["a","b.c"]'],
    ["'a,b,,' | split(',', -1)", '["a","b","",""]'],
    ["'abc' | split('')", '["a","b","c"]'],
    ["'hello world' | title", 'Hello World'],
    ["'x' | base64encode | base64decode", 'x'],
    ["'abc' | substringAfter('')", 'abc'],
    ["'ab' | regexMatch('^a')", 'true'],
    ["'ab12' | regexExtract('([a-z]+)(\\d+)', 2)", '12'],
    ["[1, '1', 1, 'a', 'a', [2], [2]] | distinct", '[1,"1","a",[2]]'],
  ])('%s', (expression, expected) => {
    expect(render(`{{ ${expression} }}`)).toBe(expected);
  });

  test('a regular expression without a linear-time form fails with a reason', () => {
    expect(() => render("{{ 'aa' | replace({'(a)\\1': 'b'}, regexp=true) }}")).toThrow('can not be used');
  });
});
