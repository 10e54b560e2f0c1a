import type { IoResult } from '@tiercel/expressions';
import {
  currentState,
  idFrom,
  isTerminal,
  type Execution,
  type ExecutionEvent,
  type Flow,
  type JsonObject,
  type Operation,
  type State,
  type TaskResult,
  type TaskRun,
} from '@tiercel/model';
import { advance, look } from '../advance.ts';
import { compileFlow, type FlowGraph } from '../flow-graph.ts';
import { owed } from '../owed.ts';
import { ExecutionState } from '../state.ts';
import type { EngineLog } from '../step.ts';
import type { ServerVariables } from '../variables.ts';
import { TEST_TYPES } from './flows.ts';

/** What a test task does: its end and outputs. */
export interface Outcome {
  readonly state?: TaskResult['state'];
  readonly outputs?: JsonObject;
}

export interface DriverOptions {
  /** What a task does when it runs; default: SUCCESS without outputs. */
  readonly behave?: (run: TaskRun, driver: Driver) => Outcome | undefined;
  /** Results of I/O by `fn` and arguments. */
  readonly io?: (fn: string, args: Readonly<Record<string, unknown>>) => IoResult;
  readonly inputs?: JsonObject;
  readonly scheduleDate?: number;
  readonly server?: ServerVariables;
  /** Task runs that one call may start; default: plenty. */
  readonly budget?: number;
  /** Throws the state away after each commit and reads it back from its rows. */
  readonly reloads?: boolean;
}

export const START = Date.UTC(2026, 0, 1);

/**
 * Plays the host of one execution: inline tasks run at once, jobs wait in `jobs` until the test runs them. Each `feed`
 * is a step with its commit: what `takeChanges` tells is written to rows, from which the state can be read back.
 */
export class Driver {
  readonly graph: FlowGraph;
  state: ExecutionState;
  now = START;
  /** Jobs that were sent and have not been run. */
  jobs: { readonly seq: number; readonly dispatch: number }[] = [];
  /** Jobs that a worker holds. */
  readonly leases = new Set<string>();
  readonly logs: EngineLog[] = [];
  readonly outcomes: { readonly outcome: 'applied' | 'refused'; readonly reason?: string }[] = [];
  /** Keys of the I/O calls that were asked for, in order. */
  readonly asked: string[] = [];
  kills = 0;
  steps = 0;
  private rows = new Map<number, string>();
  private saved = '';
  private readonly options: DriverOptions;

  constructor(flow: Flow, options: DriverOptions = {}) {
    this.options = options;
    this.graph = compileFlow(flow, TEST_TYPES);
    this.state = new ExecutionState(this.graph, newExecution(flow, options), 0, []);
    this.commit();
  }

  /** One step: events, inline tasks, I/O, commit; again while the budget asks for it. */
  feed(...events: ExecutionEvent[]): this {
    let pending: readonly ExecutionEvent[] = events;
    const memo = new Map<string, IoResult>();
    for (let more = true; more;) {
      this.now += 1;
      this.steps++;
      const effects = advance(this.state, pending, {
        now: this.now,
        env: { now: () => this.now, random: () => 0.5, memo },
        server: this.options.server ?? {},
        leased: (seq, dispatch) => this.leases.has(`${seq} ${dispatch}`),
        budget: this.options.budget ?? 1e9,
      });
      this.logs.push(...effects.logs);
      this.outcomes.push(...effects.operations);
      if (effects.kill) this.kills++;
      for (const seq of effects.dispatched) this.jobs.push({ seq, dispatch: this.state.run(seq).dispatch });
      pending = effects.inline.map((seq) => this.resultOf(this.state.run(seq)));
      for (const call of effects.needs) {
        this.asked.push(call.key);
        memo.set(call.key, this.options.io?.(call.fn, call.args) ?? { error: `no ${call.fn} here` });
      }
      more = pending.length > 0 || effects.needs.length > 0;
      if (!more && effects.more) {
        this.commit();
        more = true;
      }
    }
    this.commit();
    return this;
  }

  /** Runs jobs, oldest first, until none is left. */
  settle(): this {
    for (let tries = 0; this.jobs.length > 0; tries++) {
      if (tries > 200_000) throw new Error('it never ends');
      this.runJob();
    }
    return this;
  }

  /** Starts the execution and runs everything to the end. */
  play(): this {
    return this.feed().settle();
  }

  /** Runs the job at this place of the queue and reports its result. */
  runJob(at = 0): this {
    const [job] = this.jobs.splice(at, 1);
    if (job === undefined) return this;
    const run = this.state.find(job.seq);
    this.leases.delete(`${job.seq} ${job.dispatch}`);
    if (run === undefined || run.dispatch !== job.dispatch) return this;
    return this.feed(this.resultOf(run));
  }

  /** A worker has taken the job of this task. */
  lease(taskId: string): this {
    const run = this.the(taskId);
    this.leases.add(`${run.seq} ${run.dispatch}`);
    return this;
  }

  /** The result event of a run, as its task behaves. */
  resultOf(run: TaskRun, given?: Outcome): Extract<ExecutionEvent, { kind: 'task-result' }> {
    const outcome = given ?? this.options.behave?.(run, this) ?? {};
    const result: TaskResult = {
      state: outcome.state ?? 'SUCCESS',
      started: this.now,
      ended: this.now,
      ...(outcome.outputs !== undefined && { outputs: outcome.outputs }),
    };
    return { kind: 'task-result', taskRunSeq: run.seq, dispatch: run.dispatch, result };
  }

  operate(operation: Operation): 'applied' | 'refused' {
    this.feed({ kind: 'operation', operationId: `op${this.outcomes.length}`, operation });
    return this.outcomes[this.outcomes.length - 1]!.outcome;
  }

  private commit(): void {
    const { taskRuns, removed } = this.state.takeChanges();
    for (const run of taskRuns) this.rows.set(run.seq, JSON.stringify(run));
    for (const seq of removed) this.rows.delete(seq);
    this.saved = JSON.stringify(this.state.execution);
    if (this.options.reloads === true) this.reload();
  }

  /** Forgets the state and reads it back from its rows. */
  reload(): this {
    const rows = [...this.rows].toSorted(([a], [b]) => a - b).map(([, row]) => JSON.parse(row) as TaskRun);
    this.state = new ExecutionState(this.graph, JSON.parse(this.saved) as Execution, this.state.version + 1, rows);
    look(this.state);
    return this;
  }

  /** What the reconciler brings about: jobs that nobody holds are sent again. */
  resend(): this {
    this.jobs = owed(this.state, (seq, dispatch) => this.leases.has(`${seq} ${dispatch}`)).jobs.map((run) => ({
      seq: run.seq,
      dispatch: run.dispatch,
    }));
    return this;
  }

  get end(): State {
    return this.state.current;
  }

  get history(): readonly State[] {
    return this.state.execution.history.map((entry) => entry.state);
  }

  /** The last run of a task, of one loop value if it is given. */
  the(taskId: string, value?: string): TaskRun {
    const found = this.all().findLast((run) => run.taskId === taskId && (value === undefined || run.value === value));
    if (found === undefined) throw new Error(`no run of ${taskId}`);
    return found;
  }

  all(): readonly TaskRun[] {
    return [...this.state.taskRuns()];
  }

  stateOf(taskId: string, value?: string): State {
    return currentState(this.the(taskId, value).history);
  }

  /** Task ids (with loop values) in order of creation. */
  order(): readonly string[] {
    return this.all().map((run) => (run.value === undefined ? run.taskId : `${run.taskId}[${run.value}]`));
  }

  /** Task runs by place in the tree, with their ends: what must not depend on how it came about. */
  summary(): JsonObject {
    const place = (run: TaskRun): string =>
      `${run.parent === undefined ? '' : `${place(this.state.run(run.parent))}/`}${run.branch === 'errors' ? '!' : ''}${run.taskId}${run.value === undefined ? '' : `[${run.value}]`}`;
    const runs = Object.fromEntries(
      this.all()
        .map(
          (run) =>
            [place(run), `${currentState(run.history)} ${run.attempts.length} ${JSON.stringify(run.outputs)}`] as const,
        )
        .toSorted(),
    );
    return { end: this.end, history: [...this.history], outputs: this.state.execution.outputs ?? null, runs };
  }

  /** Runs that have not ended. */
  open(): readonly TaskRun[] {
    return this.all().filter((run) => !isTerminal(currentState(run.history)));
  }
}

function newExecution(flow: Flow, { inputs, scheduleDate }: DriverOptions): Execution {
  const id = idFrom(START, (words) => words.fill(7));
  return {
    id,
    tenant: flow.tenant,
    namespace: flow.namespace,
    flowId: flow.id,
    flowRevision: flow.revision,
    history: [{ state: 'CREATED', date: START }],
    labels: [],
    originalId: id,
    attemptNumber: 1,
    originalCreatedDate: START,
    ...(inputs !== undefined && { inputs }),
    ...(scheduleDate !== undefined && { scheduleDate }),
  };
}
