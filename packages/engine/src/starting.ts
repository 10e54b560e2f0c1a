import { errorText, isTruthyText } from '@tiercel/expressions';
import {
  currentState,
  isCreatedLike,
  isTerminal,
  withState,
  type Attempt,
  type State,
  type TaskRun,
} from '@tiercel/model';
import type { NextRun } from './flowables/index.ts';
import { DEFAULT_GROUP, workerGroupOf } from './task-types.ts';
import type { TaskNode } from './flow-graph.ts';
import { taskEnded } from './progress.ts';
import type { ExecutionState } from './state.ts';
import type { Step } from './step.ts';

/** Creates a task run and puts it on the agenda. */
export function createRun(step: Step, parent: number | undefined, next: NextRun, branch: TaskRun['branch']): void {
  const { state, context } = step;
  const run = state.create({
    taskId: next.task.id,
    branch,
    history: [{ state: 'CREATED', date: context.now }],
    attempts: [],
    dispatch: firstDispatch(state),
    sent: false,
    ...(parent !== undefined && { parent }),
    ...(next.item !== undefined && { item: next.item }),
    ...(next.value !== undefined && { value: next.value }),
  });
  state.agenda.push({ kind: 'start', seq: run.seq });
}

/** More dispatches than one run has between two restarts. */
const DISPATCHES_PER_RESTART = 100_000;

/**
 * A run that is created after a restart may get the `seq`, and with it the id, of a run of an error branch that the restart removed.
 * Its dispatch numbers begin above all that the removed one can have had, so that a late result, a lease or log lines
 * of that one are never taken for its own.
 */
const firstDispatch = (state: ExecutionState): number => (state.execution.attemptNumber - 1) * DISPATCHES_PER_RESTART;

/** Starts a created or restarted run: `runIf`, then the flowable itself, the inline lane, or a job for a worker. False: it waits for I/O. */
export function startRun(step: Step, seq: number): boolean {
  const { state } = step;
  const run = state.find(seq);
  if (run === undefined || !isCreatedLike(currentState(run.history)) || run.sent) return true;
  const node = state.nodeOf(run);
  if (node === undefined) {
    failRun(step, run, `The flow's revision has no task '${run.taskId}'`);
    return true;
  }
  const wanted = evaluateRunIf(step, run, node);
  if (wanted === 'waits') return false;
  step.started++;
  if (wanted === 'no') {
    taskEnded(step, step.move(run, 'SKIPPED'));
    return true;
  }
  if (wanted === 'failed') return true;
  if (node.flowable !== undefined) return startFlowable(step, run, node);
  dispatch(step, run, node);
  return true;
}

function evaluateRunIf(step: Step, run: TaskRun, node: TaskNode): 'yes' | 'no' | 'waits' | 'failed' {
  const { runIf } = node.task;
  if (runIf === undefined) return 'yes';
  const outcome = step.attempt(() => isTruthyText(step.renderer(run).text(runIf)));
  if (outcome === undefined) return 'waits';
  if ('error' in outcome) {
    failRun(step, run, `Unable to evaluate the runIf condition for task ${run.taskId}: ${errorText(outcome.error)}`);
    return 'failed';
  }
  return outcome.value ? 'yes' : 'no';
}

function startFlowable(step: Step, run: TaskRun, node: TaskNode): boolean {
  // A restarted flowable keeps what it decided the first time.
  const decided = run.plan !== undefined;
  const outcome = decided ? { value: {} } : step.attempt(() => node.flowable!.start(node.task, step.renderer(run)));
  if (outcome === undefined) return false;
  if ('error' in outcome) {
    failRun(step, run, errorText(outcome.error));
    return true;
  }
  const running = step.move(run, 'RUNNING', decided ? {} : { outputs: {}, ...outcome.value });
  step.state.openFrame(running, node);
  step.lookAt(running.seq);
  return true;
}

/** Raises the dispatch number and hands the run to its lane. */
export function dispatch(step: Step, run: TaskRun, node: TaskNode): void {
  const number = run.dispatch + 1;
  const group = workerGroupOf(node.task);
  step.state.update({
    ...run,
    dispatch: number,
    sent: true,
    // An attempt that its worker took with it is not counted; the log tells of it.
    attempts: run.attempts.filter(hasEnded),
    ...(group !== DEFAULT_GROUP && { workerGroup: group }),
  });
  (node.lane === 'inline' ? step.effects.inline : step.effects.dispatched).push(run.seq);
}

/** Fails a run before any attempt of its task could begin (execution-semantics.md §2.4: no attempt is recorded). */
export function failRun(step: Step, run: TaskRun, message: string, attempts: readonly Attempt[] = run.attempts): void {
  step.log('ERROR', message, run.seq);
  taskEnded(step, step.move(run, 'FAILED', { attempts }));
}

const hasEnded = (attempt: Attempt): boolean => isTerminal(currentState(attempt.history));

/** The attempts of a run with the present one begun. */
export const beginAttempt = (run: TaskRun, started: number): readonly Attempt[] => [
  ...run.attempts.filter(hasEnded),
  { history: withState([{ state: 'CREATED', date: started }], 'RUNNING', started) },
];

/** The attempts of a run with the present one ended. */
export function endAttempt(run: TaskRun, started: number, ended: number, state: State): readonly Attempt[] {
  const begun = beginAttempt(run, started);
  return begun.map((attempt, i) =>
    i === begun.length - 1 ? { ...attempt, history: withState(attempt.history, state, ended) } : attempt,
  );
}
