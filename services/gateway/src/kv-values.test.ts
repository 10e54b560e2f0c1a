import { describe, expect, it } from 'vitest';
import { parseKvValue } from './kv-values.ts';

describe('values of the key-value store', () => {
  it.each([
    ['"hello"', 'STRING', 'hello'],
    ['"2021-09-01"', 'STRING', '2021-09-01'],
    ['"PT5S"', 'DURATION', 'PT5S'],
    ['"P1Y"', 'STRING', 'P1Y'],
    ['"Pause"', 'STRING', 'Pause'],
    ['1', 'NUMBER', 1],
    ['1.0', 'NUMBER', 1],
    ['true', 'BOOLEAN', true],
    ['{"hello":"world"}', 'JSON', { hello: 'world' }],
    ['["a"]', 'JSON', ['a']],
    ['2021-09-01', 'DATE', '2021-09-01'],
    ['2021-09-01T00:00:00Z', 'DATE', '2021-09-01'],
    ['2021-09-01T01:02:03Z', 'DATETIME', '2021-09-01T01:02:03Z'],
    ['2021-09-01T01:02:03+02:00', 'DATETIME', '2021-09-01T01:02:03+02:00'],
  ])('reads %s as %s', (text, type, value) => {
    expect(parseKvValue(text)).toEqual({ type, value });
  });

  it.each(['hello', '', '2021-13-01', '2021-02-30', '{', 'null'])('refuses %j', (text) => {
    expect(() => parseKvValue(text)).toThrow(`Illegal argument: Invalid JSON value for: ${text}`);
  });
});
