import { INPUT_TYPES, type InputType } from '@tiercel/model';
import { z } from 'zod';
import { described, INPUT_ID } from './names.ts';

const flag = (title: string) => described(z.boolean().optional(), title);
const texts = (title: string) => described(z.array(z.string()).optional(), title);
const text = (title: string) => described(z.string().optional(), title);

const COMMON = {
  id: described(INPUT_ID, 'Id; a dot nests: `a.b` is `b` in the map `a`.'),
  type: described(z.string(), 'Type of the input.'),
  description: text('What the input is for, in Markdown.'),
  displayName: described(z.string().max(64).optional(), 'What people see in place of the id.'),
  required: flag('Whether there must be a value; default true.'),
  defaults: described(z.unknown().optional(), 'Value when none is given.', true),
  prefill: described(z.unknown().optional(), 'Value that a form shows at first; it can be taken out.', true),
  dependsOn: described(
    z
      .strictObject({
        inputs: texts('Ids of inputs that come before this one.'),
        condition: described(z.string().optional(), 'Whether the input is asked for at all.', true),
      })
      .optional(),
    'Other inputs that this one depends on.',
  ),
};

const PATTERN = 'Regular expression that the whole value must match.';
const plain = z.object(COMMON);
const validated = z.object({ ...COMMON, validator: text(PATTERN) });
const moment = z.object({ ...COMMON, after: text('Earliest value.'), before: text('Latest value.') });
const CHOICE = {
  values: texts('Values that can be chosen.'),
  expression: described(z.string().optional(), 'Expression that gives the values.', true),
  allowCustomValue: flag('Whether other values are taken, too.'),
  autoSelectFirst: flag('Whether the first value is the default.'),
};
const seconds = (title: string) => described(z.union([z.string(), z.number()]).optional(), title);
const bound = (kind: z.ZodNumber, title: string) => described(kind.optional(), title);
const itemType = described(z.enum(INPUT_TYPES), 'Type of the entries; not ARRAY.');
const WHOLE = z.number().int();

/** Properties of each type of input (execution-semantics.md §10.2). */
export const INPUT_SCHEMAS: Readonly<Record<InputType, z.ZodObject>> = {
  STRING: validated,
  SECRET: validated,
  ENUM: z.object({ ...COMMON, values: described(z.array(z.string()).min(1), 'Values that can be chosen.') }),
  SELECT: z.object({ ...COMMON, ...CHOICE, isRadio: flag('Whether a form shows all values at once.') }),
  MULTISELECT: z.object({
    ...COMMON,
    ...CHOICE,
    options: texts('Older name of `values`.').meta({ deprecated: true }),
    itemType: itemType.optional(),
  }),
  INT: z.object({ ...COMMON, min: bound(WHOLE, 'Least value.'), max: bound(WHOLE, 'Greatest value.') }),
  FLOAT: z.object({ ...COMMON, min: bound(z.number(), 'Least value.'), max: bound(z.number(), 'Greatest value.') }),
  DATETIME: moment,
  DATE: moment,
  TIME: moment,
  DURATION: z.object({ ...COMMON, min: seconds('Shortest value.'), max: seconds('Longest value.') }),
  FILE: z.object({
    ...COMMON,
    extension: text('Extension that the stored file gets.'),
    allowedFileExtensions: texts('Extensions that are taken, each with its dot.'),
    accept: described(z.unknown().optional(), 'Older name of `allowedFileExtensions`.').meta({ deprecated: true }),
  }),
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
