import { ApiError, parseDuration } from '@tiercel/contracts';
import { LOG_LEVELS, STATES } from '@tiercel/model';
import { isAnything, searchTextProblem, type ExecutionFilter, type LogFilter, type SearchedIn } from '@tiercel/store';
import { cannotConvert, createQuery, labelsOf, MAX_DURATION, type Query } from './http/query.ts';

interface Field {
  readonly operations: readonly string[];
  /** Name of the flat parameter, where it differs. */
  readonly flat?: string;
}

/** Fields of the bracket syntax (rest-api.md §19) with the operations that this version answers exactly. */
const FIELDS: Readonly<Record<string, Field>> = {
  q: { operations: ['EQUALS', 'CONTAINS'] },
  scope: { operations: ['EQUALS', 'IN'] },
  namespace: { operations: ['PREFIX', 'STARTS_WITH'] },
  flowId: { operations: ['EQUALS'] },
  state: { operations: ['EQUALS', 'IN'] },
  labels: { operations: ['EQUALS'] },
  startDate: { operations: ['GREATER_THAN_OR_EQUAL_TO'] },
  endDate: { operations: ['LESS_THAN_OR_EQUAL_TO'] },
  timeRange: { operations: ['EQUALS'] },
  childFilter: { operations: ['EQUALS'] },
  triggerExecutionId: { operations: ['EQUALS'] },
  triggerId: { operations: ['EQUALS'] },
  level: { operations: ['GREATER_THAN_OR_EQUAL_TO', 'EQUALS'], flat: 'minLevel' },
};

export const EXECUTION_FIELDS = [
  'q',
  'scope',
  'namespace',
  'flowId',
  'state',
  'labels',
  'startDate',
  'endDate',
  'timeRange',
  'childFilter',
  'triggerExecutionId',
] as const;
export const LOG_FIELDS = [
  'q',
  'namespace',
  'flowId',
  'triggerId',
  'level',
  'startDate',
  'endDate',
  'timeRange',
] as const;
export const FLOW_FIELDS = ['q', 'scope', 'namespace', 'labels'] as const;

const BRACKETS = /^filters\[([^\]]+)\]\[([^\]]+)\](?:\[([^\]]+)\])?$/;

/** One bracket filter as a flat name and value. Throws 422 for what this search does not know. */
function flatten(
  name: string,
  value: string,
  allowed: readonly string[],
  exactNamespace: boolean,
): readonly [string, string] {
  const match = BRACKETS.exec(name);
  const [, field = '', operation = '', key] = match ?? [];
  const known = allowed.includes(field) ? FIELDS[field] : undefined;
  if (known === undefined) {
    throw new ApiError('illegalArgument', `Unknown filter '${name}'; known fields are ${allowed.join(', ')}`);
  }
  const operations = field === 'namespace' && exactNamespace ? [...known.operations, 'EQUALS'] : known.operations;
  if (!operations.includes(operation)) {
    throw new ApiError(
      'illegalArgument',
      `Filter '${field}' does not support ${operation}; use ${operations.join(' or ')}`,
    );
  }
  if (key !== undefined && field !== 'labels') throw new ApiError('illegalArgument', `Unknown filter '${name}'`);
  return [known.flat ?? field, key === undefined ? value : `${key}:${value}`];
}

/**
 * Joins the flat filters and those in brackets (`filters[namespace][PREFIX]=a`) to one flat query. An unknown field or operation
 * in brackets is refused with 422; unknown flat parameters are ignored (rest-api.md §1).
 */
export function flatFilters(query: Query, allowed: readonly string[]): Query {
  const bracketed = query.names().filter((name) => name.startsWith('filters'));
  if (bracketed.length === 0) return query;
  const exactNamespace = query.has('flowId') || query.has('filters[flowId][EQUALS]');
  const values: Record<string, string[]> = {};
  for (const name of query.names()) if (!name.startsWith('filters')) values[name] = [...query.all(name)];
  for (const name of bracketed) {
    for (const value of query.all(name)) {
      const [flat, text] = flatten(name, value, allowed, exactNamespace);
      (values[flat] ??= []).push(text);
    }
  }
  return createQuery(values);
}

const present = <T>(key: string, value: T | undefined): Record<string, T> =>
  value === undefined ? {} : { [key]: value };
/** An absent or empty text is no filter. */
const textOf = (query: Query, name: string): Record<string, string> => present(name, query.text(name) || undefined);

/** `startDate`, `endDate` and `timeRange` (rest-api.md §3), ms since 1970. */
function datesOf(query: Query, now: number): { startDate?: number; endDate?: number } {
  let startDate = query.date('startDate');
  const endDate = query.date('endDate');
  const range = query.text('timeRange');
  if (range !== undefined && range !== '') {
    if (startDate !== undefined) {
      throw new ApiError('illegalArgument', "Parameters 'startDate' and 'timeRange' are mutually exclusive");
    }
    const ms = parseDuration(range);
    if (ms === undefined) throw cannotConvert('timeRange', range, 'not an ISO duration, such as PT5M or P1D');
    if (Math.abs(ms) > MAX_DURATION) throw cannotConvert('timeRange', range, 'longer than 100 years');
    startDate = now - Math.abs(ms);
  }
  if (startDate !== undefined && endDate !== undefined && startDate > endDate) {
    throw new ApiError('illegalArgument', 'Start date must be before End Date');
  }
  return { ...present('startDate', startDate), ...present('endDate', endDate) };
}

/** `q` of `*` or nothing finds everything. 422 for more words or characters than a search bears. */
export const freeText = (query: Query, searchedIn: SearchedIn = 'text'): { q?: string } => {
  const q = query.text('q')?.trim();
  if (q === undefined || isAnything(q)) return {};
  const problem = searchTextProblem(q, searchedIn);
  if (problem !== undefined) throw new ApiError('illegalArgument', `q: ${problem}`);
  return { q };
};

export interface FilterContext {
  readonly tenant: string;
  readonly systemNamespace: string;
  /** ms since 1970. */
  readonly now: number;
}

/** The filters of executions (rest-api.md §3). */
export function executionFilter(given: Query, { tenant, systemNamespace, now }: FilterContext): ExecutionFilter {
  const query = flatFilters(given, EXECUTION_FIELDS);
  const labels = labelsOf(query.all('labels'));
  return {
    tenant,
    systemNamespace,
    ...freeText(query),
    ...textOf(query, 'namespace'),
    ...textOf(query, 'flowId'),
    ...textOf(query, 'triggerExecutionId'),
    ...present('scope', query.manyOf('scope', ['USER', 'SYSTEM'] as const)),
    ...present('states', query.manyOf('state', STATES)),
    ...present('childFilter', query.oneOf('childFilter', ['CHILD', 'MAIN'] as const)),
    ...(labels.length === 0 ? {} : { labels }),
    ...datesOf(query, now),
  };
}

/** The filters of logs (rest-api.md §10.1). */
export function logFilter(given: Query, { tenant, now }: FilterContext): LogFilter {
  const query = flatFilters(given, LOG_FIELDS);
  return {
    tenant,
    ...freeText(query),
    ...textOf(query, 'namespace'),
    ...textOf(query, 'flowId'),
    ...textOf(query, 'triggerId'),
    ...present('minLevel', query.oneOf('minLevel', LOG_LEVELS)),
    ...datesOf(query, now),
  };
}
