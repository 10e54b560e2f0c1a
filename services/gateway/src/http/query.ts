import { parse } from 'node:querystring';
import type { Request } from 'express';
import { ApiError, invalidEntity } from '@tiercel/contracts';
import type { Page, Sort } from '@tiercel/store';

/** The query parameters of a request, converted as asked (rest-api.md §3). */
export interface Query {
  has(name: string): boolean;
  names(): readonly string[];
  /** First value; undefined when absent. */
  text(name: string): string | undefined;
  /** First value; 400 when absent. */
  required(name: string): string;
  /** All values, as repeated. */
  all(name: string): readonly string[];
  /** All values, repeated or separated by commas. */
  list(name: string): readonly string[];
  flag(name: string, fallback: boolean): boolean;
  /** 422 when it is no whole number. */
  integer(name: string): number | undefined;
  /** One of these regardless of case; 422 otherwise. */
  oneOf<T extends string>(name: string, values: readonly T[]): T | undefined;
  manyOf<T extends string>(name: string, values: readonly T[]): readonly T[] | undefined;
  /** ISO date and time with offset, ms since 1970; 422 otherwise. */
  date(name: string): number | undefined;
}

export const cannotConvert = (name: string, value: string, reason: string): ApiError =>
  new ApiError('invalidArgument', `[${name}] for value [${value}] due to: ${reason}`);

/** Longest duration that a request may name, ms: what is longer leads out of the calendar. */
export const MAX_DURATION = 100 * 366 * 86_400_000;

const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** A date of a query: with an offset, which is compulsory. ms since 1970. */
export function dateOf(name: string, value: string): number {
  const ms = DATE.test(value) ? Date.parse(value.replace(/(\.\d{3})\d+/, '$1')) : NaN;
  if (Number.isNaN(ms))
    throw cannotConvert(name, value, 'not an ISO date and time with an offset, such as 2024-12-20T09:30:00Z');
  return ms;
}

export function oneOf<T extends string>(name: string, value: string, values: readonly T[]): T {
  const found =
    values.find((candidate) => candidate === value.toUpperCase()) ?? values.find((candidate) => candidate === value);
  if (found === undefined) throw cannotConvert(name, value, `not one of ${values.join(', ')}`);
  return found;
}

/** NUL and the other C0 control characters, as they stand in a URL. None of them is text; PostgreSQL cannot keep NUL. */
const CONTROL = /%[01][\da-f]/i;

/** 422 for a control character in a part of a URL. */
export function refuseControls(encoded: string, what: string): void {
  if (CONTROL.test(encoded)) throw new ApiError('illegalArgument', `${what} holds a control character`);
}

/** Parses the query of a request. Malformed percent-encoding is refused with 400, control characters with 422. */
export function queryOf(req: Request): Query {
  const { url } = req;
  const at = url.indexOf('?');
  const text = at < 0 ? '' : url.slice(at + 1);
  if (text.includes('%')) {
    try {
      decodeURIComponent(text);
    } catch (error) {
      throw new ApiError('badRequest', 'the query is not well-formed percent-encoded UTF-8', { cause: error });
    }
    for (const pair of text.split('&')) refuseControls(pair, `the query parameter ${JSON.stringify(nameIn(pair))}`);
  }
  return createQuery(parse(text, '&', '=', { maxKeys: 1000 }) as Readonly<Record<string, string | string[]>>);
}

/** The name in a well-formed `name=value`. */
const nameIn = (pair: string): string => decodeURIComponent(pair.split('=', 1)[0]!);

/** Query parameters from a parsed map of name → value or values. */
export function createQuery(values: Readonly<Record<string, string | readonly string[]>>): Query {
  const all = (name: string): readonly string[] => {
    const value = values[name];
    return value === undefined ? [] : typeof value === 'string' ? [value] : value;
  };
  const text = (name: string): string | undefined => all(name)[0];
  const list = (name: string): readonly string[] =>
    all(name)
      .flatMap((value) => value.split(','))
      .map((value) => value.trim())
      .filter((value) => value !== '');
  return {
    has: (name) => values[name] !== undefined,
    names: () => Object.keys(values),
    text,
    all,
    list,
    required(name) {
      const value = text(name);
      if (value === undefined) throw new ApiError('badRequest', `Required QueryValue [${name}] not specified`);
      return value;
    },
    flag: (name, fallback) => {
      const value = text(name)?.toLowerCase();
      if (value === undefined || value === '') return fallback;
      if (value === 'true' || value === 'false') return value === 'true';
      throw cannotConvert(name, value, 'not true or false');
    },
    integer(name) {
      const value = text(name);
      if (value === undefined || value === '') return undefined;
      if (!/^-?\d{1,9}$/.test(value)) throw cannotConvert(name, value, 'not a whole number');
      return Number(value);
    },
    oneOf(name, candidates) {
      const value = text(name);
      return value === undefined || value === '' ? undefined : oneOf(name, value, candidates);
    },
    manyOf(name, candidates) {
      const found = list(name);
      return found.length === 0 ? undefined : found.map((value) => oneOf(name, value, candidates));
    },
    date(name) {
      const value = text(name);
      return value === undefined || value === '' ? undefined : dateOf(name, value);
    },
  };
}

/** Sizes above this are cut down to it: every list is bounded. */
export const MAX_PAGE_SIZE = 1000;

/** `page` and `size` (rest-api.md §3): 422 below 1. `method` is the name under which clients know the violation. */
export function pageOf(query: Query, method = 'find'): Page {
  const page = query.integer('page') ?? 1;
  const size = query.integer('size') ?? 10;
  const errors = [
    ...(page < 1 ? [{ path: `${method}.page`, message: 'must be greater than or equal to 1' }] : []),
    ...(size < 1 ? [{ path: `${method}.size`, message: 'must be greater than or equal to 1' }] : []),
  ];
  if (errors.length > 0) throw invalidEntity(errors);
  return { page, size: Math.min(size, MAX_PAGE_SIZE) };
}

/** `sort=field:asc` (rest-api.md §3). Fields other than `keys` are refused. */
export function sortOf(query: Query, keys: readonly string[]): readonly Sort[] {
  return query.list('sort').map((entry) => {
    const parts = entry.split(':');
    const [field, direction] = parts;
    if (parts.length !== 2 || field === undefined || field === '')
      throw new ApiError('unprocessable', 'Invalid sort parameter');
    if (!keys.includes(field))
      throw new ApiError('unprocessable', `Invalid sort parameter: ${field} is not one of ${keys.join(', ')}`);
    return { field, descending: direction?.toLowerCase() !== 'asc' };
  });
}

/** `labels=key:value` (rest-api.md §4): split at the first colon; 409 for a key given twice. */
export function labelsOf(values: readonly string[]): readonly { readonly key: string; readonly value: string }[] {
  const seen = new Set<string>();
  return values.map((text) => {
    const colon = text.indexOf(':');
    const key = text.slice(0, Math.max(colon, 0)).trim();
    const value = text.slice(colon + 1).trim();
    if (key === '' || value === '') throw new ApiError('unprocessable', 'Invalid queryString parameter');
    if (seen.has(key)) throw new ApiError('illegalState', `Duplicate key ${key}`);
    seen.add(key);
    return { key, value };
  });
}
