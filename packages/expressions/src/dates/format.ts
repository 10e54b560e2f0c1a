import { GenerationCache } from '../cache.ts';
import { fail } from '../errors.ts';
import { dayOfWeek, dayOfYear, weekOf } from './calendar.ts';
import { dateNames, type DateNames, type TextStyle } from './locale.ts';
import { dateText, type Fields, fieldsOf, timeText, yearText } from './moment.ts';
import { type Element, parsePattern } from './pattern.ts';
import { offsetText, offsetZone, type Zone } from './zone.ts';

const STYLES = new Set(['full', 'long', 'medium', 'short']);
type Style = 'full' | 'long' | 'medium' | 'short';

function withOffset(fields: Fields): string {
  return fields.offset === 0 ? 'Z' : offsetText(fields.offset, 'colon');
}

function zonedText(fields: Fields): string {
  const region = fields.zone.isRegion ? `[${fields.zone.id}]` : '';
  return `${dateText(fields)}T${timeText(fields)}${withOffset(fields)}${region}`;
}

function isoTime(fields: Fields): string {
  return `${timeText(fields)}${withOffset(fields)}`;
}

function padded(value: number, width: number): string {
  return value < 0 ? `-${String(-value).padStart(width, '0')}` : String(value).padStart(width, '0');
}

function isoWeek(fields: Fields): string {
  const { year, week } = weekOf(fields.epochDay, 1, 4);
  return `${yearText(year)}-W${padded(week, 2)}-${dayOfWeek(fields.epochDay)}`;
}

const RFC_DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const RFC_MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function rfc1123(fields: Fields): string {
  const { year, month, day, hour, minute, second, offset } = fields;
  const zone = offset === 0 ? 'GMT' : offsetText(offset, 'plain');
  const time = [hour, minute, second].map((value) => padded(value, 2)).join(':');
  return `${RFC_DAYS[dayOfWeek(fields.epochDay) - 1]}, ${day} ${RFC_MONTHS[month - 1]} ${padded(year, 4)} ${time} ${zone}`;
}

/** Patterns behind the names that are plain patterns. */
export const NAMED_PATTERNS: Readonly<Record<string, string>> = {
  iso: "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
  iso_sec: "yyyy-MM-dd'T'HH:mm:ssXXX",
  sql: 'yyyy-MM-dd HH:mm:ss.SSSSSS',
  sql_seq: 'yyyy-MM-dd HH:mm:ss',
};

const NAMED: Readonly<Record<string, (fields: Fields) => string>> = {
  iso_date_time: zonedText,
  iso_zoned_date_time: zonedText,
  iso_offset_date_time: (fields) => `${dateText(fields)}T${isoTime(fields)}`,
  iso_local_date_time: (fields) => `${dateText(fields)}T${timeText(fields)}`,
  iso_date: (fields) => `${dateText(fields)}${withOffset(fields)}`,
  iso_offset_date: (fields) => `${dateText(fields)}${withOffset(fields)}`,
  iso_local_date: dateText,
  iso_time: isoTime,
  iso_local_time: timeText,
  iso_offset_time: isoTime,
  iso_instant: (fields) => {
    const utc = utcFields(fields);
    return `${dateText(utc)}T${timeText(utc)}Z`;
  },
  basic_iso_date: (fields) =>
    `${padded(fields.year, 4)}${padded(fields.month, 2)}${padded(fields.day, 2)}${fields.offset === 0 ? 'Z' : offsetText(fields.offset, 'plain')}`,
  iso_ordinal_date: (fields) => `${yearText(fields.year)}-${padded(dayOfYear(fields), 3)}${withOffset(fields)}`,
  iso_week_date: (fields) => `${isoWeek(fields)}${withOffset(fields)}`,
  rfc_1123_date_time: rfc1123,
};

const UTC = offsetZone(0);

function utcFields(fields: Fields): Fields {
  return fieldsOf(fields.epochSecond, fields.nano, UTC);
}

/** Writes a moment (expressions.md §10.3): a style, a named format, or a pattern. */
export function formatDate(fields: Fields, format: string, locale: string): string {
  if (STYLES.has(format)) return styled(fields, format as Style, locale);
  const named = Object.hasOwn(NAMED, format) ? NAMED[format] : undefined;
  if (named !== undefined) return named(fields);
  const pattern = Object.hasOwn(NAMED_PATTERNS, format) ? NAMED_PATTERNS[format] : undefined;
  return write(parsePattern(pattern ?? format), fields, dateNames(locale));
}

const EPOCH_LIMIT = 8_640_000_000_000;

/** The locale's own date and time; the zone's name comes from the host where the zone is a region. */
function styled(fields: Fields, style: Style, locale: string): string {
  if (Math.abs(fields.epochSecond) > EPOCH_LIMIT) fail('The date is out of range');
  const { tag } = dateNames(locale);
  const base = { dateStyle: style, timeStyle: style } as const;
  if (fields.zone.isRegion && !/^(?:UT|UTC|GMT)[+-]/.test(fields.zone.id)) {
    const name = zoneName(fields.zone, style === 'full' ? 'long' : 'short', fields, tag);
    return withZoneName(new Intl.DateTimeFormat(tag, { ...base, timeZone: fields.zone.id }), fields.epochSecond, name);
  }
  const format = new Intl.DateTimeFormat(tag, { ...base, timeZone: 'UTC' });
  return withZoneName(format, fields.epochSecond + fields.offset, fields.zone.id);
}

/** The locale's own text, with the zone named as patterns name it. */
function withZoneName(format: Intl.DateTimeFormat, epochSecond: number, name: string): string {
  return format
    .formatToParts(epochSecond * 1000)
    .map(({ type, value }) => (type === 'timeZoneName' ? name : value))
    .join('');
}

function write(elements: readonly Element[], fields: Fields, names: DateNames): string {
  let out = '';
  for (const element of elements) {
    if (element.kind === 'text') out += element.text;
    else if (element.kind === 'optional') out += write(element.elements, fields, names);
    else out += writeField(element.letter, element.width, fields, names);
  }
  return out;
}

/** Style of a name by the number of letters; fewer than three are numbers. */
export function textStyle(width: number): TextStyle {
  return width === 4 ? 'long' : width === 5 ? 'narrow' : 'short';
}

function yearField(year: number, width: number): string {
  if (width === 2) return padded(((year % 100) + 100) % 100, 2);
  const text = padded(year, width);
  return width >= 4 && year >= 10 ** width ? `+${text}` : text;
}

function writeField(letter: string, width: number, fields: Fields, names: DateNames): string {
  const { year, month, day, hour, minute, second, nano } = fields;
  const secondOfDay = hour * 3600 + minute * 60 + second;
  switch (letter) {
    case 'y':
      return yearField(year > 0 ? year : 1 - year, width);
    case 'u':
      return yearField(year, width);
    case 'Y':
      return yearField(weekOf(fields.epochDay, names.firstDay, names.minimalDays).year, width);
    case 'G':
      return names.eras[year > 0 ? 1 : 0];
    case 'M':
      return width < 3 ? padded(month, width) : (names.months[textStyle(width)][month - 1] ?? '');
    case 'L':
      return width < 3 ? padded(month, width) : (names.standaloneMonths[textStyle(width)][month - 1] ?? '');
    case 'Q':
    case 'q':
      return quarter(Math.ceil(month / 3), width);
    case 'd':
      return padded(day, width);
    case 'D':
      return padded(dayOfYear(fields), width);
    case 'w':
      return padded(weekOf(fields.epochDay, names.firstDay, names.minimalDays).week, width);
    case 'W':
      return String(weekOfMonth(fields, names));
    case 'F':
      return String(((day - 1) % 7) + 1);
    case 'E':
      return weekday(fields, width < 3 ? 3 : width, names);
    case 'e':
    case 'c':
      if (width > 2) return weekday(fields, width, names);
      return padded(((dayOfWeek(fields.epochDay) - names.firstDay + 7) % 7) + 1, width);
    case 'a':
      return names.halfDays[hour < 12 ? 0 : 1];
    case 'H':
      return padded(hour, width);
    case 'k':
      return padded(hour === 0 ? 24 : hour, width);
    case 'K':
      return padded(hour % 12, width);
    case 'h':
      return padded(hour % 12 === 0 ? 12 : hour % 12, width);
    case 'm':
      return padded(minute, width);
    case 's':
      return padded(second, width);
    case 'S':
      return String(nano).padStart(9, '0').slice(0, width);
    case 'n':
      return padded(nano, width);
    case 'N':
      return String(BigInt(secondOfDay) * 1_000_000_000n + BigInt(nano)).padStart(width, '0');
    case 'A':
      return padded(secondOfDay * 1000 + Math.floor(nano / 1_000_000), width);
    default:
      return zoneField(letter, width, fields, names);
  }
}

function quarter(value: number, width: number): string {
  if (width < 3) return padded(value, width);
  if (width === 3) return `Q${value}`;
  if (width === 5) return String(value);
  return `${value}${['st', 'nd', 'rd', 'th'][value - 1]} quarter`;
}

function weekday(fields: Fields, width: number, names: DateNames): string {
  return names.weekdays[textStyle(width)][dayOfWeek(fields.epochDay) - 1] ?? '';
}

function weekOfMonth(fields: Fields, names: DateNames): number {
  const first = fields.epochDay - fields.day + 1;
  const offset = (dayOfWeek(first) - names.firstDay + 7) % 7;
  const start = 7 - offset >= names.minimalDays ? first - offset : first + 7 - offset;
  return Math.floor((fields.epochDay - start) / 7) + 1;
}

function zoneField(letter: string, width: number, fields: Fields, names: DateNames): string {
  const { offset, zone } = fields;
  switch (letter) {
    case 'V':
      return zone.id;
    case 'z':
    case 'v':
      return zoneName(zone, width === 4 ? 'long' : 'short', fields, names.tag);
    case 'O':
      return localizedOffset(offset, width);
    case 'X':
      return offset === 0 ? 'Z' : isoOffset(offset, width);
    case 'x':
      return isoOffset(offset, width);
    case 'Z':
      if (width < 4) return isoOffset(offset, 2);
      if (width === 4) return localizedOffset(offset, 4);
      return offset === 0 ? 'Z' : isoOffset(offset, 5);
    default:
      return fail(`\`${letter}\` is no letter of a date pattern`);
  }
}

function localizedOffset(offset: number, width: number): string {
  if (offset === 0) return 'GMT';
  if (width === 4) return `GMT${offsetText(offset, 'colon')}`;
  const total = Math.abs(offset);
  const minutes = Math.floor(total / 60) % 60;
  const rest = minutes === 0 && total % 60 === 0 ? '' : offsetText(offset, 'colon').slice(3);
  return `GMT${offset < 0 ? '-' : '+'}${Math.floor(total / 3600)}${rest}`;
}

/** `X` to `XXXXX`: hours, minutes when needed or always, colon or not, seconds when there are any. */
function isoOffset(offset: number, width: number): string {
  const text = offsetText(offset, width === 3 || width === 5 ? 'colon' : 'plain');
  if (width === 1) return text.slice(3, 5) === '00' ? text.slice(0, 3) : text.slice(0, 5);
  if (width === 2) return text.slice(0, 5);
  return width === 3 ? text.slice(0, 6) : text;
}

/** Short names that no English locale of the host has. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  'Asia/Tokyo': 'JST',
  'Asia/Seoul': 'KST',
  'Asia/Shanghai': 'CST',
  'Asia/Hong_Kong': 'HKT',
  'Asia/Singapore': 'SGT',
  'Asia/Kolkata': 'IST',
  'America/Sao_Paulo': 'BRT',
  'Europe/Moscow': 'MSK',
};
const ENGLISH = ['en-US', 'en-GB', 'en-AU', 'en-NZ', 'en-ZA', 'en-CA'];

const zoneNameFormats = new GenerationCache<Intl.DateTimeFormat>(100, 100);

/** Making a format costs a hundred times what using it does. */
function zoneNameFormat(locale: string, timeZone: string, style: 'short' | 'long'): Intl.DateTimeFormat {
  const key = `${locale} ${timeZone} ${style}`;
  let format = zoneNameFormats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: style });
    zoneNameFormats.set(key, format, 1);
  }
  return format;
}

function zoneName(zone: Zone, style: 'short' | 'long', fields: Fields, tag: string): string {
  if (!zone.isRegion || /^(?:UT|UTC|GMT)[+-]/.test(zone.id)) return zone.id;
  const named = (locale: string): string => {
    const parts = zoneNameFormat(locale, zone.id, style).formatToParts(fields.epochSecond * 1000);
    return parts.find(({ type }) => type === 'timeZoneName')?.value ?? zone.id;
  };
  const own = named(tag);
  if (style === 'long' || !/[+-]\d/.test(own)) return own;
  // Which short names a locale has depends on where they are in use; the English ones together cover the usual.
  const other = ENGLISH.map(named).find((name) => !/[+-]\d/.test(name));
  return other ?? (Object.hasOwn(SHORT_NAMES, zone.id) ? SHORT_NAMES[zone.id] : undefined) ?? own;
}
