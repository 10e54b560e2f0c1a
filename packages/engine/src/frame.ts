import { currentState, isTerminal, type JsonObject, type State, type Task, type TaskRun } from '@tiercel/model';
import { loopChildEnded, newLoop, type LoopState } from './flowables/for-each.ts';

/** Key of the flow's own frame. */
export const ROOT = -1;

/**
 * The bookkeeping of one list of tasks under way: that of the flow, or of a flowable task run. Kept up to date by each change of
 * a child, so that deciding what comes next costs what it changes and not what there is; rebuilt from rows after a load.
 */
export class Frame {
  /** Task runs of the main branch and of the error branch, by `seq`, in order of creation. */
  readonly main: number[] = [];
  readonly errors: number[] = [];
  activeMain = 0;
  activeErrors = 0;
  /** Runs of the error branch that a kill ended. */
  killedErrors = 0;
  /** Main runs by state. */
  readonly counts = new Map<State, number>();
  readonly loop: LoopState = newLoop();
  /** `seq` of the flowable's task run, or ROOT. */
  readonly key: number;
  /** The flowable's task; for the root a stand-in that holds nothing. */
  readonly task: Task;
  readonly plan: JsonObject | undefined;
  /** Enabled tasks of the main branch and of the error branch. */
  readonly tasks: readonly Task[];
  readonly errorTasks: readonly Task[];
  /** Number of main runs when all have been created. */
  readonly total: number;
  private readonly run: (seq: number) => TaskRun;

  constructor(options: {
    key: number;
    task: Task;
    plan: JsonObject | undefined;
    tasks: readonly Task[];
    errorTasks: readonly Task[];
    total: number;
    run: (seq: number) => TaskRun;
  }) {
    this.key = options.key;
    this.task = options.task;
    this.plan = options.plan;
    this.tasks = options.tasks;
    this.errorTasks = options.errorTasks;
    this.total = options.total;
    this.run = options.run;
  }

  *mainRuns(): Iterable<TaskRun> {
    for (const seq of this.main) yield this.run(seq);
  }

  count(state: State): number {
    return this.counts.get(state) ?? 0;
  }

  /** A child was created. */
  add(run: TaskRun): void {
    const state = currentState(run.history);
    if (run.branch === 'errors') {
      this.errors.push(run.seq);
      if (!isTerminal(state)) this.activeErrors++;
      else if (state === 'KILLED') this.killedErrors++;
      return;
    }
    this.main.push(run.seq);
    this.counts.set(state, this.count(state) + 1);
    if (!isTerminal(state)) this.activeMain++;
  }

  /** A child went from one state to another. */
  moved(run: TaskRun, from: State): void {
    const to = currentState(run.history);
    const ended = Number(isTerminal(to)) - Number(isTerminal(from));
    if (run.branch === 'errors') {
      this.activeErrors -= ended;
      this.killedErrors += Number(to === 'KILLED') - Number(from === 'KILLED');
      return;
    }
    this.counts.set(from, this.count(from) - 1);
    this.counts.set(to, this.count(to) + 1);
    this.activeMain -= ended;
    if (ended === 1 && run.item !== undefined) loopChildEnded(this, run.taskId, run.item);
  }

  /** The final state that the main runs give (execution-semantics.md §2.6), before `allowFailure` and `allowWarning`. */
  guess(): State {
    for (const state of ['KILLED', 'FAILED', 'WARNING', 'PAUSED'] as const) if (this.count(state) > 0) return state;
    return 'SUCCESS';
  }
}

/** `allowFailure` makes WARNING of FAILED, `allowWarning` SUCCESS of WARNING (execution-semantics.md §2.7). */
export function tolerate(state: State, task: Pick<Task, 'allowFailure' | 'allowWarning'>): State {
  const failed = state === 'FAILED' && task.allowFailure === true ? 'WARNING' : state;
  return failed === 'WARNING' && task.allowWarning === true ? 'SUCCESS' : failed;
}
