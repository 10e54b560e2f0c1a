import { z } from 'zod';

/** What people read about a property; `description` in Markdown. */
export interface PropertyDocs {
  readonly title: string;
  readonly description?: string;
}

/** YAML writes `42` and `true` for the texts "42" and "true"; the reference takes them as texts, so do we. */
const scalarToText = (value: unknown): unknown =>
  typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint' ? String(value) : value;

/**
 * A text that is rendered when the task runs. Numbers and booleans are taken as their text. Give it a default by
 * `.prefault(…)`: a `.default(…)` would not show in the JSON Schema of what people write.
 */
export const dynamicText = (title: string, description?: string) =>
  z.preprocess(scalarToText, z.string()).meta({ ...docs(title, description), $dynamic: true });

/** A list of texts, each rendered. */
export const dynamicTexts = (title: string, description?: string, minimum = 0) =>
  z
    .array(z.preprocess(scalarToText, z.string()))
    .min(minimum)
    .meta({ ...docs(title, description), $dynamic: true });

/** A map whose keys and values are rendered. */
export const dynamicMap = (title: string, description?: string) =>
  z.record(z.string(), z.unknown()).meta({ ...docs(title, description), $dynamic: true });

/** A setting that is no expression. */
export const fixedBoolean = (standard: boolean, title: string, description?: string) =>
  z
    .boolean()
    .default(standard)
    .meta({ ...docs(title, description), $dynamic: false });

const ISO_DURATION =
  /^[+-]?P(?=.)(?:[+-]?\d+D)?(?:T(?=.)(?:[+-]?\d+H)?(?:[+-]?\d+M)?(?:[+-]?\d+(?:[.,]\d{0,9})?S)?)?$/i;
const SECONDS = /^\d+(?:\.\d+)?$/;

/**
 * A duration: ISO-8601 (`PT10S`, `P1DT2H`) or a number of seconds, or an expression that gives one. A text that is
 * neither is refused when the flow is saved.
 */
export const duration = (title: string, description?: string) =>
  z
    .preprocess(
      scalarToText,
      z.string().refine((text) => text.includes('{') || ISO_DURATION.test(text.trim()) || SECONDS.test(text.trim()), {
        message: 'is no duration: write ISO-8601, such as PT10S or P1DT2H, or a number of seconds',
      }),
    )
    .meta({ ...docs(title, description), format: 'duration', $dynamic: true });

/** Tasks inside a task: each is validated by its own type elsewhere. */
export const taskList = (title: string, minimum = 0) =>
  z.array(z.record(z.string(), z.unknown())).min(minimum).meta({ title, $dynamic: false, $holds: 'task' });

/** Conditions: each is validated by its own type elsewhere. */
export const conditionList = (title: string, minimum = 0) =>
  z.array(z.record(z.string(), z.unknown())).min(minimum).meta({ title, $dynamic: false, $holds: 'condition' });

const docs = (title: string, description: string | undefined): PropertyDocs =>
  description === undefined ? { title } : { title, description };

/** What is said of a property, also when that stands inside `optional`, a default or a conversion. */
export function docsOf(schema: unknown): Readonly<Record<string, unknown>> {
  let docs: Readonly<Record<string, unknown>> = {};
  let at = schema as {
    meta?(): object | undefined;
    unwrap?(): unknown;
    readonly out?: unknown;
    readonly element?: unknown;
  };
  for (let level = 0; level < 8 && typeof at?.meta === 'function'; level++) {
    docs = { ...at.meta(), ...docs };
    // A list has an `unwrap`, too: its element; that is no wrapper.
    if (at.element !== undefined) break;
    const inner = typeof at.unwrap === 'function' ? at.unwrap() : at.out;
    if (inner === undefined) break;
    at = inner as typeof at;
  }
  return docs;
}
