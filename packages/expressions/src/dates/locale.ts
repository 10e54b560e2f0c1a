import { GenerationCache } from '../cache.ts';
import { localeTag } from '../locales.ts';

/** Names and week rules of a locale, from the host's locale data. */
export interface DateNames {
  readonly tag: string;
  /** January first. */
  readonly months: Readonly<Record<TextStyle, readonly string[]>>;
  readonly standaloneMonths: Readonly<Record<TextStyle, readonly string[]>>;
  /** Monday first. */
  readonly weekdays: Readonly<Record<TextStyle, readonly string[]>>;
  readonly halfDays: readonly [string, string];
  /** Before and after the year 1. */
  readonly eras: readonly [string, string];
  /** 1 for Monday. */
  readonly firstDay: number;
  readonly minimalDays: number;
}

export type TextStyle = 'long' | 'short' | 'narrow';

const STYLES: readonly TextStyle[] = ['long', 'short', 'narrow'];
const cache = new GenerationCache<DateNames>(50, 50);

/** Regions whose week starts on Sunday, and on Saturday; elsewhere on Monday (CLDR week data). */
const SUNDAY = new Set(
  'AG AS BD BR BS BT BW BZ CA CO DM DO ET GT GU HK HN ID IL IN JM JP KE KH KR LA MH MM MO MT MX MZ NI NP PA PE PH PK PR PT PY SA SG SV TH TT TW UM US VE VI WS YE ZA ZW'.split(
    ' ',
  ),
);
const SATURDAY = new Set('AE AF BH DJ DZ EG IQ IR JO KW LY OM QA SD SY'.split(' '));
/** Regions whose first week of a year needs four days. */
const FOUR_DAYS = new Set(
  'AD AN AT AX BE BG CH CZ DE DK EE ES FI FJ FO FR GB GF GG GI GP GR HU IE IM IS IT JE LI LT LU MC MQ NL NO PL PT RE RU SE SJ SK SM VA'.split(
    ' ',
  ),
);

export function dateNames(locale: string): DateNames {
  const tag = localeTag(locale);
  const known = cache.get(tag);
  if (known !== undefined) return known;
  const names = readNames(tag);
  cache.set(tag, names, 1);
  return names;
}

function readNames(tag: string): DateNames {
  const region = new Intl.Locale(tag).maximize().region ?? '001';
  return {
    tag,
    months: byStyle((style) => months(tag, style, true)),
    standaloneMonths: byStyle((style) => months(tag, style, false)),
    weekdays: byStyle((style) => weekdays(tag, style)),
    halfDays: [halfDay(tag, 9), halfDay(tag, 15)],
    eras: [era(tag, -100), era(tag, 2000)],
    firstDay: SUNDAY.has(region) ? 7 : SATURDAY.has(region) ? 6 : 1,
    minimalDays: FOUR_DAYS.has(region) ? 4 : 1,
  };
}

function byStyle<T>(make: (style: TextStyle) => T): Record<TextStyle, T> {
  const [long, short, narrow] = STYLES.map(make) as [T, T, T];
  return { long, short, narrow };
}

function part(format: Intl.DateTimeFormat, date: number, type: Intl.DateTimeFormatPartTypes): string {
  return format.formatToParts(date).find((candidate) => candidate.type === type)?.value ?? '';
}

/** Month names as they stand beside a day, or alone; many languages tell them apart. */
function months(tag: string, style: TextStyle, besideDay: boolean): string[] {
  const format = new Intl.DateTimeFormat(tag, {
    month: style,
    ...(besideDay ? { day: 'numeric' } : {}),
    timeZone: 'UTC',
    calendar: 'gregory',
  });
  return Array.from({ length: 12 }, (_, month) => part(format, Date.UTC(2024, month, 15), 'month'));
}

function weekdays(tag: string, style: TextStyle): string[] {
  const format = new Intl.DateTimeFormat(tag, { weekday: style, timeZone: 'UTC' });
  return Array.from({ length: 7 }, (_, day) => part(format, Date.UTC(2024, 0, day + 1), 'weekday'));
}

function halfDay(tag: string, hour: number): string {
  const format = new Intl.DateTimeFormat(tag, { hour: 'numeric', hour12: true, timeZone: 'UTC' });
  const name = part(format, Date.UTC(2024, 0, 1, hour), 'dayPeriod');
  return name === '' ? (hour < 12 ? 'AM' : 'PM') : name;
}

function era(tag: string, year: number): string {
  const format = new Intl.DateTimeFormat(tag, { era: 'short', year: 'numeric', timeZone: 'UTC', calendar: 'gregory' });
  return part(format, Date.UTC(year, 5, 1), 'era');
}
