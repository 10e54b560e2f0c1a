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
    ['9007199254740991', 'NUMBER', 9007199254740991],
    ['-1.5e20', 'NUMBER', -1.5e20],
    ['"9007199254740993"', 'STRING', '9007199254740993'],
    ['true', 'BOOLEAN', true],
    ['["\\"9007199254740993\\\\",-1]', 'JSON', ['"9007199254740993\\', -1]],
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

  it('refuses what is nested too deeply, and names the limit', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(() => parseKvValue(deep)).toThrow('Illegal argument: The JSON value is nested deeper than 200 levels');
  });

  it.each([
    ['1e400', 'The number 1e400 is too large; send it as a string'],
    ['{"a":["x",-1e400]}', 'The number -1e400 is too large'],
    ['9'.repeat(400), `The number ${'9'.repeat(50)}… is too large`],
    ['9007199254740993', 'The number 9007199254740993 would be rounded'],
    ['-9007199254740993', 'send it as a string'],
    ['{"a":"1","b":[{"c":12345678901234567890}]}', 'The number 12345678901234567890 would be rounded'],
  ])('refuses the number in %s: it could not be kept', (text, message) => {
    expect(() => parseKvValue(text)).toThrow(message);
  });
});
