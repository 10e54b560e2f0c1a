import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeId,
  encodeId,
  idFrom,
  idTime,
  idToUuid,
  newId,
  partitionOf,
  taskRunIdOf,
  uuidToId,
  PARTITIONS,
} from './ids.ts';

const word = fc.integer({ min: 0, max: 0xffff_ffff });

describe('ids', () => {
  it('survive the way to base 62 and back, and to a UUID and back', () => {
    fc.assert(
      fc.property(word, word, word, word, (a, b, c, d) => {
        const id = encodeId([a, b, c, d]);
        expect(id).toHaveLength(22);
        expect(decodeId(id)).toEqual([a, b, c, d]);
        expect(uuidToId(idToUuid(id)!)).toBe(id);
      }),
    );
  });

  it('agree with arithmetic on big integers', () => {
    fc.assert(
      fc.property(word, word, word, word, (a, b, c, d) => {
        let n = (BigInt(a) << 96n) | (BigInt(b) << 64n) | (BigInt(c) << 32n) | BigInt(d);
        let text = '';
        const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
        for (let i = 0; i < 22; i++, n /= 62n) text = digits[Number(n % 62n)]! + text;
        expect(encodeId([a, b, c, d])).toBe(text);
      }),
    );
  });

  it('sort by time', () => {
    const earlier = newId(1_700_000_000_000);
    const later = newId(1_700_000_000_001);
    expect(earlier < later).toBe(true);
    expect(idTime(later)).toBe(1_700_000_000_001);
  });

  it('are UUIDv7', () => {
    expect(idToUuid(newId(Date.UTC(2026, 0, 1)))).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  it('refuse what is no id', () => {
    for (const text of ['', 'a-b', '../x', 'z'.repeat(22), '0'.repeat(23)]) expect(decodeId(text)).toBeUndefined();
  });

  it('of task runs differ within an execution and repeat when derived again', () => {
    const execution = idFrom(1_700_000_000_000, (w) => w.fill(7));
    const ids = new Set(Array.from({ length: 20_000 }, (_, seq) => taskRunIdOf(execution, seq)));
    expect(ids.size).toBe(20_000);
    expect(taskRunIdOf(execution, 5)).toBe(taskRunIdOf(execution, 5));
    expect(idTime(taskRunIdOf(execution, 5))).toBe(1_700_000_000_000);
  });

  it('spread over the partitions evenly', () => {
    const counts = Array.from({ length: PARTITIONS }, () => 0);
    for (let i = 0; i < 6400; i++) counts[partitionOf(newId(1_700_000_000_000 + i))]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(50);
    expect(Math.max(...counts)).toBeLessThan(170);
  });
});
