import { decimal, Temporal, type Double } from '../values.ts';
import { calendarDate, SECONDS_PER_DAY } from './calendar.ts';
import { offsetText, type Zone } from './zone.ts';

/** All fields of a moment in a zone, for writing. */
export interface Fields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nano: number;
  readonly epochSecond: number;
  readonly epochDay: number;
  readonly offset: number;
  readonly zone: Zone;
}

export function fieldsOf(epochSecond: number, nano: number, zone: Zone): Fields {
  const offset = zone.offsetAt(epochSecond);
  const local = epochSecond + offset;
  const day = Math.floor(local / SECONDS_PER_DAY);
  const secondOfDay = local - day * SECONDS_PER_DAY;
  const { year, month, day: dayOfMonth } = calendarDate(day);
  return {
    year,
    month,
    day: dayOfMonth,
    hour: Math.floor(secondOfDay / 3600),
    minute: Math.floor(secondOfDay / 60) % 60,
    second: secondOfDay % 60,
    nano,
    epochSecond,
    epochDay: day,
    offset,
    zone,
  };
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

export function yearText(year: number): string {
  if (year > 9999) return `+${year}`;
  return year < 0 ? `-${String(-year).padStart(4, '0')}` : String(year).padStart(4, '0');
}

export function dateText({ year, month, day }: Pick<Fields, 'year' | 'month' | 'day'>): string {
  return `${yearText(year)}-${two(month)}-${two(day)}`;
}

/** Fraction with 3, 6, 9 or no digits. */
function fractionText(nano: number): string {
  if (nano === 0) return '';
  const digits = String(nano).padStart(9, '0');
  if (digits.endsWith('000000')) return `.${digits.slice(0, 3)}`;
  return digits.endsWith('000') ? `.${digits.slice(0, 6)}` : `.${digits}`;
}

export function timeText({ hour, minute, second, nano }: Pick<Fields, 'hour' | 'minute' | 'second' | 'nano'>): string {
  return `${two(hour)}:${two(minute)}:${two(second)}${fractionText(nano)}`;
}

/** A moment, with the zone in which it was written; prints as ISO text with offset, or `Z` (expressions.md §13.3). */
export class Moment extends Temporal {
  readonly epochSecond: number;
  readonly nano: number;
  readonly zone: Zone;

  constructor(epochSecond: number, nano: number, zone: Zone) {
    super();
    this.epochSecond = epochSecond;
    this.nano = nano;
    this.zone = zone;
  }

  override iso(): string {
    const fields = fieldsOf(this.epochSecond, this.nano, this.zone);
    const suffix = fields.offset === 0 ? 'Z' : offsetText(fields.offset, 'colon');
    return `${dateText(fields)}T${timeText(fields)}${suffix}`;
  }
}

/** A date without a time. */
export class LocalDate extends Temporal {
  readonly epochDay: number;

  constructor(epochDay: number) {
    super();
    this.epochDay = epochDay;
  }

  override iso(): string {
    return dateText(calendarDate(this.epochDay));
  }
}

/** A time of day without a date. */
export class LocalTime extends Temporal {
  readonly secondOfDay: number;
  readonly nano: number;

  constructor(secondOfDay: number, nano: number) {
    super();
    this.secondOfDay = secondOfDay;
    this.nano = nano;
  }

  override iso(): string {
    const { secondOfDay, nano } = this;
    const minutes = Math.floor(secondOfDay / 60);
    return timeText({ hour: Math.floor(minutes / 60), minute: minutes % 60, second: secondOfDay % 60, nano });
  }
}

const NANOS_PER_SECOND = 1_000_000_000;

/** A length of time; prints as `PT5M6S`, in JSON as decimal seconds (expressions.md §13.3). */
export class Duration extends Temporal {
  readonly seconds: number;
  readonly nano: number;

  constructor(seconds: number, nano: number) {
    super();
    this.seconds = seconds;
    this.nano = nano;
  }

  override iso(): string {
    if (this.seconds === 0 && this.nano === 0) return 'PT0S';
    const negative = this.seconds < 0;
    // Hours, minutes and seconds all carry the sign, so the fraction is taken off a negative number of seconds.
    const whole = negative && this.nano > 0 ? this.seconds + 1 : this.seconds;
    const hours = Math.trunc(whole / 3600);
    const minutes = Math.trunc((whole % 3600) / 60);
    const seconds = whole % 60;
    let out = 'PT';
    if (hours !== 0) out += `${hours}H`;
    if (minutes !== 0) out += `${minutes}M`;
    if (seconds === 0 && this.nano === 0 && out.length > 2) return out;
    const fraction = negative && this.nano > 0 ? NANOS_PER_SECOND - this.nano : this.nano;
    const sign = negative && seconds === 0 && fraction > 0 ? '-' : '';
    const digits = fraction === 0 ? '' : `.${String(fraction).padStart(9, '0').replace(/0+$/, '')}`;
    return `${out}${sign}${seconds}${digits}S`;
  }

  override json(): number | Double {
    return decimal(this.seconds + this.nano / NANOS_PER_SECOND);
  }
}
