import { describe, expect, test } from 'vitest';
import {
  convertTyped,
  Duration,
  isTruthyText,
  parseDuration,
  readDuration,
  slugify,
  toJson,
  toPlainText,
  toPlainValue,
  type TypedKind,
} from './index.ts';

test('truth of a rendered text', () => {
  for (const text of ['', 'false', '0', '-0', null]) expect(isTruthyText(text)).toBe(false);
  for (const text of [' ', 'null', 'no', 'False', '00', '0.0']) expect(isTruthyText(text)).toBe(true);
});

describe('typed properties', () => {
  test.each<[TypedKind, unknown, unknown]>([
    ['integer', ' 12 ', 12],
    ['integer', '+5', 5],
    ['integer', 7, 7],
    ['integer', '', null],
    ['long', '9007199254740993', 9007199254740993n],
    ['decimal', '1e2', 100],
    ['decimal', 'NaN', Number.NaN],
    ['boolean', ' True ', true],
    ['boolean', 'FALSE', false],
    ['boolean', true, true],
    ['duration', 'PT1M', 60_000],
    ['duration', 'P1DT2H', 93_600_000],
    ['duration', '60.5', 60_500],
    ['duration', 60, 60_000],
    ['duration', '', null],
    ['instant', '2024-01-02T03:04:05+02:00', '2024-01-02T01:04:05Z'],
    ['instant', '1700000000', '2023-11-14T22:13:20Z'],
    ['date', '2024-02-29', '2024-02-29'],
    ['uri', 'kestra:///a/b?c=d', 'kestra:///a/b?c=d'],
    ['list', '["a", 1]', ['a', 1]],
    ['list', ['a'], ['a']],
    ['list', 'null', null],
    ['string', 'x', 'x'],
    ['string', null, null],
  ])('%s of %j', (kind, given, expected) => {
    expect(convertTyped(kind, given)).toEqual(expected);
  });

  test('elements are converted too', () => {
    expect(convertTyped('list', '[1, true, "x"]', 'string')).toEqual(['1', 'true', 'x']);
    expect({ ...(convertTyped('map', '{"a": "1"}', 'integer') as object) }).toEqual({ a: 1 });
  });

  test.each<[TypedKind, unknown]>([
    ['integer', '9.0'],
    ['integer', '1e2'],
    ['integer', '2147483648'],
    ['integer', 'x'],
    ['boolean', '1'],
    ['boolean', 'yes'],
    ['duration', 'P1M'],
    ['duration', 'P'],
    ['duration', 'PT'],
    ['duration', '1 minute'],
    ['instant', '2024-01-02'],
    ['date', '2024-02-30'],
    ['date', '2024-01-02T00:00:00Z'],
    ['uri', 'a b'],
    ['list', 'a'],
    ['list', '{}'],
    ['list', ''],
    ['map', '[]'],
  ])('%s of %j fails and names the type', (kind, given) => {
    expect(() => convertTyped(kind, given)).toThrow(/is no (integer|boolean|duration|date-time|date|address|list|map)/);
  });

  test('durations', () => {
    expect(parseDuration('PT0.5S')).toBe(500);
    expect(parseDuration('-PT1S')).toBe(-1000);
    expect(parseDuration(2)).toBe(2000);
    expect(() => parseDuration('soon')).toThrow('duration');
    expect(readDuration('PT5M6S')?.iso()).toBe('PT5M6S');
    expect(readDuration('x')).toBeUndefined();
    expect(toJson({ d: new Duration(306, 0) })).toBe('{"d":306.0}');
    expect(new Duration(-1, 500_000_000).iso()).toBe('PT-0.5S');
    expect(new Duration(-90, 0).iso()).toBe('PT-1M-30S');
    expect(new Duration(3661, 120_000_000).iso()).toBe('PT1H1M1.12S');
  });
});

test('conversions of values', () => {
  const value = new Map<string, unknown>([
    ['a', new Set([1n, 2])],
    ['b', null],
    ['c', new Date(0)],
  ]);
  expect(toPlainValue(value)).toEqual({ a: [1, 2], b: null, c: '1970-01-01T00:00:00Z' });
  expect(toJson(value)).toBe('{"a":[1,2],"c":"1970-01-01T00:00:00Z"}');
  expect(toPlainText(value)).toBe('{a=[1, 2], b=null, c=1970-01-01T00:00:00Z}');
  expect(toJson('a"\\\u0001é/<')).toBe('"a\\"\\\\\\u0001é/<"');
  expect(slugify('  Élan Vital_now! ')).toBe('elan-vital-now');
});
