import { currentState, isTerminal, withState, type ExecutionEvent, type TaskRun } from '@tiercel/model';
import { tolerate } from './frame.ts';
import { applyOperation, lookAtAll, startNow } from './operations.ts';
import { progressFrame, taskEnded } from './progress.ts';
import { retryLater, retryNow, warnsOnRetry } from './retry.ts';
import { beginAttempt, dispatch, endAttempt, startRun } from './starting.ts';
import { Step, type AdvanceContext, type Effects } from './step.ts';
import type { AgendaItem, ExecutionState } from './state.ts';

/**
 * Takes an execution as far as it can go: applies the events, then works off what they put on the agenda, until it waits for
 * tasks, for I/O, for the outside, or until the budget is spent. Deterministic: the same state, events and context give the same
 * changes. No I/O, no clock, no randomness of its own. Cost: what the events touch.
 *
 * `state` is changed in place and belongs to the caller's step (see ExecutionState). Events that are old news (an older
 * dispatch, a run that has ended) change nothing.
 */
export function advance(state: ExecutionState, events: readonly ExecutionEvent[], context: AdvanceContext): Effects {
  const step = new Step(state, context);
  for (const event of inOrder(events)) (HANDLERS[event.kind] as Handler<ExecutionEvent['kind']>)(step, event);
  workOffAgenda(step);
  return step.effects;
}

/** Looks at an execution as its rows tell it: starts it when it is new, picks up whatever was left undone. */
export function look(state: ExecutionState): void {
  const step = new Step(state, IDLE);
  if (state.ended || state.current === 'PAUSED' || state.current === 'QUEUED') return;
  if (state.started) lookAtAll(step);
}

const IDLE: AdvanceContext = {
  now: 0,
  env: { now: () => 0, random: () => 0 },
  server: {},
  leased: () => false,
  budget: 0,
};

/** Results before expiries: a result that has come is not lost because its lease was found expired as well. */
const inOrder = (events: readonly ExecutionEvent[]): readonly ExecutionEvent[] =>
  events.some((event) => event.kind === 'lease-expired')
    ? [...events.filter((e) => e.kind !== 'lease-expired'), ...events.filter((e) => e.kind === 'lease-expired')]
    : events;

type Handler<K extends ExecutionEvent['kind']> = (step: Step, event: Extract<ExecutionEvent, { kind: K }>) => void;

const HANDLERS: { readonly [K in ExecutionEvent['kind']]: Handler<K> } = {
  'task-started': (step, { taskRunSeq, dispatch: number, date }) => {
    const run = living(step, taskRunSeq, number);
    if (run !== undefined)
      step.state.update({
        ...run,
        history: withState(run.history, 'RUNNING', date),
        attempts: beginAttempt(run, date),
      });
  },

  'task-result': (step, { taskRunSeq, dispatch: number, result }) => {
    const run = living(step, taskRunSeq, number);
    if (run === undefined) return;
    const node = step.state.nodeOf(run);
    const running = withState(run.history, 'RUNNING', result.started);
    const attempts = endAttempt(run, result.started, result.ended, result.state);
    const outputs = result.outputs ?? {};
    if (result.state === 'FAILED' && node !== undefined) {
      const failed = { ...run, attempts, outputs, history: withState(running, 'FAILED', result.ended) };
      if (retryLater(step, failed, node)) return;
    }
    const reported = result.state === 'SUCCESS' && warnsOnRetry(node, attempts.length - 1) ? 'WARNING' : result.state;
    const end = tolerate(reported, node?.task ?? {});
    const ended: TaskRun = { ...run, sent: false, history: withState(running, end, result.ended), attempts, outputs };
    step.state.update(ended);
    taskEnded(step, ended);
  },

  'lease-expired': (step, { taskRunSeq, dispatch: number }) => {
    const run = living(step, taskRunSeq, number);
    const node = run === undefined ? undefined : step.state.nodeOf(run);
    if (run === undefined || node === undefined) return;
    if (step.state.current === 'KILLING' || step.state.ended) {
      taskEnded(step, step.move(run, 'KILLED', { dispatch: run.dispatch + 1, sent: false }));
      return;
    }
    step.log('WARN', `The worker that ran this task was lost; it is run again as dispatch ${number + 1}`, run.seq);
    dispatch(step, run, node);
  },

  operation: (step, { operationId, operation }) => applyOperation(step, operationId, operation),

  'wake-up': (step, { wakeUp }) => {
    if (wakeUp.kind === 'retry') retryNow(step, wakeUp.taskRunSeq, wakeUp.dispatch);
    else if (step.state.current === 'CREATED') startNow(step);
  },
};

/**
 * The run of a job, when the number is the one in force, and the job is out: a run that waits for its retry or for its new start
 * has had the result of this number, and a repeat of it is old news.
 */
function living(step: Step, seq: number, number: number): TaskRun | undefined {
  const run = step.state.find(seq);
  return run === undefined || !run.sent || run.dispatch !== number || isTerminal(currentState(run.history))
    ? undefined
    : run;
}

function workOffAgenda(step: Step): void {
  const { state, context } = step;
  if (state.current === 'RESTARTED') step.moveExecution('RUNNING');
  if (isDue(state, context.now) && state.agenda.length === 0) startNow(step);
  const waiting: AgendaItem[] = [];
  let at = 0;
  // A cursor instead of shift(): a large loop puts thousands of items here.
  for (; at < state.agenda.length; at++) {
    if (step.started >= context.budget) {
      step.effects.more = true;
      break;
    }
    const item = state.agenda[at]!;
    const done = item.kind === 'start' ? startWhenAllowed(step, item.seq) : progressFrame(step, item.key);
    if (!done) waiting.push(item);
  }
  state.agenda.splice(0, at, ...waiting);
}

/** New, and not delayed to a later moment. */
const isDue = (state: ExecutionState, now: number): boolean =>
  state.current === 'CREATED' && !state.started && (state.execution.scheduleDate ?? 0) <= now;

/** While an execution is PAUSED or being killed nothing new starts; a resume looks at everything again. */
const startWhenAllowed = (step: Step, seq: number): boolean =>
  step.state.current === 'RUNNING' || step.state.current === 'RETRYING' ? startRun(step, seq) : true;
