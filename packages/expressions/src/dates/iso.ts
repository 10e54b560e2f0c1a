import { epochDay, monthLength, SECONDS_PER_DAY } from './calendar.ts';
import { localToEpoch, offsetZone, parseOffset, type Zone, zoneOf } from './zone.ts';

/** What a text says about a moment: a local time or date, and where it was written, if it says so. */
export interface Written {
  /** Seconds of the local time, counted as if it were UTC. */
  readonly localSecond: number;
  readonly nano: number;
  readonly hasTime: boolean;
  readonly offset: number | undefined;
  readonly zone: Zone | undefined;
}

const DATE = String.raw`([+-]\d{5,9}|-?\d{4})-(\d{2})-(\d{2})`;
const TIME = String.raw`(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?`;
const ISO = new RegExp(`^${DATE}(?:[Tt]${TIME}(Z|z|[+-]\\d{2}(?::?\\d{2}(?::?\\d{2})?)?)?(?:\\[([^\\]]+)\\])?)?$`);

/** Reads ISO dates and date-times, with or without offset and region; undefined when the text is none. */
export function readIso(text: string): Written | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, year = '', month = '', day = '', hour, minute = '0', second = '0', fraction = '', offsetText, region] =
    match;
  const date = { year: Number(year), month: Number(month), day: Number(day) };
  if (date.month < 1 || date.month > 12 || date.day < 1 || date.day > monthLength(date.year, date.month))
    return undefined;
  const days = epochDay(date) * SECONDS_PER_DAY;
  if (hour === undefined) return { localSecond: days, nano: 0, hasTime: false, offset: undefined, zone: undefined };
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const offset = offsetText === undefined ? undefined : parseOffset(offsetText);
  if (offsetText !== undefined && offset === undefined) return undefined;
  if (region !== undefined && offset === undefined) return undefined;
  return {
    localSecond: days + Number(hour) * 3600 + Number(minute) * 60 + Number(second),
    nano: Number(fraction.padEnd(9, '0')),
    hasTime: true,
    offset,
    zone: region === undefined ? undefined : zoneOf(region),
  };
}

/** The moment, reading local times in `zone`; with the zone in which it counts as written (expressions.md §10.2, §10.4). */
export function momentOf(written: Written, zone: Zone): { epochSecond: number; nano: number; zone: Zone } {
  const { offset, nano } = written;
  if (offset !== undefined) {
    return { epochSecond: written.localSecond - offset, nano, zone: written.zone ?? offsetZone(offset) };
  }
  const own = written.zone ?? zone;
  return { epochSecond: localToEpoch(written.localSecond, own), nano, zone: own };
}
