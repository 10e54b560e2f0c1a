import { parseJson, shortened } from '@tiercel/model';
import { dynamicText, type KvType, type KvValue, TaskFailure } from '@tiercel/plugin-kit';

export const KV_TYPES = [
  'STRING',
  'NUMBER',
  'BOOLEAN',
  'DATETIME',
  'DATE',
  'DURATION',
  'JSON',
] as const satisfies readonly KvType[];

/**
 * The namespace of an entry. The default is only shown, never rendered: a job carries the variables that the flow itself
 * names, and without a namespace the store takes that of the flow anyway.
 */
export const ownNamespace = dynamicText('Namespace of the entry; default is that of the flow.').optional().meta({
  title: 'Namespace of the entry; default is that of the flow.',
  default: '{{ flow.namespace }}',
  $dynamic: true,
});

/** The entry for a value without a declared type; a text that is an ISO duration is one (execution-semantics.md §13.5). */
export function inferKv(value: unknown): KvValue {
  switch (typeof value) {
    case 'number':
      return { type: 'NUMBER', value };
    case 'boolean':
      return { type: 'BOOLEAN', value };
    case 'string':
      return { type: ISO_DURATION.test(value) ? 'DURATION' : 'STRING', value };
    case 'object':
      if (value !== null) return { type: 'JSON', value };
      break;
    default:
  }
  throw new TaskFailure('`value` rendered to nothing: the key-value store keeps no null');
}

/** The entry for a value with a declared type; texts are converted, values of the type are taken as they are. */
export function convertKv(value: unknown, type: KvType): KvValue {
  const text = typeof value === 'string' ? value.trim() : undefined;
  switch (type) {
    case 'STRING':
      return { type, value: typeof value === 'string' ? value : JSON.stringify(value) };
    case 'NUMBER':
      return { type, value: text === undefined ? ofType(value, 'number', type) : numberOf(text) };
    case 'BOOLEAN':
      return { type, value: text === undefined ? ofType(value, 'boolean', type) : booleanOf(text) };
    case 'DATETIME':
      return { type, value: instantOf(text) };
    case 'DATE':
      return { type, value: dateOf(text) };
    case 'DURATION':
      if (text === undefined || !ISO_DURATION.test(text)) throw unfit(value, type, 'an ISO-8601 duration such as PT5M');
      return { type, value: text };
    case 'JSON':
      break;
  }
  return { type, value: text === undefined ? value : jsonOf(text) };
}

const ISO_DURATION = /^[+-]?P(?=.)(?:[+-]?\d+D)?(?:T(?=.)(?:[+-]?\d+H)?(?:[+-]?\d+M)?(?:[+-]?\d+(?:\.\d{0,9})?S)?)?$/i;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

const unfit = (value: unknown, type: KvType, wanted: string): TaskFailure =>
  new TaskFailure(`\`value\` is no ${type}: '${shortened(String(value), 80)}' should be ${wanted}`);

function ofType(value: unknown, wanted: 'number' | 'boolean', type: KvType): unknown {
  if (typeof value !== wanted) throw unfit(value, type, `a ${wanted}`);
  return value;
}

function numberOf(text: string): number {
  if (!NUMBER.test(text)) throw unfit(text, 'NUMBER', 'a number');
  return Number(text);
}

function booleanOf(text: string): boolean {
  const lower = text.toLowerCase();
  if (lower !== 'true' && lower !== 'false') throw unfit(text, 'BOOLEAN', 'true or false');
  return lower === 'true';
}

function instantOf(text: string | undefined): string {
  if (text === undefined || !DATE_TIME.test(text) || Number.isNaN(Date.parse(text))) {
    throw unfit(text, 'DATETIME', 'an ISO-8601 date and time with an offset, such as 2025-01-31T10:20:30Z');
  }
  return text;
}

/** The reference takes a date and time too, and keeps its day. */
function dateOf(text: string | undefined): string {
  if (text !== undefined && DATE.test(text) && !Number.isNaN(Date.parse(text))) return text;
  if (text !== undefined && DATE_TIME.test(text) && !Number.isNaN(Date.parse(text))) {
    return new Date(text).toISOString().slice(0, 10);
  }
  throw unfit(text, 'DATE', 'an ISO-8601 date such as 2025-01-31');
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new TaskFailure(`\`value\` is no JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
