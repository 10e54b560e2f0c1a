import { currentState, isTerminal, type State, type TaskRun } from '@tiercel/model';
import type { JobKey, Look, RenewOutcome, TaskReport } from '../ports/execution-store.ts';
import { checkPlace, forEach } from './executions.ts';
import { looksOf, requireId, requireInt, type Lease, type Row, type Tables } from './tables.ts';

const CLAIMABLE: ReadonlySet<State> = new Set(['CREATED', 'RUNNING', 'RESTARTED']);

/** The task run of a job, when the job's number is the one in force. */
function runOf(row: Row | undefined, job: JobKey): TaskRun | undefined {
  const run = row?.taskRuns[job.taskRunSeq];
  return run?.dispatch === job.dispatch ? run : undefined;
}

const isClaimable = (run: TaskRun | undefined): boolean =>
  run !== undefined && CLAIMABLE.has(currentState(run.history));

/** Leases are not synchronous: a crash may bring back what was there before. */
function writeLease(tables: Tables, row: Row, seq: number, lease: Lease): void {
  const before = row.leases.get(seq);
  tables.setLease(row, seq, lease);
  tables.relaxed(() => tables.setLease(row, seq, before));
}

export function claimJobs(
  tables: Tables,
  workerId: string,
  jobs: readonly JobKey[],
  leaseMs: number,
): readonly boolean[] {
  const expiresAt = tables.clock.now() + leaseMs;
  return jobs.map((job) => {
    const row = tables.rows.get(job.executionId);
    if (row === undefined || !isClaimable(runOf(row, job)) || isDecided(row, job)) return false;
    const lease = row.leases.get(job.taskRunSeq);
    if (lease !== undefined && lease.dispatch >= job.dispatch) return false;
    writeLease(tables, row, job.taskRunSeq, { dispatch: job.dispatch, workerId, expiresAt, kill: false });
    return true;
  });
}

export function renewJobs(
  tables: Tables,
  workerId: string,
  jobs: readonly JobKey[],
  leaseMs: number,
): readonly RenewOutcome[] {
  const expiresAt = tables.clock.now() + leaseMs;
  return jobs.map((job) => {
    const row = tables.rows.get(job.executionId);
    const run = runOf(row, job);
    if (row === undefined || run === undefined) return 'lost';
    const lease = row.leases.get(job.taskRunSeq);
    if (lease !== undefined) {
      const own =
        lease.dispatch === job.dispatch && lease.workerId === workerId && !isTerminal(currentState(run.history));
      if (!own) return 'lost';
      writeLease(tables, row, job.taskRunSeq, { ...lease, expiresAt });
      return lease.kill ? 'kill' : 'kept';
    }
    if (!isClaimable(run) || isDecided(row, job)) return 'lost';
    writeLease(tables, row, job.taskRunSeq, { dispatch: job.dispatch, workerId, expiresAt, kill: false });
    return 'kept';
  });
}

/** Its expiry or its result waits to be applied. */
function isDecided(row: Row, job: JobKey): boolean {
  for (const { event } of row.inbox.values()) {
    if (event.kind !== 'lease-expired' && event.kind !== 'task-result') continue;
    if (event.taskRunSeq === job.taskRunSeq && event.dispatch === job.dispatch) return true;
  }
  return false;
}

export function reportResults(tables: Tables, reports: readonly TaskReport[]): void {
  forEach(reports, (report) => {
    requireId(report.inboxId);
    requireInt(report.taskRunSeq);
    requireInt(report.dispatch);
    report.logs.forEach(checkPlace);
    report.metrics.forEach(checkPlace);
    tables.synced();
    const row = tables.rows.get(report.executionId);
    if (row !== undefined) {
      const ends =
        report.event.kind === 'task-result' && row.leases.get(report.taskRunSeq)?.dispatch === report.dispatch;
      if (ends) tables.setLease(row, report.taskRunSeq, undefined);
      tables.tell(row, report.inboxId, report.event);
    }
    for (const log of report.logs) tables.addLog(log);
    for (const metric of report.metrics) tables.addMetric(metric);
  });
}

type Leased = { readonly row: Row; readonly seq: number; readonly lease: Lease };

function leasesWhere(tables: Tables, matches: (lease: Lease) => boolean): Leased[] {
  const found: Leased[] = [];
  for (const row of tables.leased) {
    for (const [seq, lease] of row.leases) if (matches(lease)) found.push({ row, seq, lease });
  }
  return found;
}

function expire(tables: Tables, leases: readonly Leased[]): readonly Look[] {
  if (leases.length > 0) tables.synced();
  for (const { row, seq, lease } of leases) {
    tables.setLease(row, seq, undefined);
    tables.tell(row, tables.nextId(), { kind: 'lease-expired', taskRunSeq: seq, dispatch: lease.dispatch });
  }
  return looksOf(leases.map(({ row }) => row));
}

export function expireLeases(tables: Tables, limit: number, graceMs: number): readonly Look[] {
  const now = tables.clock.now();
  if (tables.startedAt >= now - graceMs) return [];
  const due = leasesWhere(tables, (lease) => lease.expiresAt < now);
  due.sort((a, b) => a.lease.expiresAt - b.lease.expiresAt);
  return expire(tables, due.slice(0, limit));
}

export const expireLeasesOf = (tables: Tables, prefix: string): readonly Look[] =>
  expire(
    tables,
    leasesWhere(tables, (lease) => lease.workerId.startsWith(prefix)),
  );
