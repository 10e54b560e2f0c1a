import { isTerminal, type State, type StateHistory } from '@tiercel/model';

const ENDS: readonly State[] = ['SUCCESS', 'WARNING', 'FAILED', 'KILLED'];

/** What may follow what in the history of an execution (execution-semantics.md §2.3), as far as this engine goes. */
const EXECUTION: Readonly<Partial<Record<State, readonly State[]>>> = {
  CREATED: ['RUNNING', 'QUEUED', 'CANCELLED', 'FAILED', 'SUCCESS', 'KILLING'],
  QUEUED: ['RUNNING', 'KILLING', 'CANCELLED', 'FAILED'],
  RUNNING: ['PAUSED', 'RETRYING', 'KILLING', 'RESTARTED', ...ENDS],
  // A sibling may end it while another task waits for its retry.
  RETRYING: ['RUNNING', 'RESTARTED', 'KILLING', ...ENDS],
  PAUSED: ['RUNNING', 'RESTARTED', 'KILLING', 'FAILED'],
  // The kill comes too late when everything had ended; FAILED also when an execution is given up.
  KILLING: ENDS,
  RESTARTED: ['RUNNING', 'KILLING'],
};

/** What may follow what in the history of a task run (§2.4); an explicit change of its state may do anything. */
const TASK_RUN: Readonly<Partial<Record<State, readonly State[]>>> = {
  CREATED: ['RUNNING', 'SKIPPED', 'FAILED', 'CANCELLED', 'KILLED'],
  RESTARTED: ['RUNNING', 'SKIPPED', 'FAILED', 'CANCELLED', 'KILLED'],
  RUNNING: ['PAUSED', ...ENDS],
  PAUSED: ['RUNNING', 'RESTARTED', ...ENDS],
  RETRYING: ['CREATED', 'KILLED', 'FAILED'],
};

const why = (history: StateHistory, follows: (from: State, to: State) => boolean): string | undefined => {
  if (history[0]?.state !== 'CREATED') return `begins with ${history[0]?.state}`;
  for (let i = 1; i < history.length; i++) {
    const from = history[i - 1]!;
    const to = history[i]!;
    if (from.state === to.state) return `${to.state} stands twice in a row`;
    if (to.date < from.date) return `runs backwards at ${to.state}`;
    if (!follows(from.state, to.state)) return `goes from ${from.state} to ${to.state}`;
  }
  return undefined;
};

/** Why the history of an execution is not a legal one; undefined when it is. */
export const illegalExecution = (history: StateHistory): string | undefined =>
  why(history, (from, to) =>
    isTerminal(from) ? to === 'RESTARTED' || isTerminal(to) : (EXECUTION[from] ?? []).includes(to),
  );

/**
 * Why the history of a task run is not a legal one; undefined when it is. `flowable`: its run goes on when one of its
 * children is restarted.
 */
export const illegalTaskRun = (history: StateHistory, flowable: boolean): string | undefined =>
  why(history, (from, to) => {
    if (from === 'FAILED' && (to === 'RESTARTED' || to === 'RETRYING')) return true;
    if (isTerminal(from)) return flowable && to === 'RUNNING';
    return (TASK_RUN[from] ?? []).includes(to);
  });
