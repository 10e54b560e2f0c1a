import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dropInnerNulls, dropNulls, isoDate, isoDuration, parseDuration } from './values.ts';

describe('values of the API', () => {
  it('write durations in ISO, days folded into hours', () => {
    expect([0, 124, 1000, 65_000, 93_600_000, 3_600_001, -1500].map(isoDuration)).toEqual([
      'PT0S',
      'PT0.124S',
      'PT1S',
      'PT1M5S',
      'PT26H',
      'PT1H0.001S',
      'PT-1.5S',
    ]);
  });

  it('read every duration that they write', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (ms) => {
        const days = ms % 1_000_000_000_000;
        expect(Math.abs(parseDuration(isoDuration(days))! - days)).toBeLessThan(0.001);
      }),
    );
    expect(['P1D', 'pt5m', 'P1DT2H3M4.5S', '-PT1S'].map(parseDuration)).toEqual([
      86_400_000, 300_000, 93_784_500, -1000,
    ]);
    expect(['', 'P', 'PT', '5', 'P1Y', 'PT5', 'PTS'].map(parseDuration)).toEqual(Array.from({ length: 7 }));
  });

  it('write ms only when there are some', () => {
    expect([isoDate(0), isoDate(1), isoDate(1734687000123)]).toEqual([
      '1970-01-01T00:00:00Z',
      '1970-01-01T00:00:00.001Z',
      '2024-12-20T09:30:00.123Z',
    ]);
  });

  it('write every date as the platform does', () => {
    const past = Date.UTC(2200, 0, 1);
    fc.assert(
      fc.property(fc.integer({ min: -past, max: past }), (ms) => {
        expect(isoDate(ms)).toBe(new Date(ms).toISOString().replace('.000Z', 'Z'));
      }),
    );
  });

  it('leave out nulls of maps at every depth, not those of lists', () => {
    expect(dropNulls({ a: null, b: { c: null, d: [null, { e: null, f: 1 }] } })).toEqual({
      b: { d: [null, { f: 1 }] },
    });
    expect(dropInnerNulls({ a: null, b: { c: null } })).toEqual({ a: null, b: {} });
    const clean = { a: [null, 1], b: { c: 'x' } };
    expect(dropNulls(clean)).toBe(clean);
    expect(dropInnerNulls(clean)).toBe(clean);
  });
});
