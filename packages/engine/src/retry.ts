import { parseDuration } from '@tiercel/expressions';
import { currentState, withState, type Attempt, type TaskRun } from '@tiercel/model';
import type { TaskNode } from './flow-graph.ts';
import type { Step } from './step.ts';

/** A task's `retry` as written (execution-semantics.md §8.1); validated when the flow was saved. Durations ISO 8601. */
interface Retry {
  readonly type: 'constant' | 'exponential' | 'random';
  readonly interval?: string;
  readonly maxInterval?: string;
  readonly minInterval?: string;
  readonly delayFactor?: number;
  readonly maxAttempt?: number;
  readonly maxDuration?: string;
  readonly warningOnRetry?: boolean;
}

const retryOf = (node: TaskNode | undefined): Retry | undefined => node?.task['retry'] as Retry | undefined;

/** The retry that applies to a task (§8.2): its own, else that of the nearest flowable around it that has one. */
function effectiveRetry(node: TaskNode): { readonly retry: Retry; readonly own: boolean } | undefined {
  const own = retryOf(node);
  if (own !== undefined) return { retry: own, own: true };
  for (let around = node.parent; around !== undefined; around = around.parent) {
    const retry = retryOf(around);
    if (retry !== undefined) return { retry, own: false };
  }
  return undefined;
}

/** When a run whose last attempt failed is tried again, ms since 1970; undefined: not any more (§8.3). */
function nextDate(retry: Retry, attempts: readonly Attempt[], random: () => number): number | undefined {
  const first = attempts[0];
  const last = attempts[attempts.length - 1];
  if (first === undefined || last === undefined) return undefined;
  if (retry.maxAttempt !== undefined && attempts.length >= retry.maxAttempt) return undefined;
  const date = last.history[last.history.length - 1]!.date + delay(retry, attempts.length, random);
  if (retry.maxDuration !== undefined && date > first.history[0]!.date + parseDuration(retry.maxDuration))
    return undefined;
  return date;
}

/** D14: the exponential one grows as its name says, from the first interval on. */
function delay(retry: Retry, made: number, random: () => number): number {
  const ms = (text: string | undefined): number => (text === undefined ? 0 : parseDuration(text));
  switch (retry.type) {
    case 'constant':
      return ms(retry.interval);
    case 'exponential':
      return Math.min(ms(retry.interval) * Math.trunc(retry.delayFactor ?? 2) ** (made - 1), ms(retry.maxInterval));
    case 'random':
      return ms(retry.minInterval) + Math.floor(random() * Math.max(0, ms(retry.maxInterval) - ms(retry.minInterval)));
  }
}

/**
 * Puts a run whose attempt just failed into RETRYING, with a wake-up for its next attempt (§8.4, RETRY_FAILED_TASK). Answers whether it
 * did. With `allowFailure` only the task's own retry counts: an inherited one never sees the failure.
 */
export function retryLater(step: Step, failed: TaskRun, node: TaskNode): boolean {
  const { state, context } = step;
  // A pause does not make a failure final: the run waits for its date, and then for the resume.
  if (state.current !== 'RUNNING' && state.current !== 'RETRYING' && state.current !== 'PAUSED') return false;
  const effective = effectiveRetry(node);
  if (effective === undefined || (!effective.own && node.task.allowFailure === true)) return false;
  const dueAt = nextDate(effective.retry, failed.attempts, context.env.random);
  if (dueAt === undefined) return false;
  const history = withState(
    withState(failed.history, 'FAILED', failed.history[failed.history.length - 1]!.date),
    'RETRYING',
    context.now,
  );
  // The raised number makes void what still travels of the job that failed: nobody can claim it any more.
  const dispatch = failed.dispatch + 1;
  state.update({ ...failed, history, dispatch, sent: false });
  step.effects.wakeUps.push({ dueAt, wakeUp: { kind: 'retry', taskRunSeq: failed.seq, dispatch } });
  if (state.current === 'RUNNING') step.moveExecution('RETRYING');
  return true;
}

/** The time of a retry has come: the run starts again; the execution is RUNNING when no other one waits. */
export function retryNow(step: Step, seq: number, dispatch: number): void {
  const { state } = step;
  const run = state.find(seq);
  // Killed, restarted or changed meanwhile: an old date means nothing any more.
  if (run === undefined || run.dispatch !== dispatch || currentState(run.history) !== 'RETRYING') return;
  step.move(run, 'CREATED');
  if (state.current === 'RETRYING' && !state.anyRetrying()) step.moveExecution('RUNNING');
  state.agenda.push({ kind: 'start', seq });
}

/** `warningOnRetry` of the task's own retry: a success after an earlier attempt is a WARNING (§4.3, D15). */
export const warnsOnRetry = (node: TaskNode | undefined, earlierAttempts: number): boolean =>
  retryOf(node)?.warningOnRetry === true && earlierAttempts > 0;
