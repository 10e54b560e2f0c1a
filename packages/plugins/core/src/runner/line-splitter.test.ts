import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from './line-splitter.ts';

const split = (chunks: readonly (Buffer | string)[], limit = 1000): string[] => {
  const splitter = new LineSplitter(limit);
  return [...chunks.flatMap((chunk) => [...splitter.push(Buffer.from(chunk))]), ...splitter.end()];
};

test('lines end with LF or CRLF; a last one without end counts; a lone CR stays', () => {
  expect(split(['a\nb\r\n\nc'])).toEqual(['a', 'b', '', 'c']);
  expect(split(['a\r', '\nb'])).toEqual(['a', 'b']);
  expect(split(['10%\r20%\n'])).toEqual(['10%\r20%']);
  expect(split([''])).toEqual([]);
});

test('characters that are cut by a chunk come out whole, invalid bytes as U+FFFD', () => {
  const bytes = Buffer.from('é🦅\n');
  expect(split([...bytes].map((byte) => Buffer.from([byte])))).toEqual(['é🦅']);
  expect(split([Buffer.from([0x61, 0xff, 0x62, 0x0a])])).toEqual(['a\uFFFDb']);
});

test('a long line comes in pieces, without an empty one at its end', () => {
  expect(split(['abcdefgh\n'], 4)).toEqual(['abcd', 'efgh']);
  expect(split(['abcd', 'e', 'fgh', '\n', 'x\n'], 4)).toEqual(['abcd', 'efgh', 'x']);
  expect(split(['abcdefghi\n\n'], 4)).toEqual(['abcd', 'efgh', 'i', '']);
  expect(split(['abc🦅d\n'], 4)).toEqual(['abc', '🦅d']);
});

test('pieces never depend on how the bytes came', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.array(fc.nat(20)),
      fc.integer({ min: 2, max: 9 }),
      (text, cuts, limit) => {
        const bytes = Buffer.from(text);
        const chunks: Buffer[] = [];
        let at = 0;
        for (const size of cuts) {
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        chunks.push(bytes.subarray(at));
        const whole = split([bytes], limit);
        expect(split(chunks, limit).join('')).toEqual(whole.join(''));
        expect(split(chunks, 1000)).toEqual(split([bytes], 1000));
        for (const piece of whole) expect(piece.length).toBeLessThanOrEqual(limit);
      },
    ),
  );
});
