import { fail } from '../errors.ts';
import { calendarDate, epochDay, plusMonths, SECONDS_PER_DAY } from './calendar.ts';
import { Moment } from './moment.ts';
import { localToEpoch } from './zone.ts';

const NANOS_PER_SECOND = 1_000_000_000n;

/** Units of an hour and below, in nanoseconds: exact lengths. */
const EXACT: Readonly<Record<string, bigint>> = {
  NANOS: 1n,
  MICROS: 1000n,
  MILLIS: 1_000_000n,
  SECONDS: NANOS_PER_SECOND,
  MINUTES: 60n * NANOS_PER_SECOND,
  HOURS: 3600n * NANOS_PER_SECOND,
  HALF_DAYS: 43_200n * NANOS_PER_SECOND,
};
const DAYS: Readonly<Record<string, number>> = { DAYS: 1, WEEKS: 7 };
const MONTHS: Readonly<Record<string, number>> = {
  MONTHS: 1,
  YEARS: 12,
  DECADES: 120,
  CENTURIES: 1200,
  MILLENNIA: 12_000,
};

const MAX_SECONDS = 8_640_000_000_000;
const MAX_MONTHS = 12 * 275_000;

function own<T>(table: Readonly<Record<string, T>>, unit: string): T | undefined {
  return Object.hasOwn(table, unit) ? table[unit] : undefined;
}

/** Adds an amount of a unit (expressions.md §10.4). Calendar units work on the local time in the moment's own zone. */
export function addTo(moment: Moment, amount: number, unit: string): Moment {
  const exact = own(EXACT, unit);
  if (exact !== undefined) return addExact(moment, BigInt(amount) * exact);
  const days = own(DAYS, unit);
  if (days !== undefined) return addLocal(moment, (date) => epochDay(date) + amount * days);
  const months = own(MONTHS, unit);
  if (months !== undefined) {
    if (Math.abs(amount * months) > MAX_MONTHS) return fail('The date is out of range');
    return addLocal(moment, (date) => epochDay(plusMonths(date, amount * months)));
  }
  if (unit === 'ERAS') return amount === 0 ? moment : fail('`ERAS` can not be added to a date of this era');
  return fail(
    `\`${unit}\` is no unit: NANOS, MICROS, MILLIS, SECONDS, MINUTES, HOURS, HALF_DAYS, DAYS, WEEKS, MONTHS, YEARS, DECADES, CENTURIES, MILLENNIA or ERAS was expected`,
  );
}

function checked(epochSecond: number): number {
  return Math.abs(epochSecond) > MAX_SECONDS ? fail('The date is out of range') : epochSecond;
}

function addExact(moment: Moment, nanos: bigint): Moment {
  const total = BigInt(moment.epochSecond) * NANOS_PER_SECOND + BigInt(moment.nano) + nanos;
  const nano = ((total % NANOS_PER_SECOND) + NANOS_PER_SECOND) % NANOS_PER_SECOND;
  return new Moment(checked(Number((total - nano) / NANOS_PER_SECOND)), Number(nano), moment.zone);
}

function addLocal(moment: Moment, move: (date: ReturnType<typeof calendarDate>) => number): Moment {
  const { zone } = moment;
  const local = moment.epochSecond + zone.offsetAt(moment.epochSecond);
  const day = Math.floor(local / SECONDS_PER_DAY);
  const moved = move(calendarDate(day)) * SECONDS_PER_DAY + (local - day * SECONDS_PER_DAY);
  return new Moment(localToEpoch(checked(moved), zone), moment.nano, zone);
}
