import type { ExecutionShape } from '../e2e/server.ts';

const created = ({ state }: ExecutionShape): number => Date.parse(state.histories[0]!.date);
const ended = ({ state }: ExecutionShape): number => Date.parse(state.histories.at(-1)!.date);

/** What became of the executions that were running at a moment. */
export interface Recovery {
  readonly running: number;
  /** From that moment to the first and to the last end of one of them, ms. */
  readonly first: number;
  readonly last: number;
}

/** `at`: ms since 1970. Read from the histories of executions that have all ended. */
export function recoveryAfter(executions: readonly ExecutionShape[], at: number): Recovery {
  const running = executions.filter((execution) => created(execution) < at && ended(execution) > at);
  const after = running.map((execution) => ended(execution) - at);
  return { running: running.length, first: Math.min(Infinity, ...after), last: Math.max(0, ...after) };
}

/**
 * The longest that an execution of a flow that waits for nothing took from its creation, or from `since` if that was later, to
 * its end, ms.
 */
export const longestWait = (executions: readonly ExecutionShape[], flow: string, since = 0): number =>
  Math.max(
    0,
    ...executions.filter(({ flowId }) => flowId === flow).map((one) => ended(one) - Math.max(created(one), since)),
  );

/** From a moment to the end of the last execution, ms. */
export const lastEnd = (executions: readonly ExecutionShape[], at: number): number =>
  Math.max(0, ...executions.map((execution) => ended(execution) - at));

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
