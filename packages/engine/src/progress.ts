import { errorText } from '@tiercel/expressions';
import { currentState, isTerminal, type State, type TaskRun } from '@tiercel/model';
import { ROOT, tolerate, type Frame } from './frame.ts';
import { createRun } from './starting.ts';
import { nextInSequence } from './flowables/sequence.ts';
import type { Step } from './step.ts';
import { renderFlowOutputs } from './flow-outputs.ts';

/** A task run has reached its end: the frame in which it stands is looked at. */
export function taskEnded(step: Step, run: TaskRun): void {
  step.lookAt(run.parent ?? ROOT);
}

/** How many runs one look at a frame creates at most; the rest follows in further looks, within the budget of the step. */
const RUNS_PER_LOOK = 200;

/**
 * Looks at a frame: starts what comes next, or resolves it (execution-semantics.md §2.5, §6.2, §6.5). False: it waits for I/O.
 */
export function progressFrame(step: Step, key: number): boolean {
  const { state } = step;
  const frame = state.frame(key);
  if (frame === undefined || isOver(step, frame)) return true;
  const parent = key === ROOT ? undefined : key;
  if (state.current === 'PAUSED') return true;
  if (state.current === 'KILLING') return frame.activeMain + frame.activeErrors > 0 ? true : resolveKilled(step, frame);
  if (frame.count('FAILED') > 0) return progressErrors(step, frame, parent);
  const flowable = state.flowableOf(frame);
  const next =
    frame.total === 0 ? [] : flowable === undefined ? nextInSequence(frame) : flowable.next(frame, RUNS_PER_LOOK);
  for (const run of next) createRun(step, parent, run, 'main');
  if (next.length === RUNS_PER_LOOK) step.lookAt(key);
  if (next.length > 0 || frame.activeMain > 0 || frame.main.length < frame.total) return true;
  return resolve(step, frame);
}

/** The flow has ended, or the flowable's run has: late news of its children change nothing any more. */
const isOver = (step: Step, frame: Frame): boolean =>
  frame.key === ROOT ? step.state.ended : isTerminal(currentState(step.state.run(frame.key).history));

/**
 * Nothing more of the main branch starts; error tasks run at once, one after the other, whatever their results (§2.6). The frame
 * resolves when they are done and what was running beside the failed task has ended: nothing of an ended execution runs (D32; the
 * reference leaves it running).
 */
function progressErrors(step: Step, frame: Frame, parent: number | undefined): boolean {
  if (frame.activeErrors > 0) return true;
  const task = frame.errorTasks[frame.errors.length];
  if (task !== undefined) {
    createRun(step, parent, { task }, 'errors');
    return true;
  }
  return frame.activeMain > 0 ? true : resolve(step, frame);
}

function resolve(step: Step, frame: Frame): boolean {
  const state = frame.guess();
  if (frame.key === ROOT) return finish(step, state === 'PAUSED' ? 'SUCCESS' : state);
  const run = step.state.run(frame.key);
  taskEnded(step, step.move(run, tolerate(state, frame.task)));
  return true;
}

/** Nothing of a killed frame runs any more: it is KILLED, unless it had all been done before (§2.3, KILLING). */
function resolveKilled(step: Step, frame: Frame): boolean {
  const complete =
    frame.count('KILLED') + frame.killedErrors === 0 &&
    (frame.count('FAILED') > 0 ? frame.errors.length === frame.errorTasks.length : frame.main.length === frame.total);
  if (complete) return resolve(step, frame);
  if (frame.key === ROOT) {
    step.moveExecution('KILLED');
    return true;
  }
  taskEnded(step, step.move(step.state.run(frame.key), 'KILLED'));
  return true;
}

/** Ends the execution: flow outputs first, since a failure there is a failure of the execution (§2.6). */
function finish(step: Step, end: State): boolean {
  const { state } = step;
  const { outputs: declared } = state.graph.flow;
  if (end === 'KILLED' || declared.length === 0) {
    step.moveExecution(end);
    return true;
  }
  const outcome = step.attempt(() => renderFlowOutputs(declared, step.renderer(undefined), step.secrets.seal));
  if (outcome === undefined) return false;
  if ('error' in outcome) {
    step.log('ERROR', `Failed to render output values: ${errorText(outcome.error)}`);
    step.moveExecution('FAILED');
    return true;
  }
  state.execution = { ...state.execution, outputs: outcome.value };
  step.moveExecution(end);
  return true;
}
