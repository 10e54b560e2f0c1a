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
    ['^(?!.*--)[a-z]+\\-\\d+$', 'ab-1', true],
    ['^(?!.*--)[a-z]+\\-\\d+$', 'ab--1', false],
    ['(?i)^(?!admin)[a-z]+$', 'ROOT', true],
    ['(?i)^(?!admin)[a-z]+$', 'ADMIN', false],
    ['^(?!x)\\p{Alnum}+$', 'a1', true],
    ['^(?!x)\\p{Alnum}+$', 'a-', false],
    ['\\A(?!x)[\\p{Alpha}\\@\\_]+\\z', 'a@_', true],
    ['(?!x)\\Qa.b(\\E+', 'a.b((', true],
    ['(?!x)\\Qa.b(\\E+', 'axb(', false],
    ['[a-z[0-9]_-]+', 'a-0_', true],
    ['[!!a[b]]+', '!ab', true],
    ['(?!x)a\\/b\\:c', 'a/b:c', true],
    ['.{1,2000}', 'a'.repeat(1999), true],
    ['[a-z&&[^bc]]+', 'axz', true],
    ['[a-z&&[^bc]]+', 'abz', false],
    ['[^a-z&&[^bc]]+', 'b1', true],
    ['[^a-z&&[^bc]]+', 'd', false],
    ['[\\w&&[^\\d]&&[^x(|]]+', 'ab', true],
    ['[\\w&&[^\\d]&&[^x(|]]+', 'ax', false],
    ['[a-d[m-p]]+', 'am', true],
    ['[a-d[m-p]]+', 'ae', false],
    ['a\\hb\\R', 'a\u00A0b\r\n', true],
    ['\\p{IsAlphabetic}+', 'äb', true],
    ['\\p{IsAlphabetic}+', 'a1', false],
    ['\\\\h', '\\h', true],
    ['[[:alpha:]]+', 'ab', true],
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
