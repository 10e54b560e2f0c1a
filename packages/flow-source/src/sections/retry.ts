import { z } from 'zod';
import { parseDuration } from '../durations.ts';
import type { Path } from '../problem.ts';
import type { RawMap, Reader } from '../reader.ts';

const DURATION = z.string();

const COMMON = {
  maxAttempt: z.number().int().min(1).optional(),
  /** What later versions of the language call it. */
  maxAttempts: z.number().int().min(1).optional(),
  maxDuration: DURATION.optional(),
  warningOnRetry: z.boolean().optional(),
  behavior: z.enum(['RETRY_FAILED_TASK', 'CREATE_NEW_EXECUTION']).optional(),
};

/** Retries of a task or of a flow (execution-semantics.md §8.1). */
export const RETRY = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('constant'), interval: DURATION, ...COMMON }),
  z.strictObject({
    type: z.literal('exponential'),
    interval: DURATION,
    maxInterval: DURATION,
    delayFactor: z.number().optional(),
    ...COMMON,
  }),
  z.strictObject({ type: z.literal('random'), minInterval: DURATION, maxInterval: DURATION, ...COMMON }),
]);

/** The duration of a property in ms; reports one that is none, and answers undefined then. */
export function durationAt(reader: Reader, value: unknown, path: Path): number | undefined {
  if (typeof value !== 'string') return undefined;
  const ms = parseDuration(value);
  if (ms === undefined) reader.constraint(path, `'${value}' is not a duration; expected one such as PT30S`);
  else if (ms < 0)
    reader.constraint(path, `'${value}' is a negative duration, which nothing can last; expected one such as PT30S`);
  return ms;
}

/** Rules of a retry that go beyond one property: durations, and how they relate. */
export function checkRetry(reader: Reader, retry: RawMap, at: Path): void {
  retry['maxAttempt'] ??= retry['maxAttempts'];
  if (retry['maxAttempt'] === undefined) delete retry['maxAttempt'];
  const ms = (name: string): number | undefined => durationAt(reader, retry[name], [...at, name]);
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
