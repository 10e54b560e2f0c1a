import { currentState, isTerminal, type TaskRun } from '@tiercel/model';
import type { ExecutionState } from './state.ts';

/** What is owed to an execution: jobs that were sent and have neither result nor, as far as is known, a lease. */
export interface Owed {
  readonly jobs: readonly TaskRun[];
}

/** Lists what must be sent again when nobody works on it (design: "a step", "the reconciler"). */
export function owed(state: ExecutionState, leased: (taskRunSeq: number, dispatch: number) => boolean): Owed {
  if (state.ended) return { jobs: [] };
  const jobs: TaskRun[] = [];
  for (const run of state.taskRuns()) {
    if (!run.sent || isTerminal(currentState(run.history))) continue;
    const node = state.nodeOf(run);
    if (node === undefined || node.flowable !== undefined || node.lane === 'inline') continue;
    if (!leased(run.seq, run.dispatch)) jobs.push(run);
  }
  return { jobs };
}

/** Whether the reconciler has to look at this execution again: not ended, and not waiting for the outside alone. */
export function owesALook(state: ExecutionState, now: number): boolean {
  if (state.ended || state.current === 'QUEUED') return false;
  if (state.current === 'CREATED') return (state.execution.scheduleDate ?? 0) <= now;
  if (state.current !== 'PAUSED' && state.current !== 'RETRYING') return true;
  // While it waits for somebody, or for the time of a retry, only tasks that still run are owed their jobs.
  return owed(state, () => false).jobs.length > 0;
}
