import { INPUT_TYPES, type FlowOutput } from '@tiercel/model';
import { z } from 'zod';
import type { Path } from '../problem.ts';
import { isRawMap, kindOf, type Reader } from '../reader.ts';
import { checkSchema } from '../schema.ts';
import { reportUnknownFields, reportUnknownType } from '../unknown-names.ts';
import { INPUT_ID } from './names.ts';

/** Flow outputs (execution-semantics.md §10.4). */
export const FLOW_OUTPUT = z.object({
  id: INPUT_ID,
  type: z.enum(INPUT_TYPES),
  value: z.unknown(),
  description: z.string().optional(),
  displayName: z.string().max(64).optional(),
  required: z.boolean().optional(),
});

/** Reads the outputs of a flow (execution-semantics.md §10.4). What is wrong is told, each at its place. */
export function readOutputs(reader: Reader, value: unknown): readonly FlowOutput[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    reader.constraint(['outputs'], `expected a list, but got ${kindOf(value)}`);
    return [];
  }
  return value.flatMap((raw: unknown, index) => readOutput(reader, raw, ['outputs', index]) ?? []);
}

function readOutput(reader: Reader, raw: unknown, at: Path): FlowOutput | undefined {
  if (!isRawMap(raw)) {
    reader.constraint(at, `expected a map, but got ${kindOf(raw)}`);
    return undefined;
  }
  for (const key of Object.keys(raw)) if (raw[key] === null && key !== 'value') delete raw[key];
  reportUnknownFields(reader, at, raw, Object.keys(FLOW_OUTPUT.shape));
  const { type } = raw;
  if (typeof type === 'string' && !(INPUT_TYPES as readonly string[]).includes(type)) {
    reportUnknownType(reader, at, type, INPUT_TYPES);
    return undefined;
  }
  if (!checkSchema(reader, FLOW_OUTPUT, raw, at)) return undefined;
  return { ...(raw as unknown as FlowOutput), value: (raw['value'] ?? null) as FlowOutput['value'] };
}
