import type { Clock, Execution, TaskRun } from '@tiercel/model';
import {
  StoreError,
  type ExecutionStore,
  type InboxRow,
  type LogRow,
  type MetricRow,
} from '../ports/execution-store.ts';
import { checkPlace, commitSteps, createExecutions, forEach, loadExecutions, requestOperations } from './executions.ts';
import { claimJobs, expireLeases, expireLeasesOf, renewJobs, reportResults } from './leases.ts';
import { announce, claimAllLooks, claimLooks, deadMembers, dueWakeUps, fireWakeUps } from './looks.ts';
import { Tables, type Lease, type StoredOperation, type StoredWakeUp } from './tables.ts';

export type StoreOperation = keyof ExecutionStore;

/** What goes wrong with one call. */
export interface Fault {
  /** Time before it takes effect. */
  readonly delayMs?: number;
  /** Time from its effect to its answer. */
  readonly answerDelayMs?: number;
  /** `before`: it never takes effect. `after`: it does, but its answer is lost. Either way the caller sees `unavailable`. */
  readonly fail?: 'before' | 'after';
}

export interface SimulatedStoreOptions {
  readonly clock: Clock;
  /** Asked at every call. Undefined: it works, at once. */
  readonly faults?: (operation: StoreOperation) => Fault | undefined;
  /** From 0 to below 1: how much of what was not on disk survives a crash. Without it nothing does. */
  readonly random?: () => number;
  /** No lease expires before the store has been up for so long; the length of a lease. */
  readonly leaseGraceMs?: number;
}

/** An execution as a checker sees it. */
export interface ExecutionRecord {
  readonly execution: Execution;
  readonly version: number;
  readonly triggerExecutionId: string | undefined;
  readonly taskRuns: readonly TaskRun[];
  /** When the reconciler looks again. */
  readonly owesAt: number | undefined;
}

export interface LeaseRecord extends Lease {
  readonly executionId: string;
  readonly taskRunSeq: number;
}

/** Reads for checkers, outside of the port: no faults, no delays, no changes. */
export interface Inspection {
  execution(id: string): ExecutionRecord | undefined;
  executions(): Iterable<ExecutionRecord>;
  inbox(): Iterable<InboxRow>;
  leases(): Iterable<LeaseRecord>;
  logs(): Iterable<LogRow>;
  metrics(): Iterable<MetricRow>;
  wakeUps(): Iterable<StoredWakeUp>;
  operations(): Iterable<StoredOperation>;
}

export interface SimulatedStore extends ExecutionStore {
  readonly inspect: Inspection;
  /**
   * The database crashes and is up again at once: calls under way end with `unavailable` (those that had not taken effect
   * never do), and the latest claims, renewals and looks that nothing durable followed are undone.
   */
  crash(): void;
}

/**
 * The execution store in memory: the same meaning as on PostgreSQL, every operation atomic, deterministic (no time but the
 * clock's, no randomness but `random`). Values are frozen as they come in and shared, not copied.
 */
export function createSimulatedStore(options: SimulatedStoreOptions): SimulatedStore {
  const { clock, leaseGraceMs = 9_000 } = options;
  const tables = new Tables(clock);
  const calls = new Calls(options);
  return {
    create: (rows) => calls.perform('create', () => createExecutions(tables, rows)),
    load: (ids) => calls.perform('load', () => loadExecutions(tables, ids)),
    commit: (steps) => calls.perform('commit', () => commitSteps(tables, steps)),
    claim: (workerId, jobs, ms) => calls.perform('claim', () => claimJobs(tables, workerId, jobs, ms)),
    renew: (workerId, jobs, ms) => calls.perform('renew', () => renewJobs(tables, workerId, jobs, ms)),
    report: (reports) => calls.perform('report', () => reportResults(tables, reports)),
    appendLogs: (logs, metrics) => calls.perform('appendLogs', () => appendLogs(tables, logs, metrics)),
    request: (items) => calls.perform('request', () => requestOperations(tables, items)),
    claimLooks: (looks) => calls.perform('claimLooks', () => claimLooks(tables, looks)),
    claimAllLooks: (after, limit, partitions) =>
      calls.perform('claimAllLooks', () => claimAllLooks(tables, after, limit, partitions)),
    expireLeases: (limit) => calls.perform('expireLeases', () => expireLeases(tables, limit, leaseGraceMs)),
    expireLeasesOf: (prefix) => calls.perform('expireLeasesOf', () => expireLeasesOf(tables, prefix)),
    dueWakeUps: (horizonMs, limit) => calls.perform('dueWakeUps', () => dueWakeUps(tables, horizonMs, limit)),
    fireWakeUps: (ids) => calls.perform('fireWakeUps', () => fireWakeUps(tables, ids)),
    announce: (member, aliveMs) => calls.perform('announce', () => announce(tables, member, aliveMs)),
    deadMembers: (deadMs) => calls.perform('deadMembers', () => deadMembers(tables, deadMs)),
    leave: (id) => calls.perform('leave', () => void tables.members.delete(id)),
    clock: () => calls.perform('clock', () => clock.now()),
    crash: () => {
      calls.interrupt();
      tables.crash(options.random?.() ?? 0);
    },
    inspect: inspectionOf(tables),
  };
}

function appendLogs(tables: Tables, logs: readonly LogRow[], metrics: readonly MetricRow[]): void {
  forEach([...logs, ...metrics], checkPlace);
  tables.synced();
  for (const log of logs) tables.addLog(log);
  for (const metric of metrics) tables.addMetric(metric);
}

/** Calls with their faults. The work itself is synchronous, and so atomic. */
class Calls {
  private readonly options: SimulatedStoreOptions;
  /** Counts crashes: a call that began before one never succeeds after it. */
  private crashes = 0;

  constructor(options: SimulatedStoreOptions) {
    this.options = options;
  }

  interrupt(): void {
    this.crashes++;
  }

  async perform<T>(operation: StoreOperation, work: () => T): Promise<T> {
    const fault = this.options.faults?.(operation);
    if (fault === undefined) return work();
    const began = this.crashes;
    if (fault.delayMs !== undefined) await this.pause(fault.delayMs);
    if (fault.fail === 'before' || this.crashes !== began) throw lost(operation);
    const answer = work();
    if (fault.answerDelayMs !== undefined) await this.pause(fault.answerDelayMs);
    if (fault.fail === 'after' || this.crashes !== began) throw lost(operation);
    return answer;
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.options.clock.after(ms, resolve));
  }
}

const lost = (operation: StoreOperation): StoreError =>
  new StoreError('unavailable', `the connection was lost (${operation})`);

function inspectionOf(tables: Tables): Inspection {
  const recordOf = (id: string): ExecutionRecord | undefined => {
    const row = tables.rows.get(id);
    if (row === undefined) return undefined;
    const { execution, version, triggerExecutionId, owesAt } = row;
    return {
      execution,
      version,
      triggerExecutionId,
      owesAt,
      taskRuns: row.taskRuns.filter((run) => run !== undefined),
    };
  };
  return {
    execution: recordOf,
    *executions() {
      for (const id of tables.rows.keys()) yield recordOf(id)!;
    },
    *inbox() {
      for (const row of tables.waiting) yield* row.inbox.values();
    },
    *leases() {
      for (const row of tables.leased) {
        for (const [taskRunSeq, lease] of row.leases) yield { executionId: row.execution.id, taskRunSeq, ...lease };
      }
    },
    logs: () => tables.logs.values(),
    metrics: () => tables.metrics.values(),
    wakeUps: () => tables.wakeUps.values(),
    operations: () => tables.operations.values(),
  };
}

export type { StoredOperation, StoredWakeUp };
