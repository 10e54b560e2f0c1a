import type { z } from 'zod';
import type { PluginDefinition } from '../define.ts';
import { propertySchema, type JsonSchema } from './json-schema.ts';

/** The schema of a map with properties. */
export interface ObjectSchema {
  readonly $schema: string;
  readonly title?: string;
  readonly description?: string;
  readonly $deprecated?: true;
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly $examples?: readonly JsonSchema[];
  readonly $metrics?: readonly JsonSchema[];
}

/** What a plugin type says of itself to clients (rest-api.md §13). */
export interface PluginSchema {
  readonly properties: ObjectSchema;
  readonly outputs?: ObjectSchema;
  readonly definitions: Readonly<Record<string, JsonSchema>>;
}

const DRAFT = 'http://json-schema.org/draft-07/schema#';

/** By definition, and by what is common to its kind; as many entries as there are definitions, twice. */
const made = new WeakMap<PluginDefinition, Map<z.ZodObject | undefined, PluginSchema>>();

/**
 * The JSON Schema of a plugin type, made once: its own properties, its outputs, examples and metrics. `common`: properties
 * that all types of its kind have; they come first, and one of the type's own wins over one of the same name.
 */
export function pluginSchema(definition: PluginDefinition, common?: z.ZodObject): PluginSchema {
  let schemas = made.get(definition);
  if (schemas === undefined) made.set(definition, (schemas = new Map()));
  let schema = schemas.get(common);
  if (schema === undefined) schemas.set(common, (schema = describe(definition, common)));
  return schema;
}

function describe(definition: PluginDefinition, common: z.ZodObject | undefined): PluginSchema {
  const { title, description, deprecated, outputs, examples = [], metrics = [] } = definition;
  const shape: Shape = { ...common?.shape, ...definition.properties.shape };
  return {
    properties: {
      ...objectSchema(shape),
      title,
      ...(description === undefined ? {} : { description }),
      ...(deprecated === true ? { $deprecated: true as const } : {}),
      ...(examples.length === 0 ? {} : { $examples: examples.map(exampleJson) }),
      ...(metrics.length === 0 ? {} : { $metrics: metrics.map(metricJson) }),
    },
    ...(outputs === undefined ? {} : { outputs: objectSchema(outputs.shape) }),
    definitions: {},
  };
}

type Shape = Readonly<Record<string, z.ZodType>>;

/** The schema of a map with these properties, each with `$required`. */
export function objectSchema(shape: Readonly<Record<string, unknown>>): ObjectSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const [name, property] of Object.entries(shape as Shape)) {
    const { schema, isRequired } = propertySchema(property);
    if (isRequired) required.push(name);
    properties[name] = { ...schema, $required: isRequired };
  }
  return { $schema: DRAFT, properties, ...(required.length === 0 ? {} : { required }) };
}

const exampleJson = ({ title, code }: { readonly title: string; readonly code: string }): JsonSchema => ({
  full: true,
  lang: 'yaml',
  title,
  code,
});

const metricJson = (metric: NonNullable<PluginDefinition['metrics']>[number]): JsonSchema => ({
  name: metric.name,
  type: metric.type,
  unit: metric.unit ?? '',
  description: metric.description ?? '',
});
