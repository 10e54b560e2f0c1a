import { idFrom, isId, type Clock, type Execution, type Operation, type TaskRun, type WakeUp } from '@tiercel/model';
import {
  StoreError,
  type InboxRow,
  type LogRow,
  type Look,
  type Member,
  type MetricRow,
} from '../ports/execution-store.ts';
import { held } from './held.ts';

export interface Lease {
  readonly dispatch: number;
  readonly workerId: string;
  readonly expiresAt: number;
  readonly kill: boolean;
}

export interface WaitingEvent extends InboxRow {
  readonly createdAt: number;
}

/** One execution with all that belongs to it. */
export interface Row {
  execution: Execution;
  version: number;
  readonly triggerExecutionId: string | undefined;
  /** By `seq`, with holes. */
  readonly taskRuns: (TaskRun | undefined)[];
  /** In order of arrival. */
  readonly inbox: Map<string, WaitingEvent>;
  /** By `seq` of the task run. */
  readonly leases: Map<number, Lease>;
  owesAt: number | undefined;
  owesTries: number;
}

export interface StoredWakeUp {
  readonly id: string;
  readonly executionId: string;
  readonly dueAt: number;
  readonly wakeUp: WakeUp;
}

export interface StoredOperation {
  readonly id: string;
  readonly executionId: string;
  readonly operation: Operation;
  readonly outcome: 'pending' | 'applied' | 'refused';
  readonly reason?: string;
}

/** PostgreSQL's log writer flushes commits that nobody waits for at the latest after this. */
const FLUSH_MS = 600;

/** What the simulated store knows, and how it forgets in a crash what was not yet on disk. */
export class Tables {
  readonly rows = new Map<string, Row>();
  /** Rows with something in it, so that looking for it costs what there is. */
  readonly owing = new Set<Row>();
  readonly waiting = new Set<Row>();
  readonly leased = new Set<Row>();
  readonly wakeUps = new Map<string, StoredWakeUp>();
  readonly operations = new Map<string, StoredOperation>();
  readonly deliveries = new Map<string, { readonly executionId: string; readonly expiresAt: number }>();
  readonly members = new Map<string, { readonly member: Member; readonly seenAt: number }>();
  readonly logs = new Map<string, LogRow>();
  readonly metrics = new Map<string, MetricRow>();
  /** Start of the database: no lease expires shortly after it. */
  startedAt: number;

  readonly clock: Clock;
  private readonly unsynced: { readonly at: number; readonly undo: () => void }[] = [];
  private ids = 0;

  constructor(clock: Clock) {
    this.clock = clock;
    this.startedAt = clock.now();
  }

  /** A row that was committed durably: all that was written before it is on disk now. */
  synced(): void {
    if (this.unsynced.length > 0) this.unsynced.length = 0;
  }

  /** Something was written that a crash may undo. */
  relaxed(undo: () => void): void {
    this.unsynced.push({ at: this.clock.now(), undo });
  }

  /** Forgets the last of what was not on disk; how much of it survives is `fraction` (0 to 1). */
  crash(fraction: number): void {
    const now = this.clock.now();
    const first = this.unsynced.findIndex((write) => write.at > now - FLUSH_MS);
    const lost =
      first < 0 ? [] : this.unsynced.splice(first + Math.floor(fraction * (this.unsynced.length - first + 1)));
    for (const write of lost.toReversed()) write.undo();
    this.unsynced.length = 0;
    this.startedAt = now;
  }

  /** An id of this store's own, for inbox rows that it writes itself. */
  nextId(): string {
    const number = ++this.ids;
    return idFrom(this.clock.now(), (words) => {
      words[0] = 0;
      words[1] = 0;
      words[2] = number;
    });
  }

  tell(row: Row, id: string, event: InboxRow['event']): void {
    if (row.inbox.has(id)) return;
    row.inbox.set(
      id,
      Object.freeze({ id, executionId: row.execution.id, event: held(event), createdAt: this.clock.now() }),
    );
    this.waiting.add(row);
  }

  take(row: Row, id: string): void {
    row.inbox.delete(id);
    if (row.inbox.size === 0) this.waiting.delete(row);
  }

  setLease(row: Row, seq: number, lease: Lease | undefined): void {
    if (lease === undefined) {
      row.leases.delete(seq);
      if (row.leases.size === 0) this.leased.delete(row);
    } else {
      row.leases.set(seq, lease);
      this.leased.add(row);
    }
  }

  setOwes(row: Row, at: number | undefined, tries: number): void {
    row.owesAt = at;
    row.owesTries = tries;
    if (at === undefined) this.owing.delete(row);
    else this.owing.add(row);
  }

  addLog(log: LogRow): void {
    const key = `${log.executionId} ${log.taskRunSeq} ${log.dispatch} ${log.number}`;
    if (!this.logs.has(key)) this.logs.set(key, held(log));
  }

  addMetric(metric: MetricRow): void {
    const key = `${metric.executionId} ${metric.taskRunSeq} ${metric.dispatch} ${metric.number}`;
    if (!this.metrics.has(key)) this.metrics.set(key, held(metric));
  }
}

export const lookOf = (row: Row): Look => ({ executionId: row.execution.id, tenant: row.execution.tenant });

/** Each row once, in the order of the first mention. */
export const looksOf = (rows: Iterable<Row>): readonly Look[] => [...new Set(rows)].map(lookOf);

/** What PostgreSQL's types would refuse. */
export function requireId(id: string): void {
  if (!isId(id)) throw new StoreError('bad-data', `'${id}' is not an id`);
}

export function requireInt(number: number): void {
  if ((number | 0) !== number) throw new StoreError('bad-data', `${number} is out of range`);
}
