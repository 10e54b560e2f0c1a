import type { InputType } from '@tiercel/model';
import { objectSchema, type PluginSchema } from '@tiercel/plugin-kit';
import { INPUT_SCHEMAS } from '../sections/input-schemas.ts';

/** The last word of the name under which clients know a type of input (rest-api.md §13). */
const CLASSES: Readonly<Record<InputType, string>> = {
  STRING: 'String',
  ENUM: 'Enum',
  SELECT: 'Select',
  INT: 'Int',
  FLOAT: 'Float',
  BOOLEAN: 'Boolean',
  DATETIME: 'DateTime',
  DATE: 'Date',
  TIME: 'Time',
  DURATION: 'Duration',
  FILE: 'File',
  JSON: 'Json',
  URI: 'URI',
  SECRET: 'Secret',
  ARRAY: 'Array',
  MULTISELECT: 'Multiselect',
  YAML: 'Yaml',
  EMAIL: 'Email',
};

/** The name under which clients know a type of input. */
export const inputClass = (type: InputType): string => `io.kestra.core.models.flows.input.${CLASSES[type]}Input`;

export const isInputType = (type: string): type is InputType => Object.hasOwn(CLASSES, type);

const made = new Map<InputType, PluginSchema>();

/** The schema of the properties of an input, made once; its `type` is the name of the schema. */
export function inputSchema(type: InputType): PluginSchema {
  let schema = made.get(type);
  if (schema === undefined) {
    const { type: _, ...own } = INPUT_SCHEMAS[type].shape;
    const properties = objectSchema(own);
    schema = { properties: { ...properties, required: [...(properties.required ?? []), 'type'] }, definitions: {} };
    made.set(type, schema);
  }
  return schema;
}
