/* oxlint-disable no-control-regex -- the formats are defined by their control characters */
import { shortened } from '@tiercel/model';
import { readIso, momentOf } from './dates/iso.ts';
import { Moment } from './dates/moment.ts';
import { readDuration } from './dates/typed.ts';
import { offsetZone } from './dates/zone.ts';
import { Failure } from './errors.ts';
import { parseJson } from './json.ts';
import { toPlainValue } from './plain.ts';
import { printed } from './print.ts';
import {
  isInteger,
  isList,
  isMap,
  isNumber,
  listItems,
  makeMap,
  mapEntries,
  Temporal,
  toBigInt,
  toDouble,
  type Value,
} from './values.ts';
import { unboundedWork } from './work.ts';

/** The types that a typed property can have (expressions.md §14). */
export type TypedKind =
  | 'string'
  | 'integer'
  | 'long'
  | 'decimal'
  | 'boolean'
  | 'duration'
  | 'instant'
  | 'datetime'
  | 'date'
  | 'uri'
  | 'list'
  | 'map';

/** A value that does not fit its type. */
export class ConversionError extends Error {
  readonly kind: TypedKind;

  constructor(kind: TypedKind, shown: string, reason: string) {
    super(`\`${shown}\` is no ${NAMES[kind]}: ${reason}`);
    this.name = 'ConversionError';
    this.kind = kind;
  }
}

const NAMES: Readonly<Record<TypedKind, string>> = {
  string: 'text',
  integer: 'integer',
  long: 'integer',
  decimal: 'decimal number',
  boolean: 'boolean',
  duration: 'duration',
  instant: 'date-time',
  datetime: 'date-time',
  date: 'date',
  uri: 'address',
  list: 'list',
  map: 'map',
};

/** False for exactly the empty text, `false`, `0` and `-0` (expressions.md §1.4). Null counts as empty. */
export function isTruthyText(text: string | null): boolean {
  return text !== null && text !== '' && text !== 'false' && text !== '0' && text !== '-0';
}

/**
 * Converts a rendered value to the type of its property (expressions.md §14). `null` means unset, so the property takes
 * its default. Durations come as milliseconds, dates and moments as ISO texts, lists and maps as values whose
 * elements are converted to `element` when it is given. Raises ConversionError, which names the type.
 */
export function convertTyped(kind: TypedKind, rendered: Value, element?: TypedKind): Value {
  if (rendered === null || rendered === undefined) return null;
  switch (kind) {
    case 'string':
      return isList(rendered) || isMap(rendered) ? refuse(kind, rendered, 'a text was expected') : shown(rendered);
    case 'integer':
      return toWhole(kind, rendered, 32n);
    case 'long':
      return toWhole(kind, rendered, 64n);
    case 'decimal':
      return toDecimal(rendered);
    case 'boolean':
      return toBoolean(rendered);
    case 'duration':
      return toDuration(rendered);
    case 'instant':
    case 'datetime':
      return toInstant(kind, rendered);
    case 'date':
      return toDate(rendered);
    case 'uri':
      return toUri(rendered);
    case 'list':
      return toList(rendered, element);
    case 'map':
      return toMap(rendered, element);
  }
}

function shown(value: Value): string {
  return printed(value, unboundedWork());
}

function refuse(kind: TypedKind, value: Value, reason: string): never {
  const text = shown(value);
  throw new ConversionError(kind, shortened(text, 100), reason);
}

function scalarText(kind: TypedKind, value: Value): string {
  return isList(value) || isMap(value) ? refuse(kind, value, 'a single value was expected') : shown(value);
}

function toWhole(kind: 'integer' | 'long', value: Value, bits: bigint): Value {
  const text = scalarText(kind, value).trim();
  if (text === '') return null;
  if (!/^[+-]?\d+$/.test(text)) return refuse(kind, value, 'only digits are allowed');
  const whole = BigInt(text.replace('+', ''));
  const limit = 1n << (bits - 1n);
  if (whole < -limit || whole >= limit) return refuse(kind, value, `it does not fit ${bits} bits`);
  return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole;
}

function toDecimal(value: Value): Value {
  const text = scalarText('decimal', value).trim();
  if (text === '') return null;
  if (/^[+-]?(?:NaN|Infinity)$/.test(text)) return Number(text);
  if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return refuse('decimal', value, 'it is no number');
  return Number(text);
}

function toBoolean(value: Value): Value {
  const text = scalarText('boolean', value).trim();
  if (text === '') return null;
  if (['true', 'True', 'TRUE'].includes(text)) return true;
  if (['false', 'False', 'FALSE'].includes(text)) return false;
  return refuse('boolean', value, 'only true and false are allowed');
}

function toDuration(value: Value): Value {
  const text = value instanceof Temporal ? value.iso() : scalarText('duration', value).trim();
  if (text === '') return null;
  return durationMillis(text) ?? refuse('duration', value, 'PT1M, P1DT2H or a number of seconds was expected');
}

function durationMillis(text: string): number | undefined {
  const duration = readDuration(text, true);
  return duration === undefined ? undefined : duration.seconds * 1000 + duration.nano / 1_000_000;
}

/**
 * Milliseconds of an ISO-8601 duration with days and time (`PT1M`, `P1DT2H`, no months or years) or of a number of
 * seconds (`60`, `60.5`) (expressions.md §14). Raises ConversionError.
 */
export function parseDuration(text: string | number): number {
  const given = typeof text === 'number' ? String(text) : text.trim();
  return durationMillis(given) ?? refuse('duration', text, 'PT1M, P1DT2H or a number of seconds was expected');
}

function toInstant(kind: 'instant' | 'datetime', value: Value): Value {
  if (value instanceof Date) return toPlainValue(value);
  const text = value instanceof Temporal ? value.iso() : scalarText(kind, value).trim();
  if (text === '') return null;
  const utc = offsetZone(0);
  if (/^[+-]?\d+(?:\.\d{1,9})?$/.test(text)) {
    const [seconds = '0', fraction = ''] = text.split('.');
    return new Moment(Number(seconds), Number(fraction.padEnd(9, '0')), utc).iso();
  }
  const written = readIso(text);
  if (written?.offset === undefined) return refuse(kind, value, 'an ISO date-time with offset was expected');
  const moment = momentOf(written, utc);
  return new Moment(moment.epochSecond, moment.nano, kind === 'instant' ? utc : moment.zone).iso();
}

function toDate(value: Value): Value {
  const text = value instanceof Temporal ? value.iso() : scalarText('date', value).trim();
  if (text === '') return null;
  const written = readIso(text);
  if (written === undefined || written.hasTime) return refuse('date', value, 'an ISO date was expected');
  return text;
}

/** Characters that an address may hold, percent encodings apart; other Unicode letters count. */
const URI = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2}|[^\u0000-\u007F\s])*$/u;

function toUri(value: Value): Value {
  const text = scalarText('uri', value);
  if (text === '') return null;
  return URI.test(text) ? text : refuse('uri', value, 'it holds characters that an address can not have');
}

/** A structure stays one; a text must be JSON of the wanted kind. */
function structure(kind: 'list' | 'map', value: Value): Value {
  if (typeof value !== 'string') return value;
  try {
    return parseJson(value, unboundedWork());
  } catch (error) {
    if (error instanceof Failure) return refuse(kind, value, error.message);
    throw error;
  }
}

function convertElement(value: Value, element: TypedKind | undefined): Value {
  if (element === undefined || value === null) return value;
  return convertTyped(element, value);
}

function toList(value: Value, element: TypedKind | undefined): Value {
  const items = structure('list', value);
  if (items === null) return null;
  if (!isList(items)) return refuse('list', value, 'a list was expected');
  return listItems(items).map((item) => convertElement(outward(item), element));
}

function toMap(value: Value, element: TypedKind | undefined): Value {
  const map = structure('map', value);
  if (map === null) return null;
  if (!isMap(map)) return refuse('map', value, 'a map was expected');
  return makeMap([...mapEntries(map)].map(([key, item]) => [key, convertElement(outward(item), element)] as const));
}

/** Whole numbers as JS numbers where they fit; everything else as it is. */
function outward(value: Value): Value {
  if (!isNumber(value) || !isInteger(value)) return value;
  const whole = toBigInt(value);
  return Number.isSafeInteger(toDouble(value)) ? Number(whole) : whole;
}
