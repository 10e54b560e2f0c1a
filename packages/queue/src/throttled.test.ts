import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createThrottled } from './throttled.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('says it at once, and then at most once in a while, with all that happened meanwhile', () => {
  const said: number[] = [];
  const line = createThrottled(5_000, (times) => void said.push(times));
  line.happened(3);
  for (let i = 0; i < 100; i++) line.happened();
  expect(said).toEqual([3]);
  vi.advanceTimersByTime(4_999);
  expect(said).toEqual([3]);
  vi.advanceTimersByTime(1);
  expect(said).toEqual([3, 100]);
  line.happened(2);
  vi.advanceTimersByTime(5_000);
  expect(said).toEqual([3, 100, 2]);
  vi.advanceTimersByTime(60_000);
  line.happened();
  expect(said).toEqual([3, 100, 2, 1]);
  line.happened(7);
  line.close();
  line.happened(9);
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual([3, 100, 2, 1, 7]);
});
