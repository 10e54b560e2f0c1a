import { expect, test } from 'vitest';
import { clockText } from './stopping.ts';

test.each([
  [0, '00:00:00.000'],
  [1500, '00:00:01.500'],
  [3_661_001, '01:01:01.001'],
  [360_000_000, '100:00:00.000'],
])('%i ms is %s', (ms, text) => {
  expect(clockText(ms)).toBe(text);
});
