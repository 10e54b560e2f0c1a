import { describe, expect, test } from 'vitest';
import { ExpressionError, LazyMap, renderText, renderTyped } from './index.ts';
import { testEnv } from './testing.ts';

/** Names by which a host object leads to its class, to the global object or to code. */
const NAMES = [
  'constructor',
  '__proto__',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'isPrototypeOf',
  'toLocaleString',
  'propertyIsEnumerable',
  '__defineGetter__',
  '__lookupGetter__',
  'class',
  'getClass',
  'wait',
  'notify',
  'call',
  'apply',
  'bind',
  'caller',
  'arguments',
  'then',
  'toJSON',
  'process',
  'globalThis',
  'require',
];

class Host {
  secret = 'inside';
  get computed(): string {
    return 'computed';
  }
  method(): string {
    return 'method';
  }
}

class Lazy extends LazyMap {
  get(key: string): unknown {
    return key === 'a' ? 1 : undefined;
  }
  has(key: string): boolean {
    return key === 'a';
  }
  keys(): Iterable<string> {
    return ['a'];
  }
}

const VALUES: Readonly<Record<string, unknown>> = {
  text: 'abc',
  whole: 1,
  decimal: 1.5,
  big: 2n ** 70n,
  yes: true,
  list: [1],
  set: new Set([1]),
  map: { a: 1 },
  hostMap: new Map([['a', 1]]),
  lazy: new Lazy(),
  date: new Date(0),
  bytes: new Uint8Array(2),
  regex: /x/,
  promise: Promise.resolve(1),
  code: () => 1,
  symbol: Symbol('s'),
  host: new Host(),
  error: new Error('e'),
};

/** What a template comes to: its value, or the kind of the error. Anything else that is thrown fails the test. */
function outcome(template: string): unknown {
  try {
    return renderTyped(template, { vars: VALUES }, testEnv());
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return error.kind;
  }
}

describe('nothing leads to the host', () => {
  // Texts have the host methods of the reference (expressions.md §6), of which this is one.
  const allowed = new Set(['text toString']);

  for (const [kind, names] of [
    ['property', NAMES.map((name) => [name, `.${name}`])],
    ['key', NAMES.map((name) => [name, `['${name}']`])],
    ['method', NAMES.map((name) => [name, `.${name}()`])],
  ] as const) {
    test.each(Object.keys(VALUES))(`by a ${kind} of: %s`, (value) => {
      for (const [name, access] of names) {
        if (allowed.has(`${value} ${name}`)) continue;
        expect(['undefined', 'evaluation']).toContain(outcome(`{{ vars.${value}${access} }}`));
      }
    });
  }

  test.each(NAMES)('by the name: %s', (name) => {
    expect(outcome(`{{ ${name} }}`)).toBe('undefined');
    expect(outcome(`{{ ${name}() }}`)).toBe('evaluation');
    expect(outcome(`{{ 1 | ${name} }}`)).toBe('evaluation');
    expect(outcome(`{{ 1 is ${name} }}`)).toBe('evaluation');
    expect(outcome(`{{ block('${name}') }}`)).toBe('');
    expect(outcome(`{{ 'x' | jq('${name}') }}`)).toBe('evaluation');
    expect(outcome(`{{ {'a': 1} | jq('.${name}') }}`)).toEqual([null]);
    expect(outcome(`{{ 'x' | escapeChar('${name}') }}`)).toBe('evaluation');
    expect(outcome(`{{ 0 | dateAdd(1, '${name}') }}`)).toBe('evaluation');
    expect(outcome(`{{ 0 | date('${name}') }}`)).not.toBe('inside');
  });

  test('by members of host objects, which are neither maps nor shown', () => {
    for (const member of ['secret', 'computed', 'method', 'method()']) {
      expect(outcome(`{{ vars.host.${member} }}`)).toBe('undefined');
    }
    expect(() => renderText('{{ vars.host }}', { vars: VALUES }, testEnv())).toThrow(ExpressionError);
    expect(() => renderText('{{ vars.code }}', { vars: VALUES }, testEnv())).toThrow(ExpressionError);
    expect(outcome('{{ vars.code() }}')).not.toBe(1);
  });
});

test.each(NAMES)('%s is a key like any other in maps that templates make, and changes nothing else', (name) => {
  const env = testEnv();
  expect(renderText(`{% set m = {'${name}': {'x': 1}} %}{{ m }}{{ m['${name}'].x }}`, {}, env)).toBe(
    `{"${name}":{"x":1}}1`,
  );
  expect(renderText(`{{ fromJson('{"${name}":{"polluted":1}}') }}`, {}, env)).toBe(`{"${name}":{"polluted":1}}`);
  expect(renderText(`{{ yaml('${name}: {polluted: 1}') }}`, {}, env)).toBe(`{"${name}":{"polluted":1}}`);
  expect(renderText(`{{ fromIon("{'${name}':{polluted:1}}") }}`, {}, env)).toBe(`{"${name}":{"polluted":1}}`);
  expect(renderText(`{{ {'a': 1} | merge({'${name}': 2}) }}`, {}, env)).toBe(`{"a":1,"${name}":2}`);
  expect(renderText(`{{ {} | jq('.["${name}"] = {polluted: 1}') | first }}`, {}, env)).toBe(
    `{"${name}":{"polluted":1}}`,
  );
  expect(renderText(`{% set ${name} = 1 %}{{ ${name} }}{{ other ?? 'free' }}`, {}, env)).toBe('1free');
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
});

test('functions that need the host do nothing without a port', () => {
  for (const call of [
    "read('a')",
    "secret('a')",
    "kv('a')",
    "http('http://localhost')",
    'errorLogs()',
    "fileSize('a')",
  ]) {
    expect(outcome(`{{ ${call} }}`)).toBe('evaluation');
  }
});
