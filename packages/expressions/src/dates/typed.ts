import { momentOf, readIso } from './iso.ts';
import { SECONDS_PER_DAY } from './calendar.ts';
import { Duration, LocalDate, LocalTime, Moment } from './moment.ts';
import { offsetZone } from './zone.ts';

/** The moment of an ISO date-time with an offset, in UTC; undefined for anything else. */
export function readInstant(text: string): Moment | undefined {
  const written = readIso(text.trim());
  // Beyond some 285 million years a number holds no single seconds.
  if (written?.offset === undefined || !Number.isSafeInteger(written.localSecond)) return undefined;
  const { epochSecond, nano } = momentOf(written, offsetZone(0));
  return new Moment(epochSecond, nano, offsetZone(0));
}

/** The date of an ISO text without a time; undefined for anything else. */
export function readLocalDate(text: string): LocalDate | undefined {
  const written = readIso(text.trim());
  return written === undefined || written.hasTime ? undefined : new LocalDate(written.localSecond / SECONDS_PER_DAY);
}

const TIME = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?$/;

/** The time of day of `HH:mm`, `HH:mm:ss` or `HH:mm:ss.fraction`; undefined for anything else. */
export function readLocalTime(text: string): LocalTime | undefined {
  const match = TIME.exec(text.trim());
  if (match === null) return undefined;
  const [, hour = '', minute = '', second = '0', fraction = ''] = match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const ofDay = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  return new LocalTime(ofDay, Number(fraction.padEnd(9, '0')));
}

const ISO_DURATION =
  /^([+-]?)P(?=[\d+-]|T)(?:([+-]?\d{1,15})D)?(?:T(?=[\d+-])(?:([+-]?\d{1,15})H)?(?:([+-]?\d{1,15})M)?(?:([+-]?\d{1,15})(?:[.,](\d{0,9}))?S)?)?$/i;
const SECONDS = /^([+-]?)(\d{1,15})(?:\.(\d{1,9}))?$/;

/**
 * The length of an ISO-8601 duration with days and time (`PT1M`, `P1DT2H`, no months or years), exact to the nanosecond; with
 * `orSeconds` also that of a number of seconds (`60`, `60.5`) (execution-semantics.md §1.1). Undefined for anything else and for
 * lengths beyond what a number of seconds holds.
 */
export function readDuration(text: string, orSeconds = false): Duration | undefined {
  const seconds = orSeconds ? SECONDS.exec(text) : null;
  if (seconds !== null) return duration(seconds[1] === '-', Number(seconds[2]), nanosOf(seconds[3]));
  const match = ISO_DURATION.exec(text);
  if (match === null) return undefined;
  const [, sign, days = '0', hours = '0', minutes = '0', rest = '0', fraction] = match;
  const nano = nanosOf(fraction) * (rest.startsWith('-') ? -1 : 1);
  const whole = Number(days) * SECONDS_PER_DAY + Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
  return duration(sign === '-', whole, nano);
}

const nanosOf = (fraction: string | undefined): number => Number((fraction ?? '').padEnd(9, '0'));

function duration(isNegative: boolean, seconds: number, nano: number): Duration | undefined {
  if (!Number.isSafeInteger(seconds)) return undefined;
  const signed = isNegative ? -seconds : seconds;
  const part = isNegative ? -nano : nano;
  // The fraction counts upwards from the second below.
  return part < 0 ? new Duration(signed - 1, part + 1_000_000_000) : new Duration(signed + 0, part + 0);
}
