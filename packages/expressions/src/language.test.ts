import { describe, expect, test } from 'vitest';
import { checkSyntax, ExpressionError, LazyMap, renderStructure, renderText, renderTyped } from './index.ts';
import { render, testEnv } from './testing.ts';

function errorOf(run: () => unknown): ExpressionError {
  try {
    run();
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
  throw new Error('nothing was raised');
}

describe('errors', () => {
  test('an undefined name has the message of the reference, its place and the nearest name', () => {
    const error = errorOf(() => render('line one\n  {{ vars.nmae }}', { name: 'x', other: 'y' }));
    expect(error.message).toBe('Unable to find `nmae` used in the expression `line one\n  {{ vars.nmae }}` at line 2');
    expect(error.kind).toBe('undefined');
    expect([error.line, error.column]).toEqual([2, 11]);
    expect(error.excerpt).toBe('  {{ vars.nmae }}\n          ^');
    expect(error.suggestion).toBe('name');
    expect(error.describe()).toContain('Did you mean `name`?');
  });

  test('an undefined root name suggests a variable', () => {
    expect(errorOf(() => renderText('{{ outptus.x }}', { outputs: {} }, testEnv())).suggestion).toBe('outputs');
  });

  test('a syntax error says what was expected and where', () => {
    const error = checkSyntax('a {{ 1 + }} b');
    expect(error?.kind).toBe('syntax');
    expect(error?.column).toBe(10);
    expect(error?.message).toContain('a value');
    expect(checkSyntax('{{ 1 + 1 }}')).toBeUndefined();
  });

  test('other errors end with the template and its line', () => {
    expect(errorOf(() => render("{{ '3' * 2 }}")).message).toBe(
      "`*` needs numbers, not text and number ({{ '3' * 2 }}:1)",
    );
  });

  test('an error inside of a rendered variable names that text', () => {
    const error = errorOf(() => render('{{ render(vars.a) }}', { a: '{{ nope }}' }));
    expect(error.template).toBe('{{ nope }}');
  });
});

describe('typed rendering', () => {
  const vars = { vars: { n: 5, l: [1, 2], s: 'x', b: true, z: null } };
  const typed = (template: string): unknown => renderTyped(template, vars, testEnv());

  test('one expression gives its value', () => {
    expect(typed('{{ vars.n }}')).toBe(5);
    expect(typed('{{ vars.n + 1 }}')).toBe(6);
    expect(typed('{{ vars.l }}')).toEqual([1, 2]);
    expect(typed('{{ [1, {"a": 2}] }}')).toEqual([1, { a: 2 }]);
    expect(typed('{{ vars.b }}')).toBe(true);
    expect(typed('{{ vars.z }}')).toBeNull();
    expect(typed('{% if true %}{{ vars.n }}{% endif %}')).toBe(5);
  });

  test('literal text gives text, and may follow a text', () => {
    expect(typed('plain')).toBe('plain');
    expect(typed('{% if true %}a{% endif %}b')).toBe('ab');
    expect(typed('{{ vars.s }} y')).toBe('x y');
  });

  test.each(['a {{ vars.s }}', '{{ vars.n }} a', '{{ vars.s }}{{ vars.s }}', ' {{ vars.n }}'])(
    '%s fails',
    (template) => {
      expect(() => typed(template)).toThrow(ExpressionError);
    },
  );
});

describe('structures', () => {
  test('texts and keys are rendered, the rest stays', () => {
    const value = { 'k{{ vars.n }}': ['{{ vars.n }}', 1, null, true], k5: 'skipped', nested: { a: '{{ vars.l }}' } };
    expect(renderStructure(value, { vars: { n: 5, l: [1] } }, testEnv())).toEqual({
      k5: ['5', 1, null, true],
      nested: { a: '[1]' },
    });
  });

  test('a key `__proto__` is an ordinary key', () => {
    const value = JSON.parse('{"__proto__": {"x": "{{ 1 }}"}}') as unknown;
    const rendered = renderStructure(value, {}, testEnv()) as object;
    expect(Object.keys(rendered)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(rendered)).toBe(Object.prototype);
  });
});

describe('variables', () => {
  test('nothing inherited is visible', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      expect(render(`{{ vars.${name} ?? 'none' }}`, {})).toBe('none');
      expect(render(`{{ vars['${name}'] ?? 'none' }}`, {})).toBe('none');
      expect(render(`{{ ${name} ?? 'none' }}`, {})).toBe('none');
      expect(render(`{{ vars.l.${name} ?? 'none' }}`, { l: [] })).toBe('none');
    }
    expect(() => render('{{ vars.s.constructor() }}', { s: 'a' })).toThrow(ExpressionError);
  });

  test('a lazy map is asked only for what is touched', () => {
    const asked: string[] = [];
    class Outputs extends LazyMap {
      get(key: string): unknown {
        asked.push(key);
        return key === 'a' ? { x: 1 } : undefined;
      }
      has(key: string): boolean {
        return key === 'a';
      }
      keys(): string[] {
        return ['a'];
      }
    }
    const variables = { outputs: new Outputs() };
    expect(renderText('{{ outputs.a.x }}{{ outputs.b ?? "-" }}', variables, testEnv())).toBe('1-');
    expect(asked).toEqual(['a', 'b']);
    expect(renderText('{{ outputs }}', variables, testEnv())).toBe('{"a":{"x":1}}');
  });

  test('null entries exist, and are left out of JSON only', () => {
    expect(render("{{ vars.m.a is null }} {{ vars.m }} {{ vars.m ~ '' }}", { m: { a: null, b: 1 } })).toBe(
      'true {"b":1} {a=null, b=1}',
    );
  });

  test('lists of a variable are not changed by filters and operators', () => {
    const list = [3, 1, 2];
    expect(
      render('{{ vars.l | sort }}{{ vars.l | reverse }}{{ vars.l + 4 }}{{ vars.l - 1 }}{{ vars.l }}', { l: list }),
    ).toBe('[1,2,3][2,1,3][3,1,2,4][3,2][3,1,2]');
    expect(list).toEqual([3, 1, 2]);
  });
});

describe('rendering', () => {
  test('recursive rendering goes on until nothing changes, and render() is not there', () => {
    const vars = { a: '{{ vars.b }}', b: '{{ vars.c }}', c: 'x' };
    expect(render('{{ vars.a }}', vars)).toBe('{{ vars.b }}');
    expect(render('{{ vars.a }}', vars, { recursive: true })).toBe('x');
    expect(() => render('{{ render(vars.a) }}', vars, { recursive: true })).toThrow('does not exist');
    const grows = { a: '{{ vars.a }}x{{ vars.a }}' };
    expect(() => render('{{ vars.a }}', grows, { recursive: true, limits: { maxSteps: 100_000 } })).toThrow(
      ExpressionError,
    );
  });

  test('raw blocks survive recursive rendering and lose their tags at the end', () => {
    expect(render('{% raw %}{{ x }}{% endraw %}{{ vars.a }}', { a: '{{ 1 }}' }, { recursive: true })).toBe('{{ x }}1');
  });

  test('a raw block over several lines is none', () => {
    expect(() => render('{% raw %}a\nb{% endraw %}')).toThrow('raw');
  });

  test('text without an opening is returned as it is', () => {
    expect(render('a { b } {x} }}')).toBe('a { b } {x} }}');
  });

  test('set hides an engine variable until the end of the template', () => {
    expect(render('{% for i in 1..2 %}{% set vars = i %}{% endfor %}{{ vars }}', { a: 1 })).toBe('2');
  });

  test('set inside of a loop changes an outer variable, and makes none outside', () => {
    expect(render('{% set t = 0 %}{% for i in 1..3 %}{% set t = t + i %}{% endfor %}{{ t }}')).toBe('6');
    expect(render('{% for i in 1..3 %}{% set t = i %}{% endfor %}{{ t ?? "none" }}{{ i ?? "none" }}')).toBe('nonenone');
  });

  test('a macro sees its arguments only', () => {
    expect(() => render('{% macro m() %}{{ vars }}{% endmacro %}{{ m() }}')).toThrow('`vars`');
    expect(render("{% macro m(a, b='d') %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(b=2, a=1) }}")).toBe('1d12');
  });

  test('block() prints a block again, structures in their plain form', () => {
    expect(render("{% block a %}{{ [1, null] }}{% endblock a %}{{ block('a') }}")).toBe('[1,null][1, null]');
  });
});

describe('operators', () => {
  test.each([
    ["{{ (vars.x + 1) ?? 'd' }}"],
    ["{{ (vars.x == 1) ?? 'd' }}"],
    ["{{ (vars.x + 1) | default('d') }}"],
    ["{{ fromJson('{') ?? 'd' }}"],
  ])('%s is not caught', (template) => {
    expect(() => render(template)).toThrow(ExpressionError);
  });

  test.each([
    ["{{ vars.x[missing].y ?? 'd' }}", 'd'],
    ["{{ (vars.x | upper) ?? 'd' }}", 'd'],
    ["{{ vars.x ~ 'a' ?? 'd' }}", undefined],
    ["{{ (vars.x ~ 'a') ?? 'd' }}", 'd'],
    ["{{ max(vars.x, 1) ?? 'd' }}", 'd'],
    ["{{ [vars.x] ?? 'd' }}", 'd'],
    ['{{ vars.x.y is defined }}', 'false'],
  ])('%s', (template, expected) => {
    if (expected === undefined) expect(() => render(template)).toThrow(ExpressionError);
    else expect(render(template)).toBe(expected);
  });

  test('whole numbers from variables and literals are one type', () => {
    const vars = { l: [1, 2, 3], n: 2147483647, one: 1 };
    expect(
      render('{{ vars.l contains 1 }} {{ vars.l == [1,2,3] }} {{ vars.n + vars.one }} {{ vars.l - 2 }}', vars),
    ).toBe('true true 2147483648 [1,3]');
    expect(render('{{ [1] == [1.0] }} {{ 1 == 1.0 }} {{ {"a": 1}["a"] ?? 0 }}'.replace('{"a": 1}', '({"a": 1})'))).toBe(
      'false true 1',
    );
    expect(render('{{ vars.m[1] }}', { m: { 1: 'a' } })).toBe('a');
  });

  test('maps made by a template keep the order of their entries', () => {
    expect(render("{{ {'b': 1, 'a': 2, '1': 3} }}")).toBe('{"b":1,"a":2,"1":3}');
    expect(render('{{ fromJson(vars.j) }}', { j: '{"z":1,"10":2,"2":3}' })).toBe('{"z":1,"10":2,"2":3}');
  });
});
