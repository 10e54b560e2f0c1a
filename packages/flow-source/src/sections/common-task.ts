import { LOG_LEVELS } from '@tiercel/model';
import { z } from 'zod';
import type { Path } from '../problem.ts';
import { isRawMap, type RawMap, type Reader } from '../reader.ts';
import { reportNotYet } from '../unknown-names.ts';
import { TASK_ID } from './names.ts';
import { checkRetry, durationAt, RETRY } from './retry.ts';

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
  if (typeof timeout === 'string' && !timeout.includes('{')) durationAt(reader, timeout, [...at, 'timeout']);
  if (isRawMap(retry)) checkRetry(reader, retry, [...at, 'retry']);
  if (isRawMap(retry) && retry['behavior'] === 'CREATE_NEW_EXECUTION') {
    reportNotYet(reader, [...at, 'retry', 'behavior'], "the retry behavior 'CREATE_NEW_EXECUTION' of a task");
  }
  if (raw['logToFile'] === true) reportNotYet(reader, [...at, 'logToFile'], "'logToFile: true'");
}
