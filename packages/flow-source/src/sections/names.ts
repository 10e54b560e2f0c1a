import { z } from 'zod';

/** Patterns of names (execution-semantics.md §10.1, §10.2, §10.10). */
export const FLOW_ID = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/)
  .max(100);
export const NAMESPACE = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]*$/)
  .max(150);
/** Ids of tasks and triggers. The length keeps them fit for paths and columns. */
export const TASK_ID = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_-]*$/)
  .max(256);
/** Ids of inputs and outputs; dots nest. */
export const INPUT_ID = z
  .string()
  .regex(/^[a-zA-Z0-9][.a-zA-Z0-9_-]*$/)
  .max(256);

/** A property with what people read about it. */
export const described = <T extends z.ZodType>(schema: T, title: string, dynamic = false, format?: string): T =>
  schema.meta({ title, $dynamic: dynamic, ...(format === undefined ? {} : { format }) });
