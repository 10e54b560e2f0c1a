import { ApiError, parseDuration } from '@tiercel/contracts';
import { JsonDepthError, JsonNumberError, parseJson } from '@tiercel/model';
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

const WHOLE = /^-?\d+$/;
const NUMBER = /-?\d[\d.eE+-]*/y;

/**
 * Refuses numbers that would be stored as something else: infinite ones would become null, and whole ones beyond 2^53 would
 * be rounded. Looks at the text, which is well-formed JSON: the parsed value does not tell `1e20` from a rounded number.
 */
function checkNumbers(json: string): void {
  for (let i = 0; i < json.length; i++) {
    const char = json[i]!;
    if (char === '"') {
      for (i++; json[i] !== '"'; i++) if (json[i] === '\\') i++;
    } else if (char === '-' || (char >= '0' && char <= '9')) {
      NUMBER.lastIndex = i;
      const literal = NUMBER.exec(json)![0];
      i += literal.length - 1;
      const number = Number(literal);
      const shown = literal.length > 50 ? `${literal.slice(0, 50)}…` : literal;
      if (!Number.isFinite(number))
        throw new ApiError('illegalArgument', `The number ${shown} is too large; send it as a string`);
      if (WHOLE.test(literal) && !Number.isSafeInteger(number)) {
        throw new ApiError(
          'illegalArgument',
          `The number ${shown} would be rounded, as whole numbers beyond ±${Number.MAX_SAFE_INTEGER} are; send it as a string`,
        );
      }
    }
  }
}

/** Reads the body of a PUT (rest-api.md §9.2): JSON, or a bare timestamp; 422 for anything else. */
export function parseKvValue(text: string): KvValue {
  const trimmed = text.trim();
  const timestamp = bareTimestamp(trimmed);
  if (timestamp !== undefined) return timestamp;
  let value: unknown;
  try {
    value = parseJson(trimmed);
  } catch (error) {
    if (error instanceof JsonDepthError)
      throw new ApiError('illegalArgument', `The JSON value is ${error.message}`, { cause: error });
    // Well-formed otherwise: it can be told which one.
    if (error instanceof JsonNumberError) checkNumbers(trimmed);
    throw new ApiError('illegalArgument', `Invalid JSON value for: ${text}`, { cause: error });
  }
  if (value === null) throw new ApiError('illegalArgument', `Invalid JSON value for: ${text}`);
  checkNumbers(trimmed);
  return typed(value);
}
