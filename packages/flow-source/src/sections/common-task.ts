import { LOG_LEVELS } from '@tiercel/model';
import { z } from 'zod';
import { parseDuration } from '../durations.ts';
import type { Path } from '../problem.ts';
import { isRawMap, type RawMap, type Reader } from '../reader.ts';
import { reportUnsupported } from '../unknown-names.ts';
import { TASK_ID } from './names.ts';

const DURATION = z.string();

const RETRY_COMMON = {
  maxAttempt: z.number().int().min(1).optional(),
  maxDuration: DURATION.optional(),
  warningOnRetry: z.boolean().optional(),
  behavior: z.enum(['RETRY_FAILED_TASK', 'CREATE_NEW_EXECUTION']).optional(),
};

/** Retries (execution-semantics.md §8.1). */
const RETRY = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('constant'), interval: DURATION, ...RETRY_COMMON }),
  z.strictObject({
    type: z.literal('exponential'),
    interval: DURATION,
    maxInterval: DURATION,
    delayFactor: z.number().optional(),
    ...RETRY_COMMON,
  }),
  z.strictObject({ type: z.literal('random'), minInterval: DURATION, maxInterval: DURATION, ...RETRY_COMMON }),
]);

/** Where a task runs (execution-semantics.md §16.3). */
export const WORKER_GROUP = z.strictObject({
  key: z.string().min(1),
  fallback: z.enum(['FAIL', 'WAIT', 'CANCEL']).optional(),
});

/** Properties that every task has (execution-semantics.md §2.7). */
export const COMMON_TASK = z.object({
  id: TASK_ID,
  type: z.string(),
  description: z.string().optional(),
  disabled: z.boolean().optional(),
  allowFailure: z.boolean().optional(),
  allowWarning: z.boolean().optional(),
  runIf: z.string().optional(),
  timeout: z.string().optional(),
  retry: RETRY.optional(),
  workerGroup: WORKER_GROUP.optional(),
  logLevel: z.enum(LOG_LEVELS).optional(),
  logToFile: z.boolean().optional(),
});

/** Common properties that the language has and this version does not do yet. */
export const UNSUPPORTED_TASK_PROPERTIES: ReadonlySet<string> = new Set(['taskCache', 'assets']);

/** Rules that go beyond one property: durations, and how those of a retry relate. */
export function checkCommonTask(reader: Reader, raw: RawMap, at: Path): void {
  const { timeout, retry } = raw;
  // One with an expression is checked when it is rendered.
  if (typeof timeout === 'string' && !timeout.includes('{')) durationOf(reader, timeout, [...at, 'timeout']);
  if (isRawMap(retry)) checkRetry(reader, retry, [...at, 'retry']);
  if (isRawMap(retry) && retry['behavior'] === 'CREATE_NEW_EXECUTION') {
    reportUnsupported(reader, [...at, 'retry', 'behavior'], "the retry behavior 'CREATE_NEW_EXECUTION'", 'value');
  }
  if (raw['logToFile'] === true) reportUnsupported(reader, [...at, 'logToFile'], "'logToFile: true'", 'value');
}

function durationOf(reader: Reader, value: unknown, path: Path): number | undefined {
  if (typeof value !== 'string') return undefined;
  const ms = parseDuration(value);
  if (ms === undefined) reader.constraint(path, `'${value}' is not a duration; expected one such as PT30S`);
  return ms;
}

function checkRetry(reader: Reader, retry: RawMap, at: Path): void {
  const ms = (name: string): number | undefined => durationOf(reader, retry[name], [...at, name]);
  const [interval, minInterval, maxInterval, maxDuration] = [
    'interval',
    'minInterval',
    'maxInterval',
    'maxDuration',
  ].map(ms);
  const below = (name: string, value: number | undefined, limitName: string, limit: number | undefined): void => {
    if (value !== undefined && limit !== undefined && value >= limit) {
      reader.constraint([...at, name], `'${name}' must be less than '${limitName}' but is ${String(retry[name])}`);
    }
  };
  below('interval', interval, 'maxDuration', maxDuration);
  below('interval', interval, 'maxInterval', maxInterval);
  below('minInterval', minInterval, 'maxInterval', maxInterval);
  below('minInterval', minInterval, 'maxDuration', maxDuration);
  below('maxInterval', maxInterval, 'maxDuration', maxDuration);
}
