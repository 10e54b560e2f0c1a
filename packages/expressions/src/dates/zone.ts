import { GenerationCache } from '../cache.ts';
import { fail } from '../errors.ts';

/** A time zone: a fixed offset, or a region with its rules. */
export interface Zone {
  readonly id: string;
  /** True for `UTC`, `Europe/Paris`, `GMT+2`; false for bare offsets such as `+02:00` and `Z`. */
  readonly isRegion: boolean;
  /** Seconds east of UTC at a moment (seconds since 1970). */
  readonly offsetAt: (epochSecond: number) => number;
}

const MAX_OFFSET = 18 * 3600;
/** Zones of three letters that are regions of the time zone database; all other such names are ambiguous and fail. */
const SHORT_REGIONS = new Set(['UTC', 'GMT', 'CET', 'EET', 'MET', 'WET', 'UCT', 'PRC', 'ROK']);
const REGION = /^[A-Za-z][A-Za-z0-9~/._+-]*$/;
const OFFSET = /^([+-])(\d{1,2})(?::?(\d{2})(?::?(\d{2}))?)?$/;
/** Time zone rules change at most on quarters of an hour in modern times, so one entry serves a quarter. */
const QUARTER = 900;
const MAX_CACHED = 2000;
const MAX_EPOCH_SECOND = 8_640_000_000_000;

/** Names may be written in any case, so there is no end of them; each region holds a format of the host. */
const zones = new GenerationCache<Zone>(300, 300);

/** The zone of a name (expressions.md §10.2). Unknown names fail. */
export function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const zone = makeZone(name);
  zones.set(name, zone, 1);
  return zone;
}

function makeZone(name: string): Zone {
  if (name === 'Z') return offsetZone(0);
  const offset = parseOffset(name);
  if (offset !== undefined) return offsetZone(offset);
  const prefixed = /^(UTC|GMT|UT)([+-].*)$/.exec(name);
  const prefixOffset = prefixed === null ? undefined : parseOffset(prefixed[2] ?? '');
  if (prefixed !== null && prefixOffset !== undefined) {
    const suffix = prefixOffset === 0 ? '' : offsetText(prefixOffset, 'colon');
    return { id: `${prefixed[1]}${suffix}`, isRegion: true, offsetAt: () => prefixOffset };
  }
  return regionZone(name);
}

/** Seconds of `+02:00`, `+0200`, `+02`, `+2`; undefined when the text is no offset. */
export function parseOffset(text: string): number | undefined {
  if (text === 'Z' || text === 'z') return 0;
  const match = OFFSET.exec(text);
  if (match === null) return undefined;
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match;
  if (Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  if (total > MAX_OFFSET) return undefined;
  return sign === '-' ? -total : total;
}

export function offsetZone(offset: number): Zone {
  return { id: offset === 0 ? 'Z' : offsetText(offset, 'colon'), isRegion: false, offsetAt: () => offset };
}

/** `+02:00` or `+0200`, with seconds only when there are any. */
export function offsetText(offset: number, style: 'colon' | 'plain'): string {
  const total = Math.abs(offset);
  const two = (value: number): string => String(value).padStart(2, '0');
  const parts = [two(Math.floor(total / 3600)), two(Math.floor(total / 60) % 60)];
  if (total % 60 !== 0) parts.push(two(total % 60));
  return (offset < 0 ? '-' : '+') + parts.join(style === 'colon' ? ':' : '');
}

function regionZone(name: string): Zone {
  if (!REGION.test(name) || (/^[A-Za-z]{3}$/.test(name) && !SHORT_REGIONS.has(name))) {
    return fail(`\`${name}\` is no time zone`);
  }
  if (name === 'UTC' || name === 'GMT' || name === 'UCT' || name === 'Zulu') {
    return { id: name, isRegion: true, offsetAt: () => 0 };
  }
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  } catch {
    // The host only says that the value is out of range.
    return fail(`\`${name}\` is no time zone`);
  }
  const offsets = new Map<number, number>();
  return {
    id: name,
    isRegion: true,
    offsetAt: (epochSecond) => {
      const quarter = Math.floor(epochSecond / QUARTER);
      const cached = offsets.get(quarter);
      if (cached !== undefined) return cached;
      const offset = readOffset(format, quarter * QUARTER);
      if (offsets.size >= MAX_CACHED) offsets.clear();
      offsets.set(quarter, offset);
      return offset;
    },
  };
}

function readOffset(format: Intl.DateTimeFormat, epochSecond: number): number {
  if (Math.abs(epochSecond) > MAX_EPOCH_SECOND) return fail('The date is out of range');
  const part = format.formatToParts(epochSecond * 1000).find(({ type }) => type === 'timeZoneName');
  return parseOffset((part?.value ?? '').replace('GMT', '')) ?? 0;
}

/**
 * The moment of a local time, given as if it were UTC. In a gap the time moves forward by the gap; in an overlap the
 * earlier moment counts.
 */
export function localToEpoch(localSecond: number, zone: Zone): number {
  const before = zone.offsetAt(localSecond - 86_400);
  const after = zone.offsetAt(localSecond + 86_400);
  if (before === after) return localSecond - before;
  if (zone.offsetAt(localSecond - before) === before) return localSecond - before;
  if (zone.offsetAt(localSecond - after) === after) return localSecond - after;
  return localSecond - before;
}
