import { z } from 'zod';

const DATE = String.raw`\d{4}-\d{2}-\d{2}`;
const TIME = String.raw`([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?`;
const OFFSET = String.raw`(Z|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)`;
const DATE_TIME = new RegExp(`^${DATE}T${TIME}${OFFSET}(\\[[^\\]]+\\])?$`);
const LOCAL_TIME = new RegExp(`^${TIME}$`);
const OFFSET_TIME = new RegExp(`^${TIME}${OFFSET}$`);

/** A real day of the calendar: `2024-02-30` is none. */
const isDay = (text: string): boolean => {
  const ms = Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text.slice(0, 10));
};

const checked = (isOne: (text: string) => boolean, what: string, format: string, title: string) =>
  z
    .string()
    .refine((text) => isOne(text.trim()), { message: `is no ${what}` })
    .meta({ title, format, $dynamic: false });

/** A moment as written in a flow: `2024-01-31T10:00:00Z`, `2024-01-31T10:00:00+02:00`. */
export const dateTime = (title: string) =>
  checked(
    (text) => DATE_TIME.test(text) && isDay(text),
    'date-time: write it with an offset, such as 2024-01-31T10:00:00Z',
    'date-time',
    title,
  );

/** A time of day: `08:00`, `08:00:30`. */
export const localTime = (title: string) =>
  checked((text) => LOCAL_TIME.test(text), 'time of day, such as 08:00:00', 'partial-time', title);

/** A time of day with its offset: `08:00:00+02:00`. */
export const offsetTime = (title: string) =>
  checked((text) => OFFSET_TIME.test(text), 'time of day with an offset, such as 08:00:00+02:00', 'time', title);

/** Whether a name or offset of a time zone means something here: `Europe/Paris`, `UTC`, `+02:00`, `GMT+2`. */
export function isTimeZone(text: string): boolean {
  if (/^(?:(?:UTC|GMT|UT)?[+-](?:0?\d|1[0-8])(?::?[0-5]\d)?|Z)$/.test(text)) return true;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    // The platform's way of saying that it knows no such zone.
    return false;
  }
}

/** A time zone as written in a flow; one with an expression is judged when it is rendered. */
export const timeZone = (title: string, dynamic: boolean) =>
  z
    .string()
    .refine((text) => (dynamic && text.includes('{')) || isTimeZone(text), {
      error: ({ input }) => `'${String(input)}' is not a valid time-zone ID`,
    })
    .meta({ title, $dynamic: dynamic });
