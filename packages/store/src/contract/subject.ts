import type { Execution, TaskRun } from '@tiercel/model';
import { aStep, aTaskRun, anExecution } from '@tiercel/testkit';
import { expect } from 'vitest';
import type {
  ExecutionStore,
  InboxRow,
  LoadedExecution,
  LogRow,
  MetricRow,
  StepWrite,
} from '../ports/execution-store.ts';

/** What the suite needs of an implementation: empty at the beginning of each test. */
export interface Subject {
  readonly store: ExecutionStore;
  /** A second one over the same data, as another process has it. */
  readonly other: ExecutionStore;
  /** One over the same data to which the database has just started, where that can be had. */
  readonly fresh?: ExecutionStore;
  /** Lets the store's time pass. */
  advance(ms: number): Promise<void>;
  logs(executionId: string): Promise<readonly Pick<LogRow, 'taskRunSeq' | 'dispatch' | 'number' | 'message'>[]>;
  metrics(executionId: string): Promise<readonly Pick<MetricRow, 'taskRunSeq' | 'dispatch' | 'number' | 'value'>[]>;
  operation(id: string): Promise<{ readonly outcome: string; readonly reason?: string } | undefined>;
}

/** Gives a section of the suite the subject of the test that runs. */
export type SubjectOf = () => Subject;

export const LEASE_MS = 9_000;

/** An execution that is stored; with task runs, after a first step that wrote them. */
export async function stored(
  { store }: Subject,
  runs: readonly Partial<TaskRun>[] = [],
  change: Partial<StepWrite> = {},
): Promise<{ readonly execution: Execution; readonly runs: readonly TaskRun[] }> {
  const execution = anExecution();
  await store.create([{ execution }]);
  const taskRuns = runs.map((run, seq) => aTaskRun(execution, seq, run));
  if (taskRuns.length > 0)
    expect(await store.commit([aStep(execution, 0, { taskRuns, ...change })])).toEqual(['committed']);
  return { execution, runs: taskRuns };
}

export async function loaded({ store }: Subject, id: string): Promise<LoadedExecution> {
  const [found] = await store.load([id]);
  if (found === undefined) throw new Error(`there is no execution ${id}`);
  return found;
}

/** Kinds of what waits in an inbox, in order. */
export const kinds = (inbox: readonly InboxRow[]): readonly string[] => inbox.map(({ event }) => event.kind);

/** The job of a task run. */
export const jobOf = (execution: Execution, run: TaskRun) => ({
  executionId: execution.id,
  taskRunSeq: run.seq,
  dispatch: run.dispatch,
});

export const idsOf = (looks: readonly { readonly executionId: string }[]): readonly string[] =>
  looks.map(({ executionId }) => executionId).toSorted();
