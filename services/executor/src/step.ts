import {
  advance,
  owed,
  owesALook,
  jobVariables,
  buildVariables,
  hasSealed,
  type Effects,
  type ExecutionState,
} from '@tiercel/engine';
import { DEFAULT_WORKER_GROUP, type InboxCopy, type TaskJob } from '@tiercel/contracts';
import type { IoResult } from '@tiercel/expressions';
import { newId, partitionOf, type ExecutionEvent, type TaskRun } from '@tiercel/model';
import type { LogRow, MetricRow, StepWrite } from '@tiercel/store';
import type { ExecutorDeps, ExecutorLimits, InlineReport } from './deps.ts';

/** A step that has been worked out and waits for its commit. */
export interface WorkedStep {
  readonly write: StepWrite;
  /** Task runs whose jobs are sent after the commit. */
  readonly dispatched: readonly number[];
  readonly kill: boolean;
  /** More can be done at once after the commit. */
  readonly more: boolean;
  /** Nothing changed and nothing was applied: there is nothing to commit. */
  readonly empty: boolean;
}

/** How often in turn a step may ask for I/O without getting anywhere before it is given up. */
const MAX_IO_ROUNDS = 20;

type Leased = (taskRunSeq: number, dispatch: number) => boolean;

/**
 * Works out one step: lets the engine go as far as it can, runs inline tasks as they come up, performs the I/O that its
 * expressions need, and puts all that changed into one write.
 */
export async function workOutStep(
  deps: ExecutorDeps,
  limits: ExecutorLimits,
  state: ExecutionState,
  news: readonly InboxCopy[],
  leased: Leased,
): Promise<WorkedStep> {
  const before = state.execution;
  const { version } = state;
  const collected = new Collected(state, version);
  const memo = new Map<string, IoResult>();
  let events: readonly ExecutionEvent[] = news.map((copy) => copy.event);
  let budget = limits.runsPerStep;
  let more = false;
  let inlineMs = 0;
  for (let ioRounds = 0; ;) {
    const touched = state.touched;
    const effects = advance(state, events, {
      now: deps.clock.now(),
      env: { ...deps.env, now: deps.clock.now, memo },
      server: deps.server,
      leased,
      budget,
    });
    collected.take(effects);
    budget -= effects.inline.length;
    const began = deps.clock.elapsed();
    events = await runInlineTasks(deps, limits, state, effects.inline, collected);
    // Only these: a step that ended because its I/O took long would ask for the same I/O again, for ever.
    inlineMs += deps.clock.elapsed() - began;
    if (effects.needs.length > 0) {
      // A long loop may ask again and again, as long as it gets somewhere.
      ioRounds = state.touched === touched ? ioRounds + 1 : 0;
      if (ioRounds > MAX_IO_ROUNDS) throw new Error('expressions ask for ever more I/O');
      for (const [key, result] of await deps.perform(effects.needs, state.execution)) memo.set(key, result);
    } else if (events.length === 0) {
      more = effects.more;
      break;
    }
    // What ran inline is applied before the commit in any case; only what comes after it can wait.
    if (budget <= 0 || inlineMs > limits.inlineMs) budget = 0;
  }
  const changes = state.takeChanges();
  const write: StepWrite = {
    execution: state.execution,
    version,
    applied: news.map((copy) => copy.id),
    taskRuns: changes.taskRuns,
    removedTaskRuns: changes.removed,
    logs: collected.logs,
    metrics: collected.metrics,
    wakeUps: collected.wakeUps.map((wakeUp) => ({ id: newId(deps.clock.now()), ...wakeUp })),
    killLeases: collected.kill,
    // What the budget left undone is owed, also where nothing else would be: the process may end before the next step.
    owes: more || owesALook(state, deps.clock.now()),
    operations: collected.operations,
  };
  const empty =
    write.applied.length +
      write.taskRuns.length +
      write.removedTaskRuns.length +
      write.logs.length +
      write.operations.length ===
      0 && before === state.execution;
  return { write, dispatched: collected.dispatched, kill: collected.kill, more, empty };
}

/** What the rounds of one step ask for, together. */
class Collected {
  readonly logs: LogRow[] = [];
  readonly metrics: MetricRow[] = [];
  readonly wakeUps: Effects['wakeUps'] = [];
  readonly operations: Effects['operations'] = [];
  readonly dispatched: number[] = [];
  kill = false;
  private readonly state: ExecutionState;
  /** Keys of the engine's own lines: below zero, so that they never meet those of a dispatch; one number space a step. */
  private readonly engineDispatch: number;
  private engineLines = 0;

  constructor(state: ExecutionState, version: number) {
    this.state = state;
    this.engineDispatch = -1 - version;
  }

  take(effects: Effects): void {
    this.wakeUps.push(...effects.wakeUps);
    this.operations.push(...effects.operations);
    this.dispatched.push(...effects.dispatched);
    this.kill ||= effects.kill;
    for (const line of effects.logs) {
      const run = line.seq === undefined ? undefined : this.state.find(line.seq);
      this.logs.push({
        ...this.identity(run),
        dispatch: this.engineDispatch,
        number: this.engineLines++,
        level: line.level,
        message: line.message,
        timestamp: line.date,
      });
    }
  }

  takeReport(run: TaskRun, report: InlineReport): void {
    const identity = this.identity(run);
    report.logs.forEach((line, number) => this.logs.push({ ...identity, ...line, dispatch: run.dispatch, number }));
    report.metrics.forEach((metric, number) =>
      this.metrics.push({
        ...identity,
        ...metric,
        taskId: run.taskId,
        taskRunId: run.id,
        dispatch: run.dispatch,
        number,
      }),
    );
  }

  private identity(run: TaskRun | undefined): Omit<LogRow, 'dispatch' | 'number' | 'level' | 'message' | 'timestamp'> {
    const { execution } = this.state;
    return {
      tenant: execution.tenant,
      namespace: execution.namespace,
      flowId: execution.flowId,
      executionId: execution.id,
      taskRunSeq: run?.seq ?? -1,
      ...(run !== undefined && { taskId: run.taskId, taskRunId: run.id, attempt: run.attempts.length }),
    };
  }
}

async function runInlineTasks(
  deps: ExecutorDeps,
  limits: ExecutorLimits,
  state: ExecutionState,
  seqs: readonly number[],
  collected: Collected,
): Promise<readonly ExecutionEvent[]> {
  const events: ExecutionEvent[] = [];
  let began = deps.clock.elapsed();
  for (const seq of seqs) {
    if (deps.clock.elapsed() - began > limits.inlineMs) {
      // Their awaits never leave the queue of microtasks: requests, heartbeats and other executions get their turn here.
      await new Promise<void>((resolve) => deps.clock.after(0, resolve));
      began = deps.clock.elapsed();
    }
    const run = state.run(seq);
    const report = await deps.runInline(inlineJob(deps, state, run));
    collected.takeReport(run, report);
    events.push({ kind: 'task-result', taskRunSeq: seq, dispatch: run.dispatch, result: report.result });
  }
  return events;
}

/** The variables of an inline job stay lazy: nothing is copied that the task does not touch. */
const inlineJob = (deps: ExecutorDeps, state: ExecutionState, run: TaskRun): TaskJob => ({
  ...jobHead(state, run),
  variables: buildVariables(state, run, deps.server) as TaskJob['variables'],
});

function jobHead(state: ExecutionState, run: TaskRun): Omit<TaskJob, 'variables'> {
  const { execution } = state;
  const node = state.nodeOf(run);
  if (node === undefined) throw new Error(`no task ${run.taskId} in the flow of execution ${execution.id}`);
  return {
    v: 1,
    kind: 'task',
    tenant: execution.tenant,
    partition: partitionOf(execution.id),
    workerGroup: run.workerGroup ?? DEFAULT_WORKER_GROUP,
    executionId: execution.id,
    namespace: execution.namespace,
    flowId: execution.flowId,
    flowRevision: execution.flowRevision,
    taskRunSeq: run.seq,
    taskRunId: run.id,
    dispatch: run.dispatch,
    attempt: run.attempts.length,
    ...(run.value !== undefined && { value: run.value }),
    ...(run.parent !== undefined && { parentTaskRunId: state.run(run.parent).id }),
    taskRunStart: run.history[0]!.date,
    task: node.task,
    ...(hasSealed(state) && { sealed: true }),
  };
}

/** The job of a task run for a worker, with the variables that its expressions can touch. */
export function jobOf(deps: ExecutorDeps, state: ExecutionState, run: TaskRun): TaskJob {
  return { ...jobHead(state, run), variables: jobVariables(state, run, deps.server) };
}

/** Jobs that nobody works on, as far as is known. */
export const owedJobs = (deps: ExecutorDeps, state: ExecutionState, leased: Leased): readonly TaskJob[] =>
  owed(state, leased).jobs.map((run) => jobOf(deps, state, run));
