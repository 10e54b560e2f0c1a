import { describe, expect, it } from 'vitest';
import { JsonDepthError, MAX_JSON_DEPTH, parseJson } from './json-text.ts';

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('JSON from outside', () => {
  it('is parsed up to the depth limit, and not beyond', () => {
    expect(JSON.stringify(parseJson(nested(MAX_JSON_DEPTH)))).toBe(nested(MAX_JSON_DEPTH));
    expect(() => parseJson(nested(MAX_JSON_DEPTH + 1))).toThrow(JsonDepthError);
    expect(() => parseJson('{"a":'.repeat(100_000))).toThrow('nested deeper than 200 levels');
  });

  it('may have many brackets side by side, and in texts', () => {
    const flat = JSON.stringify(Array.from({ length: 500 }, () => ({ a: '\\"[[[{{{' })));
    expect(JSON.stringify(parseJson(flat))).toBe(flat);
  });

  it.each(['1e400', '[{"a":-1E+999}]', '1'.padEnd(400, '0')])('does not lose the number of %s', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  it('may have texts that look like such numbers, and numbers that are nearly as large', () => {
    const text = JSON.stringify(['1e400', '1'.repeat(400), 1e300, 1e-300]);
    expect(JSON.stringify(parseJson(text))).toBe(text);
  });

  it('that is bad is a SyntaxError', () => {
    expect(() => parseJson(']'.repeat(500))).toThrow(SyntaxError);
  });
});
