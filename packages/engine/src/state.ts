import {
  currentState,
  isTerminal,
  taskRunIdOf,
  type Execution,
  type State,
  type Task,
  type TaskRun,
} from '@tiercel/model';
import { enabled } from './flowables/flowable.ts';
import { errorTasks, type FlowGraph, type TaskNode } from './flow-graph.ts';
import { Frame, ROOT } from './frame.ts';
import { OutputIndex } from './outputs.ts';

/**
 * Everything the engine knows of one execution. It belongs to one step at a time: `advance` changes it in place, because a
 * step must cost what it touches, and remembers what changed; the owner commits the changes, or throws the state away
 * when the commit fails and loads the rows again.
 */
export class ExecutionState {
  execution: Execution;
  /** Version of the row that this state is based on. */
  version: number;
  readonly graph: FlowGraph;
  /** By `seq`. Holes where a restart removed runs. */
  private readonly runs: (TaskRun | undefined)[] = [];
  private frames = new Map<number, Frame>();
  readonly outputs: OutputIndex;
  /** What is to be looked at next, in order. */
  readonly agenda: AgendaItem[] = [];

  /** Grows with each change of a task run; tells whether a round got anywhere. */
  touched = 0;

  private readonly changed = new Set<number>();
  private readonly removed = new Set<number>();

  constructor(graph: FlowGraph, execution: Execution, version: number, taskRuns: readonly TaskRun[]) {
    this.graph = graph;
    this.execution = execution;
    this.version = version;
    for (const run of taskRuns) this.runs[run.seq] = run;
    this.outputs = new OutputIndex((seq) => this.valuesOf(seq));
    this.rebuild();
  }

  get current(): State {
    return currentState(this.execution.history);
  }

  get ended(): boolean {
    return isTerminal(this.current);
  }

  get started(): boolean {
    return this.frames.has(ROOT);
  }

  /** Number of task runs that there have been. */
  get size(): number {
    return this.runs.length;
  }

  run(seq: number): TaskRun {
    const run = this.runs[seq];
    if (run === undefined) throw new Error(`execution ${this.execution.id} has no task run ${seq}`);
    return run;
  }

  find(seq: number): TaskRun | undefined {
    return this.runs[seq];
  }

  /** All task runs in order of creation. */
  *taskRuns(): Iterable<TaskRun> {
    for (const run of this.runs) if (run !== undefined) yield run;
  }

  nodeOf(run: TaskRun): TaskNode | undefined {
    return this.graph.node(run.taskId);
  }

  /** Frame in which a run stands; none when its flowable had ended before this state was loaded. */
  frameOf(run: TaskRun): Frame | undefined {
    return this.frame(run.parent ?? ROOT);
  }

  frame(key: number): Frame | undefined {
    return this.frames.get(key);
  }

  openFrames(): Iterable<Frame> {
    return this.frames.values();
  }

  /** Whether some run waits for its next attempt. Looked for only when a retry begins or ends. */
  anyRetrying(): boolean {
    return this.runs.some((run) => run !== undefined && currentState(run.history) === 'RETRYING');
  }

  /** Opens the flow's own frame. */
  openRoot(): Frame {
    const { flow } = this.graph;
    const tasks = enabled(flow.tasks);
    return this.open(ROOT, ROOT_TASK, undefined, tasks, enabled(flow.errors), tasks.length);
  }

  /** Opens the frame of a flowable's run that has started. */
  openFrame(run: TaskRun, node: TaskNode): Frame {
    const flowable = node.flowable!;
    const tasks = flowable.children(node.task, run.plan);
    return this.open(
      run.seq,
      node.task,
      run.plan,
      tasks,
      enabled(errorTasks(node.task)),
      flowable.total(node.task, run.plan),
    );
  }

  private open(
    key: number,
    task: Task,
    plan: TaskRun['plan'],
    tasks: readonly Task[],
    errors: readonly Task[],
    total: number,
  ): Frame {
    const frame = new Frame({ key, task, plan, tasks, errorTasks: errors, total, run: (seq) => this.run(seq) });
    this.frames.set(key, frame);
    return frame;
  }

  /** Creates a task run; its `seq` and id follow from how many there have been. */
  create(fields: Omit<TaskRun, 'seq' | 'id'>): TaskRun {
    const seq = this.runs.length;
    const run: TaskRun = { seq, id: taskRunIdOf(this.execution.id, seq), ...fields };
    this.runs.push(run);
    this.touched++;
    this.changed.add(seq);
    this.frameOf(run)?.add(run);
    return run;
  }

  /** Puts a changed task run in place of the old one and keeps the books. */
  update(run: TaskRun): void {
    const before = this.run(run.seq);
    this.runs[run.seq] = run;
    this.touched++;
    this.changed.add(run.seq);
    const from = currentState(before.history);
    if (from !== currentState(run.history)) this.frameOf(run)?.moved(run, from);
    if (before.outputs !== run.outputs) this.outputs.changed(run, before.outputs !== undefined);
  }

  remove(seq: number): void {
    this.runs[seq] = undefined;
    this.changed.delete(seq);
    this.removed.add(seq);
  }

  /** Values of the loops around a run, outermost first, its own last. */
  private valuesOf(seq: number): readonly string[] {
    const values: string[] = [];
    for (
      let run = this.find(seq);
      run !== undefined;
      run = run.parent === undefined ? undefined : this.find(run.parent)
    ) {
      if (run.value !== undefined) values.unshift(run.value);
    }
    return values;
  }

  /** Makes frames and indexes anew from the runs: after a load, and after a restart changed many of them. */
  rebuild(): void {
    this.frames = new Map();
    this.outputs.clear();
    if (this.execution.history.length > 1) this.openRoot();
    for (const run of this.taskRuns()) {
      if (this.frames.has(ROOT)) this.frames.get(run.parent ?? ROOT)?.add(run);
      if (run.outputs !== undefined) this.outputs.changed(run, false);
      const node = this.nodeOf(run);
      const state = currentState(run.history);
      if (node?.flowable !== undefined && !isTerminal(state) && state !== 'CREATED' && state !== 'RESTARTED')
        this.openFrame(run, node);
    }
    for (const frame of this.frames.values()) this.flowableOf(frame)?.recall?.(frame);
  }

  flowableOf(frame: Frame): TaskNode['flowable'] {
    return frame.key === ROOT ? undefined : this.nodeOf(this.run(frame.key))?.flowable;
  }

  /** What changed since the last call, for the commit. */
  takeChanges(): { readonly taskRuns: readonly TaskRun[]; readonly removed: readonly number[] } {
    const taskRuns = [...this.changed].toSorted((a, b) => a - b).map((seq) => this.run(seq));
    const removed = [...this.removed];
    this.changed.clear();
    this.removed.clear();
    // As after a load: numbers behind the last run are free again (see `firstDispatch`).
    while (this.runs.length > 0 && this.runs[this.runs.length - 1] === undefined) this.runs.pop();
    return { taskRuns, removed };
  }
}

const ROOT_TASK: Task = { id: '', type: '' };

/** A thing to look at. `start` a created run, `progress` a frame, `finish` the execution. */
export type AgendaItem =
  { readonly kind: 'start'; readonly seq: number } | { readonly kind: 'progress'; readonly key: number };
