/**
 * The states of executions, task runs and attempts, as the API spells them (execution-semantics.md §2.1).
 * Legality of transitions is decided by the engine; this file only says what each state is.
 */
export const STATES = [
  'CREATED',
  'RUNNING',
  'PAUSED',
  'RESTARTED',
  'KILLING',
  'SUCCESS',
  'WARNING',
  'FAILED',
  'KILLED',
  'CANCELLED',
  'QUEUED',
  'RETRYING',
  'RETRIED',
  'SKIPPED',
] as const;

export type State = (typeof STATES)[number];

const TERMINAL: ReadonlySet<State> = new Set([
  'SUCCESS',
  'WARNING',
  'FAILED',
  'KILLED',
  'CANCELLED',
  'RETRIED',
  'SKIPPED',
]);

export const TERMINAL_STATES: readonly State[] = STATES.filter((s) => TERMINAL.has(s));

/** True for a state that nothing leaves without an explicit operation (restart, replay, change of status). */
export const isTerminal = (state: State): boolean => TERMINAL.has(state);

/** CREATED or RESTARTED: exists, waits to be started. */
export const isCreatedLike = (state: State): boolean => state === 'CREATED' || state === 'RESTARTED';

/** RUNNING or KILLING: work goes on. */
export const isRunningLike = (state: State): boolean => state === 'RUNNING' || state === 'KILLING';

export const isState = (text: string): text is State => (STATES as readonly string[]).includes(text);

/** One entry of a state's history; `date` in ms since 1970. */
export interface StateEntry {
  readonly state: State;
  readonly date: number;
}

/** The append-only history of an execution, a task run or an attempt; the last entry is the current state. */
export type StateHistory = readonly StateEntry[];

/** A history that has just begun. */
export const createdAt = (date: number, state: State = 'CREATED'): StateHistory => [{ state, date }];

export const currentState = (history: StateHistory): State => {
  const last = history[history.length - 1];
  if (last === undefined) throw new Error('a state history is never empty');
  return last.state;
};

/** Appends a change; a change to the present state is no change (execution-semantics.md §2.2). */
export const withState = (history: StateHistory, state: State, date: number): StateHistory => {
  const last = history[history.length - 1];
  if (last?.state === state) return history;
  // Clocks of two processes may differ by some ms; a history never runs backwards.
  return [...history, { state, date: last !== undefined && last.date > date ? last.date : date }];
};

/** ms between the first and the last entry; with one entry only, until `now`. */
export const historyDuration = (history: StateHistory, now: number): number => {
  const first = history[0];
  const last = history[history.length - 1];
  if (first === undefined || last === undefined) return 0;
  return (history.length === 1 ? now : last.date) - first.date;
};
