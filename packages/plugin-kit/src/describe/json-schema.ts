import { z } from 'zod';
import { docsOf } from '../properties.ts';

/** A JSON Schema (draft-07), with `$dynamic`, `$deprecated`, `$required` and `$holds` beside what the draft knows. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema of what people write. What has none (a recursive schema, a type of a foreign kind) is described by its
 * title and description only, and takes anything.
 */
export const jsonSchemaOf = (schema: z.ZodType): JsonSchema => propertySchema(schema).schema;

/** The same for a property of a map, and whether it must be there. */
export function propertySchema(schema: z.ZodType): { readonly schema: JsonSchema; readonly isRequired: boolean } {
  try {
    // Within a map, since the library tells only there what is required.
    const { properties, required = [] } = z.toJSONSchema(z.object({ value: schema }), {
      target: 'draft-07',
      io: 'input',
      unrepresentable: 'any',
      cycles: 'throw',
    });
    const made = properties?.['value'] as Record<string, unknown>;
    return { schema: tidy({ ...annotations(schema), ...made }), isRequired: required.length === 1 };
  } catch {
    // The library's only way of saying that it cannot.
    return { schema: tidy({ ...annotations(schema) }), isRequired: schema._zod.optin === undefined };
  }
}

/** Those that the draft has no place for, and a default that is only shown (`meta({ default })`): the library drops it. */
function annotations(schema: z.ZodType): JsonSchema {
  const { id: _, ...docs } = docsOf(schema);
  return docs;
}

type Part = Record<string, unknown>;
const isPart = (value: unknown): value is Part => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Rewrites what the library says into the form that clients know (golden/schema-flow.json), with nothing that says nothing. */
function tidy(schema: Part): JsonSchema {
  const tidied: Part = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'deprecated') {
      if (value === true) tidied['$deprecated'] = true;
    } else if (!isIdle(key, value)) tidied[key] = below(key, value);
  }
  const { anyOf, ...rest } = tidied;
  return areDistinct(anyOf) ? { ...rest, oneOf: anyOf } : tidied;
}

function isIdle(key: string, value: unknown): boolean {
  if (key === '$schema') return true;
  if (key === 'propertyNames') return isPart(value) && Object.keys(value).join() === 'type';
  if (key === 'additionalProperties') return isPart(value) && Object.keys(value).length === 0;
  if (key === 'minItems') return value === 0;
  // Bounds of whole numbers that JavaScript can hold; nobody has set them.
  return (key === 'minimum' || key === 'maximum') && Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER;
}

function below(key: string, value: unknown): unknown {
  if (key === 'properties' && isPart(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, property]) => [name, isPart(property) ? tidy(property) : property]),
    );
  }
  if (key === 'items' || key === 'additionalProperties') return isPart(value) ? tidy(value) : value;
  if ((key === 'anyOf' || key === 'oneOf' || key === 'allOf') && Array.isArray(value))
    return value.map((option: unknown) => (isPart(option) ? tidy(option) : option));
  return value;
}

/** Whether no value can fit two of the options, so that `oneOf` says the same as `anyOf`. */
function areDistinct(options: unknown): options is readonly unknown[] {
  if (!Array.isArray(options)) return false;
  const types = options.map((option: unknown) => (isPart(option) ? option['type'] : undefined));
  const names = types.map((type) => (type === 'integer' ? 'number' : type));
  return names.every((name) => typeof name === 'string') && new Set(names).size === names.length;
}
