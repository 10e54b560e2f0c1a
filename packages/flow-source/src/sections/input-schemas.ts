import { INPUT_TYPES, type InputType } from '@tiercel/model';
import { z } from 'zod';
import { INPUT_ID } from './names.ts';

const flag = z.boolean().optional();
const texts = z.array(z.string()).optional();
const text = z.string().optional();

const COMMON = {
  id: INPUT_ID,
  type: z.string(),
  description: text,
  displayName: z.string().max(64).optional(),
  required: flag,
  defaults: z.unknown().optional(),
  prefill: z.unknown().optional(),
  dependsOn: z.strictObject({ inputs: texts, condition: text }).optional(),
};

const plain = z.object(COMMON);
const validated = z.object({ ...COMMON, validator: text });
const moment = z.object({ ...COMMON, after: text, before: text });
const CHOICE = { values: texts, expression: text, allowCustomValue: flag, autoSelectFirst: flag };
const seconds = z.union([z.string(), z.number()]).optional();
const itemType = z.enum(INPUT_TYPES);

/** Properties of each type of input (execution-semantics.md §10.2). */
export const INPUT_SCHEMAS: Readonly<Record<InputType, z.ZodObject>> = {
  STRING: validated,
  SECRET: validated,
  ENUM: z.object({ ...COMMON, values: z.array(z.string()).min(1) }),
  SELECT: z.object({ ...COMMON, ...CHOICE, isRadio: flag }),
  MULTISELECT: z.object({ ...COMMON, ...CHOICE, options: texts, itemType: itemType.optional() }),
  INT: z.object({ ...COMMON, min: z.number().int().optional(), max: z.number().int().optional() }),
  FLOAT: z.object({ ...COMMON, min: z.number().optional(), max: z.number().optional() }),
  DATETIME: moment,
  DATE: moment,
  TIME: moment,
  DURATION: z.object({ ...COMMON, min: seconds, max: seconds }),
  FILE: z.object({ ...COMMON, extension: text, allowedFileExtensions: texts, accept: z.unknown().optional() }),
  ARRAY: z.object({ ...COMMON, itemType }),
  BOOLEAN: plain,
  JSON: plain,
  YAML: plain,
  URI: plain,
  EMAIL: plain,
};

const TEXTUAL: ReadonlySet<InputType> = new Set([
  'STRING',
  'SECRET',
  'ENUM',
  'SELECT',
  'DATETIME',
  'DATE',
  'TIME',
  'URI',
  'EMAIL',
]);

/** Types whose values are texts. */
export const isTextual = (type: InputType): boolean => TEXTUAL.has(type);
