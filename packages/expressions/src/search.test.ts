import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lastPlaceIn, placeIn, replaceLiteral, splitAt, TextSearch } from './search.ts';
import { unboundedWork, Work, DEFAULT_LIMITS } from './work.ts';

/** Texts that nearly repeat, so that parts of the searched text nearly fit everywhere. */
const pieces = fc.array(fc.constantFrom('a', 'ab', 'aab', 'aaaaaaaaab', 'é'), { minLength: 1, maxLength: 30 });

describe('a search that is done in linear time', () => {
  test('finds what the host finds, from the start and from the end', () => {
    fc.assert(
      fc.property(pieces, pieces, fc.nat(50), (around, sought, cut) => {
        const text = around.join('').repeat(600);
        const part = sought.join('').repeat(20).slice(cut);
        fc.pre(part.length > 4);
        const work = unboundedWork();
        expect(placeIn(text, part, work)).toBe(text.indexOf(part));
        expect(lastPlaceIn(text, part, work)).toBe(text.lastIndexOf(part));
        const from = Math.floor(text.length / 3);
        expect(new TextSearch(text, part, work).next(from)).toBe(text.indexOf(part, from));
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  test('splits and replaces as the host does', () => {
    fc.assert(
      fc.property(pieces, pieces, fc.constantFrom('', 'x', '$&'), (around, sought, to) => {
        const text = around.join('').repeat(50);
        const part = sought.join('').slice(0, 6);
        const work = unboundedWork();
        expect(splitAt(text, part, 0, work)).toEqual(text.split(part));
        expect(replaceLiteral(text, part, to, work)).toBe(text.split(part).join(to));
      }),
      { numRuns: 200, seed: 5 },
    );
  });

  test('takes steps by the length of both texts, whatever is in them', () => {
    const text = 'a'.repeat(1_000_000);
    for (const part of [
      `${'a'.repeat(100_000)}b`,
      `b${'a'.repeat(100_000)}`,
      `${'a'.repeat(50_000)}b${'a'.repeat(50_000)}`,
    ]) {
      const work = new Work({ ...DEFAULT_LIMITS, maxSteps: 20_000, maxMillis: Infinity }, () => 0);
      expect(placeIn(text, part, work)).toBe(-1);
      expect(lastPlaceIn(text, part, work)).toBe(-1);
    }
  });

  test('ends where the bounds on work are', () => {
    const work = new Work({ ...DEFAULT_LIMITS, maxSteps: 1000 }, () => 0);
    expect(() => placeIn('a'.repeat(1_000_000), `${'a'.repeat(100_000)}b`, work)).toThrow('more than 1000 steps');
  });
});
