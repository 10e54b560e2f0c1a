import type { Execution, ExecutionEvent, LogLine, Metric, Operation, State, TaskRun, WakeUp } from '@tiercel/model';

/**
 * The hot path of the store: everything that happens to executions on their way from submission to end. Two
 * implementations pass one contract suite: PostgreSQL and the simulated one on which the simulator stands.
 * Every operation takes a batch, is one statement (one transaction), and is atomic per execution.
 *
 * Errors: operations throw `StoreError` (`unavailable`: try again later; `bad-data`: something in the batch can never be
 * written). Times are ms since 1970; leases and due times are on the store's own clock.
 */
export interface ExecutionStore {
  /** Makes executions durable, CREATED. A repeat (same id, or same webhook delivery) is answered with what there is. */
  create(rows: readonly NewExecution[]): Promise<readonly CreateOutcome[]>;

  /** Present rows of executions, with what waits in their inboxes and which of their jobs are leased. Unknown ids are left out. */
  load(executionIds: readonly string[]): Promise<readonly LoadedExecution[]>;

  /**
   * Commits one step of each of several different executions: deletes the applied inbox rows, updates the execution where its version
   * is the one that was read, writes task runs, logs, wake-ups, children. All or nothing per execution.
   */
  commit(steps: readonly StepWrite[]): Promise<readonly StepOutcome[]>;

  /** Inserts leases for jobs whose task run still has this dispatch number and is not terminal. Answers, per job, whether it may run. */
  claim(workerId: string, jobs: readonly JobKey[], leaseMs: number): Promise<readonly boolean[]>;

  /** Extends leases; a lease that a crash of the database lost is inserted again. 'lost': stop the task; 'kill': the execution is being killed. */
  renew(workerId: string, jobs: readonly JobKey[], leaseMs: number): Promise<readonly RenewOutcome[]>;

  /** News of tasks: inbox rows, logs and metrics, and, with a result, the end of the lease, in one transaction. Repeats are ignored by id. */
  report(reports: readonly TaskReport[]): Promise<void>;

  /** Logs and metrics of running tasks. Repeats are ignored by their keys. */
  appendLogs(logs: readonly LogRow[], metrics: readonly MetricRow[]): Promise<void>;

  /** Operations with their inbox rows. Answers false for an execution that does not exist. Repeats are ignored by id. */
  request(operations: readonly OperationRequest[]): Promise<readonly boolean[]>;

  /**
   * Executions that are due for a look: `owes_at` has passed (pushed forward with back-off by this call), or an inbox row is older
   * than `inboxAgeMs`. At most `limit` of each; rows that another replica is claiming are skipped.
   */
  claimLooks(options: { readonly limit: number; readonly inboxAgeMs: number }): Promise<readonly Look[]>;
  /**
   * Whatever owes, due or not, in order of ids from after `after`: for when the queue was wiped, or, of these partitions, when
   * they have lost their executor. Ordered by id.
   */
  claimAllLooks(after: string | undefined, limit: number, partitions?: readonly number[]): Promise<readonly Look[]>;

  /** Turns expired leases into inbox rows (`lease-expired`). Answers the executions concerned. */
  expireLeases(limit: number): Promise<readonly Look[]>;
  /** Ends all leases of one worker at once, as `expireLeases`: for a worker that is known to be dead. */
  expireLeasesOf(workerIdPrefix: string): Promise<readonly Look[]>;

  /** Wake-ups due within `horizonMs`, with how long until each is due (ms, ≤ 0 when past). */
  dueWakeUps(horizonMs: number, limit: number): Promise<readonly DueWakeUp[]>;
  /** Fires wake-ups that are due: deletes each and inserts its inbox row, in one transaction. Those that are gone are skipped. */
  fireWakeUps(ids: readonly string[]): Promise<readonly Look[]>;

  /** Says that this member lives; answers all that do (seen within `aliveMs`). */
  announce(member: Member, aliveMs: number): Promise<readonly Member[]>;
  /** Members that have not been seen for `deadMs`. They stay on the list until somebody has cleaned up after them and calls `leave`. */
  deadMembers(deadMs: number): Promise<readonly Member[]>;
  /** Removes a member: one that stops in an orderly way, or one that is dead. */
  leave(memberId: string): Promise<void>;

  /** The store's clock, ms since 1970. */
  clock(): Promise<number>;
}

export interface NewExecution {
  readonly execution: Execution;
  /** Id of the execution that started this one (subflow, flow trigger). */
  readonly triggerExecutionId?: string;
  /** A wake-up to be written with it (`scheduleDate` in the future): then nothing is owed before that. */
  readonly startAt?: number;
  /** Recognises a webhook sender's repeat; kept for `ttlMs`. */
  readonly delivery?: { readonly key: string; readonly ttlMs: number };
}

export type CreateOutcome =
  | { readonly kind: 'created' }
  /** The id, or the delivery, was there before; `executionId` is that of the first. */
  | { readonly kind: 'exists'; readonly executionId: string };

export interface InboxRow {
  readonly id: string;
  readonly executionId: string;
  readonly event: ExecutionEvent;
}

export interface LoadedExecution {
  readonly execution: Execution;
  readonly version: number;
  readonly taskRuns: readonly TaskRun[];
  readonly inbox: readonly InboxRow[];
  /** Jobs that some worker has claimed and not finished. */
  readonly leases: readonly { readonly taskRunSeq: number; readonly dispatch: number }[];
}

export interface StepWrite {
  readonly execution: Execution;
  /** The version that was read; the row gets `version + 1`. */
  readonly version: number;
  /** Ids of inbox rows that were applied; each must still be there. */
  readonly applied: readonly string[];
  /** New and changed task runs, whole. */
  readonly taskRuns: readonly TaskRun[];
  readonly removedTaskRuns: readonly number[];
  readonly logs: readonly LogRow[];
  readonly metrics: readonly MetricRow[];
  readonly wakeUps: readonly NewWakeUp[];
  /** Tells the workers at their next renewal to kill what they run of it. */
  readonly killLeases: boolean;
  /** Something is owed to it (a job to send, a look): the reconciler looks again after some seconds. */
  readonly owes: boolean;
  readonly operations: readonly OperationOutcome[];
}

export type StepOutcome =
  | 'committed'
  /** The version moved, or an applied inbox row was gone: nothing was written; start again from rows. */
  | 'conflict';

export interface JobKey {
  readonly executionId: string;
  readonly taskRunSeq: number;
  readonly dispatch: number;
}

export type RenewOutcome = 'kept' | 'lost' | 'kill';

export interface TaskReport extends JobKey {
  /** Id of the inbox row; derived from the job, so that a repeat is recognised. */
  readonly inboxId: string;
  readonly tenant: string;
  /** A `task-result` ends the lease, a `task-started` does not. */
  readonly event: Extract<ExecutionEvent, { kind: 'task-result' | 'task-started' }>;
  readonly logs: readonly LogRow[];
  readonly metrics: readonly MetricRow[];
}

/** A log line with what it belongs to. Unique by execution, task run, dispatch and number. */
export interface LogRow extends LogLine {
  readonly tenant: string;
  readonly namespace: string;
  readonly flowId: string;
  readonly executionId: string;
  /** -1: of the execution itself. */
  readonly taskRunSeq: number;
  readonly dispatch: number;
  /** Number of the line within the dispatch. */
  readonly number: number;
  readonly taskId?: string;
  readonly taskRunId?: string;
  /** Number of earlier attempts. */
  readonly attempt?: number;
  readonly triggerId?: string;
}

export interface MetricRow extends Metric {
  readonly tenant: string;
  readonly namespace: string;
  readonly flowId: string;
  readonly executionId: string;
  readonly taskRunSeq: number;
  readonly dispatch: number;
  readonly number: number;
  readonly taskId: string;
  readonly taskRunId: string;
}

export interface NewWakeUp {
  readonly id: string;
  readonly dueAt: number;
  readonly wakeUp: WakeUp;
}

export interface DueWakeUp {
  readonly id: string;
  readonly inMs: number;
}

export interface OperationRequest {
  readonly id: string;
  readonly tenant: string;
  readonly executionId: string;
  readonly operation: Operation;
}

export interface OperationOutcome {
  readonly id: string;
  readonly outcome: 'applied' | 'refused';
  readonly reason?: string;
}

export interface Look {
  readonly executionId: string;
  readonly tenant: string;
}

export interface Member {
  readonly id: string;
  readonly service: 'executor' | 'worker' | 'scheduler' | 'gateway' | 'webhook';
  readonly workerGroup?: string;
  /** Which queue backend it uses; all members of a cluster use the same. */
  readonly messaging?: string;
}

/**
 * What the store throws. `unavailable`: nothing was decided or it cannot be known, try again; `bad-data`: can never be written;
 * `too-slow`: a search that was given up, its message is for people.
 */
export class StoreError extends Error {
  readonly code: 'unavailable' | 'bad-data' | 'exists' | 'not-found' | 'too-slow';
  constructor(code: StoreError['code'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}

export type { State };
