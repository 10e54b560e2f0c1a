import { fail, Failure } from '../errors.ts';
import { epochDay, monthLength, SECONDS_PER_DAY, weekYearStart } from './calendar.ts';
import { NAMED_PATTERNS, textStyle } from './format.ts';
import { readIso, type Written } from './iso.ts';
import { type DateNames, dateNames } from './locale.ts';
import { type Element, parsePattern } from './pattern.ts';
import { parseOffset, type Zone, zoneOf } from './zone.ts';

type FieldValues = Map<string, number>;

/** Letters that are read as digits; the others are names or zones. */
const NUMERIC = new Set('uyYdDwWFHkKhmsSAnN');
/** Letters that are numbers up to two of them, names from three on. */
const MIXED = new Set('MLQqec');

/**
 * Reads a text after a pattern or a named format (expressions.md §10.2). Raises a Failure when they do not fit or when the
 * pattern leaves the date open.
 */
export function parseDate(text: string, format: string, locale: string): Written {
  if (Object.hasOwn(NAMED_READERS, format)) {
    const written = NAMED_READERS[format]?.(text);
    return written ?? fail(`\`${text}\` is no date of the format \`${format}\``);
  }
  const pattern = (Object.hasOwn(NAMED_PATTERNS, format) ? NAMED_PATTERNS[format] : undefined) ?? format;
  const parser = new DateParser(text, dateNames(locale));
  const end = parser.elements(parsePattern(pattern), 0);
  if (end !== text.length) return fail(`\`${text}\` does not fit the date format \`${format}\``);
  return parser.resolve() ?? fail(`The date format \`${format}\` does not give a whole date`);
}

function isoOnly(accept: (written: Written) => boolean): (text: string) => Written | undefined {
  return (text) => {
    const written = readIso(text);
    return written !== undefined && accept(written) ? written : undefined;
  };
}

function dateWithOffset(text: string): Written | undefined {
  const match = /^(.*?)(Z|[+-]\d{2}:\d{2})?$/.exec(text);
  return readIso(match?.[1] ?? '');
}

const RFC_1123 =
  /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4}) (\d{2}:\d{2}(?::\d{2})?) (GMT|[+-]\d{4})$/i;
const RFC_MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

function rfc1123(text: string): Written | undefined {
  const match = RFC_1123.exec(text);
  if (match === null) return undefined;
  const [, day = '', month = '', year = '', time = '', zone = ''] = match;
  const monthNumber = String(RFC_MONTHS.indexOf(month.toLowerCase()) + 1).padStart(2, '0');
  const offset = zone.toUpperCase() === 'GMT' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3)}`;
  return readIso(`${year}-${monthNumber}-${day.padStart(2, '0')}T${time}${offset}`);
}

function basicDate(text: string): Written | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})(?:Z|[+-]\d{4})?$/.exec(text);
  return match === null ? undefined : readIso(`${match[1]}-${match[2]}-${match[3]}`);
}

function ordinalDate(text: string): Written | undefined {
  const match = /^(\d{4})-(\d{3})(?:Z|[+-]\d{2}:\d{2})?$/.exec(text);
  const first = match === null ? undefined : readIso(`${match[1]}-01-01`);
  if (first === undefined) return undefined;
  return { ...first, localSecond: first.localSecond + (Number(match?.[2]) - 1) * SECONDS_PER_DAY };
}

function weekDate(text: string): Written | undefined {
  const match = /^(\d{4})-W(\d{2})-([1-7])(?:Z|[+-]\d{2}:\d{2})?$/i.exec(text);
  if (match === null) return undefined;
  const days = weekYearStart(Number(match[1]), 1, 4) + (Number(match[2]) - 1) * 7 + Number(match[3]) - 1;
  return { localSecond: days * SECONDS_PER_DAY, nano: 0, hasTime: false, offset: undefined, zone: undefined };
}

const NAMED_READERS: Readonly<Record<string, (text: string) => Written | undefined>> = {
  iso_date_time: isoOnly((written) => written.hasTime),
  iso_zoned_date_time: isoOnly((written) => written.offset !== undefined),
  iso_offset_date_time: isoOnly((written) => written.offset !== undefined && written.zone === undefined),
  iso_local_date_time: isoOnly((written) => written.hasTime && written.offset === undefined),
  iso_date: dateWithOffset,
  iso_offset_date: dateWithOffset,
  iso_local_date: isoOnly((written) => !written.hasTime),
  iso_instant: isoOnly((written) => written.offset !== undefined && written.zone === undefined),
  basic_iso_date: basicDate,
  iso_ordinal_date: ordinalDate,
  iso_week_date: weekDate,
  rfc_1123_date_time: rfc1123,
};

class DateParser {
  private readonly text: string;
  private readonly names: DateNames;
  private fields: FieldValues = new Map();
  private zone: Zone | undefined;
  private offset: number | undefined;

  constructor(text: string, names: DateNames) {
    this.text = text;
    this.names = names;
  }

  /** Reads the elements from `at` on; gives the place after them, or fails. */
  elements(elements: readonly Element[], at: number): number {
    let place: number | undefined = at;
    for (let index = 0; index < elements.length; index += 1) {
      const element = elements[index] as Element;
      if (element.kind === 'text')
        place = this.text.startsWith(element.text, place) ? place + element.text.length : undefined;
      else if (element.kind === 'optional') place = this.optional(element.elements, place);
      else place = this.field(element.letter, element.width, place, reserved(elements, index));
      if (place === undefined) return fail(`\`${this.text}\` does not fit the date format`);
    }
    return place;
  }

  private optional(elements: readonly Element[], at: number): number {
    const before = new Map(this.fields);
    const { zone, offset } = this;
    try {
      return this.elements(elements, at);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // An optional part that does not fit is left out, with all that it read.
      this.fields = before;
      this.zone = zone;
      this.offset = offset;
      return at;
    }
  }

  private field(letter: string, width: number, at: number, reservedDigits: number): number | undefined {
    if (NUMERIC.has(letter) || (MIXED.has(letter) && width < 3)) return this.number(letter, width, at, reservedDigits);
    if (letter === 'M' || letter === 'L') {
      const table = letter === 'M' ? this.names.months : this.names.standaloneMonths;
      return this.name('M', table[textStyle(width)], at);
    }
    if (letter === 'E' || letter === 'e' || letter === 'c') {
      return this.name('E', this.names.weekdays[textStyle(Math.max(width, 3))], at);
    }
    if (letter === 'a') return this.name('a', this.names.halfDays, at);
    if (letter === 'G') return this.name('G', this.names.eras, at);
    return this.zoneField(letter, at);
  }

  private name(field: string, names: readonly string[], at: number): number | undefined {
    let best = -1;
    names.forEach((name, index) => {
      const isLonger = best === -1 || name.length > (names[best]?.length ?? 0);
      if (name !== '' && isLonger && this.text.startsWith(name, at)) best = index;
    });
    if (best === -1) return undefined;
    this.fields.set(field, best + (field === 'a' || field === 'G' ? 0 : 1));
    return at + (names[best]?.length ?? 0);
  }

  private number(letter: string, width: number, at: number, reservedDigits: number): number | undefined {
    let start = at;
    let sign = 1;
    if ('uyY'.includes(letter) && width !== 2 && (this.text[at] === '-' || this.text[at] === '+')) {
      sign = this.text[at] === '-' ? -1 : 1;
      start += 1;
    }
    let available = 0;
    while (/\d/.test(this.text[start + available] ?? '')) available += 1;
    const [least, most] = numberWidth(letter, width);
    const length = Math.max(least, Math.min(available - reservedDigits, most));
    if (available < least || length > available) return undefined;
    const digits = this.text.slice(start, start + length);
    let value = Number(digits) * sign;
    if (letter === 'S') value = Number(digits.padEnd(9, '0'));
    if ('uyY'.includes(letter) && width === 2) value = 2000 + value;
    this.fields.set(letter === 'L' ? 'M' : letter === 'S' ? 'n' : letter, value);
    return start + length;
  }

  private zoneField(letter: string, at: number): number | undefined {
    const rest = this.text.slice(at);
    if (letter === 'V' || letter === 'z' || letter === 'v') {
      const name = /^[A-Za-z0-9/_+:~-]+/.exec(rest)?.[0];
      if (name === undefined) return undefined;
      this.zone = zoneOf(SHORT_ZONES[name] ?? name);
      return at + name.length;
    }
    const text = /^(?:GMT)?(?:Z|z|[+-]\d{1,2}(?::?\d{2}(?::?\d{2})?)?)|^GMT/.exec(rest)?.[0];
    const offset = text === undefined ? undefined : parseOffset(text === 'GMT' ? 'Z' : text.replace('GMT', ''));
    if (text === undefined || offset === undefined) return undefined;
    this.offset = offset;
    return at + text.length;
  }

  /** The date and time that the fields give together; undefined when there is no whole date. */
  resolve(): Written | undefined {
    const days = this.days();
    if (days === undefined) return undefined;
    const time = this.time();
    const { zone, offset } = this;
    const local = days * SECONDS_PER_DAY;
    if (time === undefined) return { localSecond: local, nano: 0, hasTime: false, offset: undefined, zone: undefined };
    return { localSecond: local + time.second, nano: time.nano, hasTime: true, offset, zone };
  }

  private within(letter: string, from: number, to: number): number | undefined {
    const value = this.fields.get(letter);
    if (value !== undefined && (value < from || value > to)) {
      fail(`\`${this.text}\` is no date: ${value} is out of range`);
    }
    return value;
  }

  private days(): number | undefined {
    const era = this.fields.get('G');
    let year = this.fields.get('u') ?? this.fields.get('y');
    if (year !== undefined && era === 0) year = 1 - year;
    const month = this.within('M', 1, 12);
    const day = this.within('d', 1, 31);
    if (year !== undefined && month !== undefined && day !== undefined) {
      // A day that the month does not have becomes its last one, as in the reference's host.
      const days = epochDay({ year, month, day: Math.min(day, monthLength(year, month)) });
      return this.checkWeekday(days);
    }
    const ordinal = this.within('D', 1, 366);
    if (year !== undefined && ordinal !== undefined) return epochDay({ year, month: 1, day: 1 }) + ordinal - 1;
    const weekYear = this.fields.get('Y');
    const week = this.within('w', 1, 53);
    const weekday = this.fields.get('E') ?? this.localWeekday();
    if (weekYear === undefined || week === undefined || weekday === undefined) return undefined;
    const { firstDay, minimalDays } = this.names;
    return weekYearStart(weekYear, firstDay, minimalDays) + (week - 1) * 7 + ((weekday - firstDay + 7) % 7);
  }

  private localWeekday(): number | undefined {
    const value = this.fields.get('e') ?? this.fields.get('c');
    return value === undefined ? undefined : ((value - 1 + this.names.firstDay - 1) % 7) + 1;
  }

  private checkWeekday(days: number): number {
    const weekday = this.fields.get('E');
    const real = ((((days + 3) % 7) + 7) % 7) + 1;
    if (weekday !== undefined && weekday !== real) fail(`\`${this.text}\` is no date: the weekday is another one`);
    return days;
  }

  private time(): { second: number; nano: number } | undefined {
    const milliOfDay = this.fields.get('A');
    if (milliOfDay !== undefined)
      return { second: Math.floor(milliOfDay / 1000), nano: (milliOfDay % 1000) * 1_000_000 };
    const hour = this.hour();
    if (hour === undefined) return undefined;
    const minute = this.within('m', 0, 59) ?? 0;
    const second = this.within('s', 0, 59) ?? 0;
    return { second: hour * 3600 + minute * 60 + second, nano: this.fields.get('n') ?? 0 };
  }

  private hour(): number | undefined {
    const hour = this.within('H', 0, 23);
    if (hour !== undefined) return hour;
    const clock = this.within('k', 1, 24);
    if (clock !== undefined) return clock % 24;
    const half = this.fields.get('a');
    const short = this.within('h', 1, 12) ?? this.within('K', 0, 11);
    return half === undefined || short === undefined ? undefined : (short % 12) + half * 12;
  }
}

/** Abbreviations that a text may carry for a zone. */
const SHORT_ZONES: Readonly<Record<string, string>> = {
  CEST: 'CET',
  EEST: 'EET',
  WEST: 'WET',
  BST: 'Europe/London',
  EST: 'America/New_York',
  EDT: 'America/New_York',
  CST: 'America/Chicago',
  CDT: 'America/Chicago',
  MST: 'America/Denver',
  MDT: 'America/Denver',
  PST: 'America/Los_Angeles',
  PDT: 'America/Los_Angeles',
  JST: 'Asia/Tokyo',
};

function numberWidth(letter: string, width: number): [number, number] {
  if (letter === 'S') return [width, width];
  if (width === 2) return [2, 2];
  if ('uyY'.includes(letter)) return [width, width >= 4 || width === 1 ? 19 : width];
  if (width === 1) return [1, letter === 'D' ? 3 : 'nNA'.includes(letter) ? 19 : 2];
  return [width, Math.max(width, 'nNA'.includes(letter) ? 19 : width)];
}

/** Digits that directly following fields of fixed width need, so that `yyyyMMdd` leaves them some. */
function reserved(elements: readonly Element[], index: number): number {
  let digits = 0;
  for (let next = index + 1; next < elements.length; next += 1) {
    const element = elements[next] as Element;
    if (element.kind !== 'field') break;
    const isNumber = NUMERIC.has(element.letter) || (MIXED.has(element.letter) && element.width < 3);
    if (!isNumber) break;
    const [least, most] = numberWidth(element.letter, element.width);
    if (least !== most) break;
    digits += least;
  }
  return digits;
}
