import { currentState, isTerminal, type Execution, type State, type StateHistory, type TaskRun } from '@tiercel/model';

/** A part of a bar: from `left`, `width` wide, both in percent of the whole. */
export interface Segment {
  readonly state: State;
  readonly left: number;
  readonly width: number;
}

export interface Bar {
  readonly label: string;
  readonly value?: string;
  readonly depth: number;
  readonly state: State;
  /** ms. */
  readonly duration: number;
  readonly segments: readonly Segment[];
}

interface Range {
  readonly from: number;
  readonly length: number;
}

/** So narrow that it would not be seen, a bar still gets this much, in percent. */
const MIN_WIDTH = 0.4;
const percent = (ms: number, { length }: Range): number => Math.round((ms / length) * 10_000) / 100;

function segmentsOf(history: StateHistory, range: Range, now: number): readonly Segment[] {
  const segments: Segment[] = [];
  for (const [i, entry] of history.entries()) {
    const next = history[i + 1];
    if (next === undefined && isTerminal(entry.state)) break;
    const end = next?.date ?? now;
    // What a running state came to is what readers look for: the last stretch has the colour of the end.
    const state = next !== undefined && i === history.length - 2 && isTerminal(next.state) ? next.state : entry.state;
    segments.push({
      state,
      left: Math.min(percent(entry.date - range.from, range), 100 - MIN_WIDTH),
      width: Math.max(percent(end - entry.date, range), MIN_WIDTH),
    });
  }
  return segments;
}

/** Depth of a task run below the root; a parent that is not in the list ends the way. */
function depthOf(taskRun: TaskRun, bySeq: ReadonlyMap<number, TaskRun>): number {
  let depth = 0;
  for (let parent = taskRun.parent; parent !== undefined && depth < 20; parent = bySeq.get(parent)?.parent) depth += 1;
  return depth;
}

/** One bar per task run over the time of the execution, in order of creation. `now` in ms since 1970. */
export function timelineOf(execution: Execution, taskRuns: readonly TaskRun[], now: number): readonly Bar[] {
  const from = execution.history[0]?.date ?? now;
  const ends = [execution.history, ...taskRuns.map((taskRun) => taskRun.history)].map((history) =>
    isTerminal(currentState(history)) ? history[history.length - 1]!.date : now,
  );
  const to = ends.reduce((latest, end) => Math.max(latest, end), from + 1);
  const range = { from, length: to - from };
  const bySeq = new Map(taskRuns.map((taskRun) => [taskRun.seq, taskRun]));
  return taskRuns.map((taskRun) => {
    const { history } = taskRun;
    const state = currentState(history);
    const end = isTerminal(state) ? history[history.length - 1]!.date : now;
    return {
      label: taskRun.taskId,
      ...(taskRun.value === undefined ? {} : { value: taskRun.value }),
      depth: depthOf(taskRun, bySeq),
      state,
      duration: end - history[0]!.date,
      segments: segmentsOf(history, range, now),
    };
  });
}
