import type { FlowConcurrency, FlowSla, JsonObject } from '@tiercel/model';
import { z } from 'zod';
import type { Path } from '../problem.ts';
import { isRawMap, kindOf, type RawMap, type Reader } from '../reader.ts';
import { checkSchema } from '../schema.ts';
import { reportNotYet, reportUnknownField } from '../unknown-names.ts';
import { readLabels } from './labels.ts';
import { TASK_ID } from './names.ts';
import { checkRetry, durationAt, RETRY } from './retry.ts';

export const CONCURRENCY = z.strictObject({
  limit: z.number().int().min(1),
  behavior: z.enum(['QUEUE', 'CANCEL', 'FAIL']).optional(),
});

/** Reads how many executions may run at a time (execution-semantics.md §10.6). */
export function readConcurrency(reader: Reader, value: unknown): FlowConcurrency | undefined {
  const raw = mapAt(reader, value, ['concurrency']);
  if (raw === undefined || !checkSchema(reader, CONCURRENCY, raw, ['concurrency'])) return undefined;
  reportNotYet(reader, ['concurrency'], '"concurrency"');
  const { limit, behavior = 'QUEUE' } = raw as unknown as Partial<FlowConcurrency> & { limit: number };
  return { limit, behavior };
}

/** Reads the retry of a whole flow (execution-semantics.md §8.2). */
export function readFlowRetry(reader: Reader, value: unknown): JsonObject | undefined {
  const raw = mapAt(reader, value, ['retry']);
  if (raw === undefined) return undefined;
  const wrapped = { retry: raw };
  if (!checkSchema(reader, z.object({ retry: RETRY }), wrapped, [])) return undefined;
  checkRetry(reader, raw, ['retry']);
  reportNotYet(reader, ['retry'], '"retry" of a flow');
  return raw as JsonObject;
}

const SLA_COMMON = {
  id: TASK_ID,
  behavior: z.enum(['FAIL', 'CANCEL', 'NONE']),
  labels: z.unknown().optional(),
};
export const SLA = {
  MAX_DURATION: z.object({ ...SLA_COMMON, type: z.literal('MAX_DURATION'), duration: z.string() }),
  EXECUTION_ASSERTION: z.object({ ...SLA_COMMON, type: z.literal('EXECUTION_ASSERTION'), assert: z.string().min(1) }),
} as const;

/** Reads what executions promise (execution-semantics.md §10.7). */
export function readSla(reader: Reader, value: unknown): readonly FlowSla[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    reader.constraint(['sla'], `expected a list, but got ${kindOf(value)}`);
    return [];
  }
  if (value.length > 0) reportNotYet(reader, ['sla'], '"sla"');
  return value.flatMap((item: unknown, index) => readOneSla(reader, item, ['sla', index]) ?? []);
}

function readOneSla(reader: Reader, value: unknown, at: Path): FlowSla | undefined {
  const raw = mapAt(reader, value, at);
  if (raw === undefined) return undefined;
  const { type } = raw;
  if (typeof type !== 'string' || !Object.hasOwn(SLA, type)) {
    const names = Object.keys(SLA).join(', ');
    reader.constraint(
      [...at, 'type'],
      type === undefined ? 'must not be null' : `must be one of [${names}], but is ${JSON.stringify(type)}`,
    );
    return undefined;
  }
  const schema: z.ZodObject = SLA[type as keyof typeof SLA];
  const known = Object.keys(schema.shape);
  for (const key of Object.keys(raw)) if (!known.includes(key)) reportUnknownField(reader, at, key, known);
  const isSound = checkSchema(reader, schema, raw, at);
  if (type === 'MAX_DURATION') durationAt(reader, raw['duration'], [...at, 'duration']);
  const labels = readLabels(reader, raw['labels'], [...at, 'labels'], []);
  if (!isSound) return undefined;
  return { ...(raw as unknown as FlowSla), ...(labels.length === 0 ? {} : { labels }) };
}

/** A map without its empty entries; reports everything else that is not simply absent. */
export function mapAt(reader: Reader, value: unknown, at: Path): RawMap | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isRawMap(value)) {
    reader.constraint(at, `expected a map, but got ${kindOf(value)}`);
    return undefined;
  }
  for (const key of Object.keys(value)) if (value[key] === null) delete value[key];
  return value;
}
