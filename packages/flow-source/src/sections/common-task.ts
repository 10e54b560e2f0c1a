import { LOG_LEVELS } from '@tiercel/model';
import { z } from 'zod';
import type { Path } from '../problem.ts';
import { isRawMap, type RawMap, type Reader } from '../reader.ts';
import { reportNotYet } from '../unknown-names.ts';
import { described, TASK_ID } from './names.ts';
import { checkRetry, durationAt, RETRY } from './retry.ts';

/** Where a task runs (execution-semantics.md §16.3). */
export const WORKER_GROUP = z.strictObject({
  key: z.string().min(1),
  fallback: z.enum(['FAIL', 'WAIT', 'CANCEL']).optional(),
});

/** Properties that every task has (execution-semantics.md §2.7). */
export const COMMON_TASK = z.object({
  id: described(TASK_ID, 'Id, unique within the flow.'),
  type: described(z.string(), 'Type of the task.'),
  description: described(z.string().optional(), 'What the task is for.'),
  disabled: described(z.boolean().optional(), 'Whether the task is left out; default false.'),
  allowFailure: described(z.boolean().optional(), 'Whether the flow goes on, with a warning, when the task fails.'),
  allowWarning: described(z.boolean().optional(), 'Whether a warning of the task counts as success.'),
  runIf: described(z.string().optional(), 'Condition, rendered; when it is false the task is skipped.', true),
  timeout: described(z.string().optional(), 'Longest time of one attempt, such as PT10M.', true, 'duration'),
  retry: described(RETRY.optional(), 'How the task is tried again when it fails.'),
  workerGroup: described(WORKER_GROUP.optional(), 'Workers on which the task runs.'),
  logLevel: described(z.enum(LOG_LEVELS).optional(), 'Lowest level of log entries that are kept.'),
  logToFile: described(z.boolean().optional(), 'Whether the log goes to a file.'),
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
