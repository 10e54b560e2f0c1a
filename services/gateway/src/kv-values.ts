import { ApiError, parseDuration } from '@tiercel/contracts';
import type { KvEntry } from '@tiercel/store';

/** A value with the type that the store keeps it under. */
export type KvValue = Pick<KvEntry, 'type' | 'value'>;

const DATE = /^\d{4}-\d\d-\d\d$/;
const TIMESTAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;
const MIDNIGHT = /^(\d{4}-\d\d-\d\d)T00:00(?::00(?:\.0+)?)?(?:Z|\+00:00)$/;

/** True for a day that the calendar has. */
const isDay = (text: string): boolean => {
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
};

/** A bare timestamp: a day (also midnight UTC) is a DATE, anything else a DATETIME, in UTC when it ends in `Z`. */
function bareTimestamp(text: string): KvValue | undefined {
  if (DATE.test(text)) return isDay(text) ? { type: 'DATE', value: text } : undefined;
  const match = TIMESTAMP.exec(text);
  if (match === null || !isDay(text.slice(0, 10)) || Number.isNaN(Date.parse(text))) return undefined;
  const midnight = MIDNIGHT.exec(text);
  if (midnight !== null) return { type: 'DATE', value: midnight[1] };
  return { type: 'DATETIME', value: `${match[1]}${match[2] ?? ':00'}${match[3]}` };
}

const typed = (value: unknown): KvValue => {
  switch (typeof value) {
    case 'string':
      // A text that is an ISO duration is one; other texts stay text, also those that look like dates.
      return /^[+-]?P/i.test(value) && parseDuration(value) !== undefined
        ? { type: 'DURATION', value }
        : { type: 'STRING', value };
    case 'number':
      return { type: 'NUMBER', value };
    case 'boolean':
      return { type: 'BOOLEAN', value };
    default:
      return { type: 'JSON', value };
  }
};

/** Reads the body of a PUT (rest-api.md §9.2): JSON, or a bare timestamp; 422 for anything else. */
export function parseKvValue(text: string): KvValue {
  const trimmed = text.trim();
  const timestamp = bareTimestamp(trimmed);
  if (timestamp !== undefined) return timestamp;
  let value: unknown;
  try {
    value = JSON.parse(trimmed);
  } catch (error) {
    throw new ApiError('illegalArgument', `Invalid JSON value for: ${text}`, { cause: error });
  }
  if (value === null) throw new ApiError('illegalArgument', `Invalid JSON value for: ${text}`);
  return typed(value);
}
