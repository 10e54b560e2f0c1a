import { INPUT_TYPES, type FlowInput, type Json } from '@tiercel/model';
import { z } from 'zod';
import { compilePattern } from '../pattern.ts';
import type { Path } from '../problem.ts';
import { isRawMap, kindOf, type RawMap, type Reader } from '../reader.ts';
import { checkSchema } from '../schema.ts';
import { reportUnknownField, reportUnknownType, reportUnsupported } from '../unknown-names.ts';
import { INPUT_ID } from './names.ts';

const COMMON = {
  id: INPUT_ID,
  type: z.string(),
  description: z.string().optional(),
  displayName: z.string().max(64).optional(),
  required: z.boolean().optional(),
  defaults: z.unknown().optional(),
};

/** Own properties of each type (execution-semantics.md §10.2). */
const BY_TYPE: Readonly<Record<FlowInput['type'], z.ZodObject>> = {
  STRING: z.object({ ...COMMON, validator: z.string().optional() }),
  INT: z.object({ ...COMMON, min: z.number().int().optional(), max: z.number().int().optional() }),
  FLOAT: z.object({ ...COMMON, min: z.number().optional(), max: z.number().optional() }),
  BOOLEAN: z.object(COMMON),
  JSON: z.object(COMMON),
  FILE: z.object({ ...COMMON, extension: z.string().optional() }),
};

/** Types that the language has and this version does not do yet. */
const UNSUPPORTED_TYPES = new Set([
  'ENUM',
  'SELECT',
  'MULTISELECT',
  'DATETIME',
  'DATE',
  'TIME',
  'DURATION',
  'YAML',
  'URI',
  'EMAIL',
  'SECRET',
  'ARRAY',
]);
const UNSUPPORTED_PROPERTIES = new Set(['dependsOn', 'prefill', 'accept', 'allowedFileExtensions']);

/** An input as read; `name` is the older spelling of `id`, kept because the API gives back both. */
export type ReadInput = FlowInput & { readonly name?: string };

export function readInputs(reader: Reader, value: unknown): readonly ReadInput[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    reader.constraint(['inputs'], `expected a list, but got ${kindOf(value)}`);
    return [];
  }
  return value.flatMap((raw: unknown, index) => readInput(reader, raw, ['inputs', index]) ?? []);
}

function readInput(reader: Reader, raw: unknown, at: Path): ReadInput | undefined {
  if (!isRawMap(raw)) {
    reader.constraint(at, `expected a map, but got ${kindOf(raw)}`);
    return undefined;
  }
  for (const key of Object.keys(raw)) if (raw[key] === null && key !== 'defaults') delete raw[key];
  acceptOldName(reader, raw, at);
  const type = inputType(reader, raw['type'], at);
  if (type === undefined) return undefined;
  const schema = BY_TYPE[type];
  for (const key of Object.keys(raw)) {
    if (key === 'name' || Object.hasOwn(schema.shape, key)) continue;
    if (UNSUPPORTED_PROPERTIES.has(key)) reportUnsupported(reader, [...at, key], `"${key}" of an input`);
    else reportUnknownField(reader, at, key, Object.keys(schema.shape));
  }
  if (!checkSchema(reader, schema, raw, at)) return undefined;
  checkValues(reader, raw, type, at);
  return { ...(raw as unknown as ReadInput), required: (raw['required'] as boolean | undefined) ?? true };
}

/** `name` is a deprecated alias of `id`. */
function acceptOldName(reader: Reader, raw: RawMap, at: Path): void {
  if (raw['name'] === undefined) return;
  reader.deprecate([...at, 'name']);
  raw['id'] ??= raw['name'];
}

function inputType(reader: Reader, type: unknown, at: Path): FlowInput['type'] | undefined {
  if (typeof type !== 'string') {
    reader.constraint(
      [...at, 'type'],
      type === undefined ? 'must not be null' : `expected a text, but got ${kindOf(type)}`,
    );
    return undefined;
  }
  if ((INPUT_TYPES as readonly string[]).includes(type)) return type as FlowInput['type'];
  if (UNSUPPORTED_TYPES.has(type)) reportUnsupported(reader, [...at, 'type'], `the input type ${type}`, 'value');
  else reportUnknownType(reader, at, type, INPUT_TYPES);
  return undefined;
}

function checkValues(reader: Reader, raw: RawMap, type: FlowInput['type'], at: Path): void {
  const { defaults, validator, min, max } = raw as { defaults?: Json; validator?: string; min?: number; max?: number };
  if (type === 'FILE' && defaults !== undefined && defaults !== null) {
    reader.constraint(
      at,
      "no `defaults` can be set for inputs of type 'FILE'",
      reader.document.place([...at, 'defaults'], 'key'),
    );
  }
  if (validator !== undefined && compilePattern(validator) === undefined) {
    reader.constraint([...at, 'validator'], `invalid pattern [${validator}]`);
  }
  if (min !== undefined && max !== undefined && min > max) {
    reader.constraint([...at, 'min'], `must not be more than max (${max})`);
  }
  // As written: a text default 1.10 stays 1.10.
  if (type === 'STRING' && (typeof defaults === 'number' || typeof defaults === 'boolean')) {
    raw['defaults'] = reader.document.textOf([...at, 'defaults']) ?? String(defaults);
  }
}
