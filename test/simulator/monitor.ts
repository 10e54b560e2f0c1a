import { illegalExecution, illegalTaskRun } from '@tiercel/engine/testing';
import { currentState, isTerminal, type StateHistory, type TaskRun } from '@tiercel/model';
import type { JobKey, RenewOutcome, StepWrite } from '@tiercel/store';
import type { ExecutionRecord, Inspection } from '@tiercel/store/simulated';
import type { Body } from './bodies.ts';
import type { VirtualClock } from './clock.ts';
import type { Life, Observer } from './life.ts';

/** The last that was seen of an execution: what is durable must only ever grow. */
interface Shadow {
  version: number;
  history: StateHistory;
  attemptNumber: number;
  readonly runs: Map<number, TaskRun>;
}

/** Watches a run as it goes: each commit, each renewal, each start of a body. */
export class Monitor {
  readonly violations: string[] = [];
  /** When each worker last heard that it holds its leases. */
  readonly contacts = new Map<Life, number[]>();
  /** When a call of a part failed. */
  readonly failures = new Map<Life, number[]>();
  readonly storeCrashes: number[] = [];
  private readonly shadows = new Map<string, Shadow>();
  private readonly clock: VirtualClock;
  private readonly inspect: Inspection;

  constructor(clock: VirtualClock, inspect: Inspection) {
    this.clock = clock;
    this.inspect = inspect;
  }

  violation(text: string): void {
    if (this.violations.length < 20) this.violations.push(text);
  }

  readonly observe: Observer = (life, method, args, answer, failed) => {
    if (method === 'commit') for (const step of args[0] as readonly StepWrite[]) this.compare(step.execution.id);
    if (failed) this.failed(life);
    if (answer === undefined) return;
    if (method === 'renew') this.renewed(life, args[1] as readonly JobKey[], answer as readonly RenewOutcome[]);
  };

  private failed(life: Life): void {
    const times = this.failures.get(life);
    if (times === undefined) this.failures.set(life, [this.clock.now()]);
    else times.push(this.clock.now());
  }

  private renewed(life: Life, jobs: readonly JobKey[], outcomes: readonly RenewOutcome[]): void {
    // Claims do not count: they say nothing of the leases that it holds.
    if (jobs.length === 0 || outcomes.length !== jobs.length) return;
    const times = this.contacts.get(life);
    if (times === undefined) this.contacts.set(life, [this.clock.now()]);
    else times.push(this.clock.now());
  }

  /** No body starts unless its worker holds the lease of just this job. */
  readonly bodyStarts = (body: Body): void => {
    const { job, worker } = body;
    for (const lease of this.inspect.leases()) {
      if (lease.executionId !== job.executionId || lease.taskRunSeq !== job.taskRunSeq) continue;
      if (lease.dispatch === job.dispatch && lease.workerId === worker.id) return;
    }
    // A crash of the database may have forgotten the lease a moment ago.
    if (this.storeCrashes.some((at) => at > this.clock.now() - 1_000)) return;
    this.violation(`task ${job.task.id} of ${job.executionId} was started by ${worker.id} without a lease`);
  };

  /** What was durable before is still there, and has only grown. */
  private compare(executionId: string): void {
    const record = this.inspect.execution(executionId);
    if (record === undefined) return;
    const { execution } = record;
    const shadow = this.shadows.get(executionId);
    if (shadow === undefined) {
      this.shadows.set(executionId, shadowOf(record));
      return;
    }
    if (shadow.version === record.version) return;
    if (record.version < shadow.version) this.violation(`${executionId} went back to version ${record.version}`);
    if (!continues(shadow.history, execution.history)) this.violation(`the history of ${executionId} was rewritten`);
    const restarted = execution.attemptNumber > shadow.attemptNumber;
    const seen = new Set<number>();
    for (const run of record.taskRuns) {
      seen.add(run.seq);
      const before = shadow.runs.get(run.seq);
      if (before !== undefined && before !== run) this.compareRun(executionId, before, run, restarted);
      shadow.runs.set(run.seq, run);
    }
    for (const seq of shadow.runs.keys()) {
      if (seen.has(seq)) continue;
      if (!restarted) this.violation(`task run ${seq} of ${executionId} is gone`);
      shadow.runs.delete(seq);
    }
    shadow.version = record.version;
    shadow.history = execution.history;
    shadow.attemptNumber = execution.attemptNumber;
  }

  private compareRun(executionId: string, before: TaskRun, run: TaskRun, restarted: boolean): void {
    // The place of a removed run may be taken again after a restart, by a run with higher numbers.
    if (
      restarted &&
      run.dispatch >= 100_000 &&
      before.dispatch < run.dispatch &&
      !continues(before.history, run.history)
    )
      return;
    const name = `task run ${run.taskId}/${run.seq} of ${executionId}`;
    if (run.taskId !== before.taskId || !continues(before.history, run.history))
      this.violation(`the history of ${name} was rewritten`);
    if (run.dispatch < before.dispatch) this.violation(`${name} went back to dispatch ${run.dispatch}`);
    const ended = isTerminal(currentState(before.history));
    if (
      ended &&
      isTerminal(currentState(run.history)) &&
      JSON.stringify(before.outputs) !== JSON.stringify(run.outputs) &&
      before.dispatch === run.dispatch
    ) {
      this.violation(`the result of ${name} was replaced`);
    }
  }

  /** Histories are legal. */
  checkHistories(record: ExecutionRecord, isFlowable: (run: TaskRun) => boolean): void {
    const { execution } = record;
    const wrong = illegalExecution(execution.history);
    if (wrong !== undefined) this.violation(`the history of ${execution.id} ${wrong}`);
    for (const run of record.taskRuns) {
      const illegal = illegalTaskRun(run.history, isFlowable(run));
      if (illegal !== undefined) this.violation(`the history of task run ${run.taskId} of ${execution.id} ${illegal}`);
    }
  }
}

const shadowOf = ({ version, execution, taskRuns }: ExecutionRecord): Shadow => ({
  version,
  history: execution.history,
  attemptNumber: execution.attemptNumber,
  runs: new Map(taskRuns.map((run) => [run.seq, run])),
});

const continues = (before: StateHistory, after: StateHistory): boolean =>
  before === after ||
  (after.length >= before.length &&
    before.every((entry, i) => entry.state === after[i]!.state && entry.date === after[i]!.date));
