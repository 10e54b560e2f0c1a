import type { Json, JsonObject } from '@tiercel/model';

let lastSecond = Number.NaN;
let lastText = '';

/**
 * ISO-8601 in UTC as the API writes it: ms only when there are some. `ms` since 1970. Dates of one execution are close together, and
 * `toISOString` costs 25 times what the rest does: the text up to the second is kept.
 */
export function isoDate(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== lastSecond) {
    lastText = new Date(second * 1000).toISOString().slice(0, -5);
    lastSecond = second;
  }
  const rest = Math.floor(ms - second * 1000);
  if (rest === 0) return `${lastText}Z`;
  return `${lastText}.${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
}

/** ISO-8601 duration of a number of ms, days folded into hours: `PT0.124S`, `PT26H`, `PT1M5S`, `PT0S`. */
export function isoDuration(ms: number): string {
  if (ms === 0) return 'PT0S';
  const sign = ms < 0 ? '-' : '';
  const total = Math.round(Math.abs(ms));
  const hours = Math.floor(total / 3_600_000);
  const minutes = Math.floor((total % 3_600_000) / 60_000);
  const rest = total % 60_000;
  let text = 'PT';
  if (hours > 0) text += `${sign}${hours}H`;
  if (minutes > 0) text += `${sign}${minutes}M`;
  if (rest > 0 || text === 'PT') text += `${sign}${rest / 1000}S`;
  return text;
}

const hasNull = (value: Json): boolean => {
  if (value === null) return true;
  if (typeof value !== 'object') return false;
  if (Array.isArray(value)) return (value as readonly Json[]).some(hasNullInside);
  const object = value as JsonObject;
  for (const key in object) if (hasNull(object[key]!)) return true;
  return false;
};

/** Nulls of a list stay, those of maps inside it go. */
const hasNullInside = (value: Json): boolean => value !== null && typeof value === 'object' && hasNull(value);

/** Leaves out nulls of maps, at every depth (rest-api.md §1). Answers the same value when there are none. */
export function dropNulls(value: Json): Json {
  if (value === null || typeof value !== 'object' || !hasNull(value)) return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map(dropNulls);
  const object = value as JsonObject;
  const kept: Record<string, Json> = {};
  for (const key of Object.keys(object)) {
    const member = object[key]!;
    if (member !== null) kept[key] = dropNulls(member);
  }
  return kept;
}

/** As `dropNulls`, but nulls at the top stay: the rule for an execution's inputs and outputs. */
export function dropInnerNulls(object: JsonObject): JsonObject {
  let copy: Record<string, Json> | undefined;
  for (const key of Object.keys(object)) {
    const member = object[key]!;
    const kept = dropNulls(member);
    if (kept !== member) {
      copy ??= { ...object };
      copy[key] = kept;
    }
  }
  return copy ?? object;
}

export const isEmptyObject = (object: object): boolean => {
  for (const _ in object) return false;
  return true;
};

const DURATION = /^([+-])?P(?:([+-]?\d+)D)?(?:T(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?\d+(?:[.,]\d{1,9})?)S)?)?$/i;

/** ms of an ISO duration of days, hours, minutes and seconds; undefined when the text is none. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text.trim());
  if (match === null) return undefined;
  const [, sign, days, hours, minutes, seconds] = match;
  // `P` and `PT` alone are no durations.
  if (days === undefined && hours === undefined && minutes === undefined && seconds === undefined) return undefined;
  const ms =
    Number(days ?? 0) * 86_400_000 +
    Number(hours ?? 0) * 3_600_000 +
    Number(minutes ?? 0) * 60_000 +
    Number((seconds ?? '0').replace(',', '.')) * 1000;
  return sign === '-' ? -ms : ms;
}
