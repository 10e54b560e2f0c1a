import {
  currentState,
  isCreatedLike,
  isTerminal,
  withState,
  type Operation,
  type State,
  type TaskRun,
  type Execution,
} from '@tiercel/model';
import { taskEnded } from './progress.ts';
import { endAttempt } from './starting.ts';
import type { FlowGraph } from './flow-graph.ts';
import { ExecutionState } from './state.ts';
import { Step } from './step.ts';

/** What `check` looks at: the state of an execution and of its task runs, however they were read. */
export interface Checked {
  readonly state: State;
  readonly taskRuns: Iterable<TaskRun>;
}

/** Why an operation is refused. `conflict`: not in this state; `invalid`: it can never be done like this. */
export interface Refusal {
  readonly kind: 'conflict' | 'invalid';
  readonly reason: string;
}

type Check<K extends Operation['kind']> = (
  operation: Extract<Operation, { kind: K }>,
  checked: Checked,
) => Refusal | undefined;

const conflict = (reason: string): Refusal => ({ kind: 'conflict', reason });
const invalid = (reason: string): Refusal => ({ kind: 'invalid', reason });

const CHECKS: { readonly [K in Operation['kind']]: Check<K> } = {
  kill: ({ cascade }, { state }) =>
    isTerminal(state) && !cascade ? conflict("Execution is already finished, can't kill it") : undefined,
  pause: (_, { state }) => (state === 'RUNNING' ? undefined : invalid('The execution is not running')),
  resume: (_, { state }) => (state === 'PAUSED' ? undefined : conflict("Execution is not paused, can't resume it")),
  restart: (_, { state, taskRuns }) => {
    if (!isTerminal(state) && state !== 'PAUSED') {
      return conflict(`Execution must be terminated to be restarted, current state is '${state}' !`);
    }
    for (const run of taskRuns) if (isRestartable(run)) return undefined;
    return invalid('No task found to restart execution from!');
  },
  'force-run': (_, { state }) =>
    isTerminal(state) ? invalid('Only non terminated executions can be forced run.') : undefined,
  'change-task-state': ({ taskRunId, state: to }, { state, taskRuns }) => {
    if (state === 'KILLING') return conflict('The execution is being killed');
    // Nothing would ever end a run that somebody merely calls RUNNING or PAUSED.
    if (!isTerminal(to) && !isCreatedLike(to)) return invalid(`A task run cannot be put into state '${to}'`);
    for (const run of taskRuns) if (run.id === taskRunId) return undefined;
    return invalid(`Unable to find the task run '${taskRunId}' in this execution`);
  },
  'change-status': (operation, { state }) =>
    isTerminal(state) && isTerminal(operation.state)
      ? undefined
      : isTerminal(state)
        ? invalid('You can only change the status of an execution to a terminal state.')
        : invalid(`You can only change the status of a terminated execution; this one is ${state}.`),
};

/** Whether an operation may be applied; the gateway asks at once, the executor again when it applies it. */
export function check(operation: Operation, checked: Checked): Refusal | undefined {
  return (CHECKS[operation.kind] as Check<Operation['kind']>)(operation, checked);
}

const isRestartable = (run: TaskRun): boolean => {
  const state = currentState(run.history);
  return state === 'FAILED' || state === 'PAUSED';
};

type Apply<K extends Operation['kind']> = (step: Step, operation: Extract<Operation, { kind: K }>) => void;

const APPLY: { readonly [K in Operation['kind']]: Apply<K> } = {
  kill: (step) => kill(step),
  pause: (step) => step.moveExecution('PAUSED'),
  resume: (step) => resume(step),
  restart: (step) => restart(step, isRestartable),
  'force-run': (step) => {
    if (step.state.current === 'PAUSED') resume(step);
    else if (step.state.current === 'CREATED') startNow(step);
  },
  'change-task-state': (step, { taskRunId, state }) => changeTaskState(step, taskRunId, state),
  'change-status': (step, { state }) => step.moveExecution(state),
};

/** Applies an operation that `check` allows, or records why not. */
export function applyOperation(step: Step, operationId: string, operation: Operation): void {
  const refusal = check(operation, { state: step.state.current, taskRuns: step.state.taskRuns() });
  if (refusal !== undefined) {
    step.effects.operations.push({ id: operationId, outcome: 'refused', reason: refusal.reason });
    return;
  }
  (APPLY[operation.kind] as Apply<Operation['kind']>)(step, operation);
  step.effects.operations.push({ id: operationId, outcome: 'applied' });
}

/** An execution as an operation leaves it, before anything goes on from there. */
export interface Projection {
  readonly execution: Execution;
  readonly taskRuns: readonly TaskRun[];
}

/**
 * What an operation makes of an execution, for the answer to whoever asked for it: the executor is a step further by then.
 * Changes nothing. Undefined when the operation is not allowed.
 */
export function project(
  graph: FlowGraph,
  present: Projection,
  operation: Operation,
  now: number,
): Projection | undefined {
  const state = new ExecutionState(graph, present.execution, 0, present.taskRuns);
  const step = new Step(state, {
    now,
    env: { now: () => now, random: () => 0 },
    server: {},
    leased: () => true,
    budget: 0,
  });
  applyOperation(step, '', operation);
  if (step.effects.operations.some((outcome) => outcome.outcome === 'refused')) return undefined;
  return { execution: state.execution, taskRuns: [...state.taskRuns()] };
}

/** Opens the flow's frame and goes: CREATED to RUNNING, or at once to its end when there is nothing to do. */
export function startNow(step: Step): void {
  const root = step.state.openRoot();
  if (root.total > 0) step.moveExecution('RUNNING');
  step.lookAt(root.key);
}

/**
 * KILLING (§9.2): what has not begun is KILLED at once, what a worker runs is killed there and reports back, flowables follow
 * when nothing of theirs runs. The execution is KILLED when all of that is done.
 */
function kill(step: Step): void {
  const { state, context } = step;
  if (state.ended || state.current === 'KILLING') return;
  const begun = state.started;
  step.moveExecution('KILLING');
  step.effects.kill = true;
  state.agenda.length = 0;
  if (!begun) {
    step.moveExecution('KILLED');
    return;
  }
  for (const run of state.taskRuns()) {
    const current = currentState(run.history);
    if (isTerminal(current) || state.frame(run.seq) !== undefined) continue;
    if (run.dispatch > 0 && context.leased(run.seq, run.dispatch)) continue;
    // Not leased: its job may still be in a queue. The raised number makes that job void.
    taskEnded(step, step.move(run, 'KILLED', { dispatch: run.dispatch + 1, sent: false }));
  }
  for (const frame of state.openFrames()) step.lookAt(frame.key);
}

function resume(step: Step): void {
  step.moveExecution('RUNNING');
  lookAtAll(step);
}

/** Puts everything that could go on onto the agenda: after a load, a pause, a restart. */
export function lookAtAll(step: Step): void {
  const { state } = step;
  for (const run of state.taskRuns()) {
    if (isCreatedLike(currentState(run.history))) state.agenda.push({ kind: 'start', seq: run.seq });
  }
  for (const frame of state.openFrames()) step.lookAt(frame.key);
}

/**
 * Restart in place (§9.5): the chosen runs and their ancestors go again, runs of error branches are removed, everything else is
 * kept. Attempts and dispatch numbers go on counting.
 */
function restart(step: Step, chosen: (run: TaskRun) => boolean): void {
  const { state } = step;
  const again = new Set<number>();
  for (const run of state.taskRuns()) {
    if (!chosen(run) || state.nodeOf(run)?.inErrors === true) continue;
    for (let seq: number | undefined = run.seq; seq !== undefined; seq = state.run(seq).parent) again.add(seq);
  }
  for (const run of state.taskRuns()) {
    if (state.nodeOf(run)?.inErrors === true) state.remove(run.seq);
    else if (again.has(run.seq)) {
      // A flowable that never started (its condition failed) starts anew; one that had started goes on.
      const goesOn = state.nodeOf(run)?.flowable !== undefined && run.outputs !== undefined;
      step.move(run, goesOn ? 'RUNNING' : 'RESTARTED', { sent: false, dispatch: run.dispatch + 1 });
    }
  }
  const { execution } = state;
  state.execution = { ...execution, attemptNumber: execution.attemptNumber + 1 };
  step.moveExecution('RESTARTED');
  state.rebuild();
  state.agenda.length = 0;
  lookAtAll(step);
}

/** §9.7: the run gets the state, its ancestors go again, and processing goes on from there. */
function changeTaskState(step: Step, taskRunId: string, to: State): void {
  const { state, context } = step;
  const run = [...state.taskRuns()].find((candidate) => candidate.id === taskRunId)!;
  const attempts = attemptsAfterChange(run, to, context.now);
  step.move(run, to, { attempts, dispatch: run.dispatch + 1, sent: false });
  for (let seq = run.parent; seq !== undefined; seq = state.run(seq).parent) step.move(state.run(seq), 'RUNNING');
  step.moveExecution('RESTARTED');
  state.rebuild();
  state.agenda.length = 0;
  lookAtAll(step);
}

/** The last attempt shares its run's new end; one is made when there was none. A run that is to go again keeps those it had. */
function attemptsAfterChange(run: TaskRun, to: State, now: number): TaskRun['attempts'] {
  if (!isTerminal(to)) return run.attempts;
  const last = run.attempts[run.attempts.length - 1];
  if (last !== undefined) return [...run.attempts.slice(0, -1), { ...last, history: withState(last.history, to, now) }];
  return to === 'SKIPPED' || to === 'CANCELLED' || to === 'RETRIED' ? [] : endAttempt(run, now, now, to);
}
