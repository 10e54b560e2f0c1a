import { describe, expect, it } from 'vitest';
import { compilePattern } from './pattern.ts';

describe('a pattern', () => {
  it.each([
    ['[a-z]+', 'abc', true],
    ['[a-z]+', 'abc1', false],
    ['(?=.*[A-Z])(?=.*\\d).{8,}', 'Passw0rd', true],
    ['(?=.*[A-Z])(?=.*\\d).{8,}', 'password', false],
    ['(a)\\1', 'aa', true],
    ['a|b', 'ab', false],
  ])('%s and %s: %s', (pattern, text, expected) => {
    expect(compilePattern(pattern)?.matches(text)).toBe(expected);
  });

  it('that is none is not compiled', () => {
    expect([compilePattern('('), compilePattern('(?=a'), compilePattern('a'.repeat(2001))]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('that would match for years is stopped, with look-around or without', () => {
    expect(compilePattern('(?=a)(a|a)*b')?.matches('a'.repeat(60))).toBe('undecided');
    expect(compilePattern('(a|a)*b')?.matches('a'.repeat(60))).toBe(false);
  });
});
