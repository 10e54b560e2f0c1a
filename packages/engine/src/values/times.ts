import { readDuration, readInstant, readLocalDate, readLocalTime } from '@tiercel/expressions';
import { notA, shownValue } from './problem.ts';

/** The types of moments and lengths of time. */
export type TimeType = 'DATETIME' | 'DATE' | 'TIME' | 'DURATION';

/** A moment or length of time: its text, and its place in order. */
interface Reading {
  readonly text: string;
  /** Whole seconds (of a date: days), then nanoseconds. */
  readonly order: readonly [number, number];
}

const EXPECTED: Readonly<Record<TimeType, string>> = {
  DATETIME: 'it must be a date with a time and an offset, such as 2019-10-06T18:27:49Z or 2019-10-06T18:27:49+02:00',
  DATE: 'it must be a date such as 2019-10-06',
  TIME: 'it must be a time such as 18:27 or 18:27:49',
  DURATION: 'it must be a duration such as PT5M6S or P1DT2H, without months and years, or a number of seconds',
};

/** Longer texts are none of these, and are not looked at. */
const MAX_LENGTH = 100;

function reading(type: TimeType, raw: unknown): Reading | undefined {
  if (typeof raw === 'number' && type === 'DURATION') return reading(type, String(raw));
  if (typeof raw !== 'string' || raw.length > MAX_LENGTH) return undefined;
  switch (type) {
    case 'DATETIME': {
      const moment = readInstant(raw);
      return moment && { text: moment.iso(), order: [moment.epochSecond, moment.nano] };
    }
    case 'DATE': {
      const date = readLocalDate(raw);
      return date && { text: date.iso(), order: [date.epochDay, 0] };
    }
    case 'TIME': {
      const time = readLocalTime(raw);
      return time && { text: time.iso(), order: [time.secondOfDay, time.nano] };
    }
    case 'DURATION': {
      const duration = readDuration(raw.trim(), true);
      return duration && { text: duration.iso(), order: [duration.seconds, duration.nano] };
    }
  }
}

/**
 * Reads a moment or a length of time (execution-semantics.md §10.2). The answer is the text that is stored: DATETIME in UTC, DATE as
 * `2019-10-06`, TIME as `18:27:49`, DURATION as `PT5M6S`; reading that again changes nothing. Throws ValueProblem.
 */
export const readTime = (type: TimeType, raw: unknown): string =>
  (reading(type, raw) ?? notA(type, shownValue(raw), EXPECTED[type])).text;

/** Less than 0 when `a` comes before `b`, both as stored, 0 when they are the same. */
export function compareTimes(type: TimeType, a: string, b: string): number {
  const [first, second] = [reading(type, a), reading(type, b)];
  if (first === undefined || second === undefined) return 0;
  return first.order[0] - second.order[0] || first.order[1] - second.order[1];
}

/** A bound as messages show it: a time without seconds that are none. */
export const shownBound = (type: TimeType, bound: string): string =>
  type === 'TIME' && /^\d\d:\d\d:00$/.test(bound) ? bound.slice(0, 5) : bound;
