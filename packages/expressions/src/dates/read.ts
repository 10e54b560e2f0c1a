import type { Context } from '../context.ts';
import { fail } from '../errors.ts';
import { isInteger, toDouble, typeName, type Value } from '../values.ts';
import { SECONDS_PER_DAY } from './calendar.ts';
import { momentOf, readIso } from './iso.ts';
import { LocalDate, Moment } from './moment.ts';
import { parseDate } from './parse.ts';
import { localToEpoch, type Zone, zoneOf } from './zone.ts';

const MAX_SECONDS = 8_640_000_000_000;
const MAX_TEXT = 200;

/** The zone of an argument, or the server's. */
export function zoneArgument(name: string | null, context: Context): Zone {
  return zoneOf(name ?? context.env.zone ?? 'UTC');
}

/** Any value that stands for a moment (expressions.md §10.2). Raises a Failure for everything else. */
export function readMoment(value: Value, zone: Zone, existingFormat: string | null, context: Context): Moment {
  if (typeof value === 'string') return readText(value, zone, existingFormat, context);
  if (value instanceof Moment) return value;
  if (value instanceof LocalDate) return new Moment(localToEpoch(value.epochDay * SECONDS_PER_DAY, zone), 0, zone);
  if (value instanceof Date) {
    const millis = value.getTime();
    if (Number.isNaN(millis)) return fail('The date is not valid');
    return momentOfMillis(millis, zone);
  }
  if (isInteger(value)) {
    const seconds = toDouble(value);
    if (Math.abs(seconds) > MAX_SECONDS) return fail('The date is out of range');
    return new Moment(seconds, 0, zone);
  }
  return fail(`A date, a text or a number of seconds was expected, not ${typeName(value)}`);
}

/** A moment from milliseconds, whose fraction counts down to nanoseconds. */
export function momentOfMillis(millis: number, zone: Zone): Moment {
  const whole = Math.floor(millis);
  const epochSecond = Math.floor(whole / 1000);
  const nano = (whole - epochSecond * 1000) * 1_000_000 + Math.floor((millis - whole) * 1_000_000);
  return new Moment(epochSecond, nano, zone);
}

function readText(text: string, zone: Zone, existingFormat: string | null, context: Context): Moment {
  if (text.length > MAX_TEXT) return fail('The text is no date');
  const written =
    existingFormat === null ? readIso(text) : parseDate(text, existingFormat, context.env.locale ?? 'en_US');
  if (written === undefined) return fail(`\`${text}\` is no ISO date`);
  const moment = momentOf(written, zone);
  if (Math.abs(moment.epochSecond) > MAX_SECONDS) return fail('The date is out of range');
  return new Moment(moment.epochSecond, moment.nano, moment.zone);
}
