import { describe, expect, test } from 'vitest';
import { toJsonText } from './rows.ts';

function nested(depth: number): unknown {
  let value: unknown = 0;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}
const cycle: Record<string, unknown> = {};
cycle['self'] = cycle;

describe('JSON for PostgreSQL', () => {
  test('has no NUL and no half of a surrogate pair', () => {
    expect(toJsonText({ 'a\u0000': ['\ud800', 'b'] })).toBe('{"a\uFFFD":["\uFFFD","b"]}');
  });

  test.each([
    ['nested too deeply', nested(100_000)],
    ['with a cycle', cycle],
    ['with a bigint', { n: 1n }],
  ])('data %s are bad data', (_, value) => {
    expect(() => toJsonText([value])).toThrow(
      expect.objectContaining({ code: 'bad-data', message: expect.stringContaining('cannot be written as JSON') }),
    );
  });
});
