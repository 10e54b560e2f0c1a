import type { Execution, ExecutionTrigger, LogLevel, State, TaskRun } from '@tiercel/model';
import type { LogRow, MetricRow } from './execution-store.ts';

/** An execution as people read it: with its task runs, cut off at a limit. */
export interface ExecutionView {
  readonly execution: Execution;
  readonly version: number;
  /** The first `limit` by creation. */
  readonly taskRuns: readonly TaskRun[];
  readonly taskRunCount: number;
  /** Only when the list was cut. */
  readonly taskRunCounts?: Readonly<Partial<Record<State, number>>>;
}

export interface Page {
  /** From 1. */
  readonly page: number;
  readonly size: number;
}

export interface Sort {
  readonly field: string;
  readonly descending: boolean;
}

/** The filters of rest-api.md §3. All that are given must hold. Dates in ms since 1970. */
export interface ExecutionFilter {
  readonly tenant: string;
  readonly q?: string;
  readonly scope?: readonly ('USER' | 'SYSTEM')[];
  readonly systemNamespace?: string;
  /** This namespace or one below it; exact when `flowId` is given. */
  readonly namespace?: string;
  readonly flowId?: string;
  readonly startDate?: number;
  readonly endDate?: number;
  readonly states?: readonly State[];
  readonly labels?: readonly { readonly key: string; readonly value: string }[];
  readonly triggerExecutionId?: string;
  readonly childFilter?: 'CHILD' | 'MAIN';
  readonly ids?: readonly string[];
}

export interface PageOf<T> {
  readonly results: readonly T[];
  /** All matches, also on a page past the end. */
  readonly total: number;
}

export interface LogFilter {
  readonly tenant: string;
  readonly executionId?: string;
  readonly minLevel?: LogLevel;
  readonly taskId?: string;
  readonly taskRunId?: string;
  readonly attempt?: number;
  readonly q?: string;
  readonly namespace?: string;
  readonly flowId?: string;
  readonly triggerId?: string;
  readonly startDate?: number;
  readonly endDate?: number;
}

/** A log line with a cursor that orders the lines of an execution as they arrived in the store. */
export interface StoredLog extends LogRow {
  readonly cursor: string;
}

/** Reads of executions, their logs and operations, for the API. */
export interface ExecutionQueries {
  get(tenant: string, id: string, taskRunLimit: number): Promise<ExecutionView | undefined>;
  /** Only state and version of several executions; unknown ids are left out. For waiting and following. */
  states(
    ids: readonly string[],
  ): Promise<readonly { readonly id: string; readonly state: State; readonly version: number }[]>;
  /** Task runs in order of creation. */
  taskRuns(tenant: string, id: string, page: Page, states?: readonly State[]): Promise<PageOf<TaskRun>>;
  taskRun(tenant: string, executionId: string, taskRunId: string): Promise<TaskRun | undefined>;
  /** Keys to sort by: rest-api.md §3. Throws StoreError bad-data for another one. Views carry at most `taskRunLimit` task runs each. */
  search(
    filter: ExecutionFilter,
    page: Page,
    sort: readonly Sort[],
    taskRunLimit: number,
  ): Promise<PageOf<ExecutionView>>;
  /** All ids that match, newest first, at most `limit`. */
  findIds(filter: ExecutionFilter, limit: number): Promise<readonly string[]>;
  /** Removes an execution with its task runs and, as asked, logs and metrics; false when there was none. */
  delete(tenant: string, id: string, options: { readonly logs: boolean; readonly metrics: boolean }): Promise<boolean>;

  /** Lines of one execution by time, from after `cursor`, at most `limit`. */
  executionLogs(
    filter: LogFilter & { readonly executionId: string },
    limit: number,
    cursor?: string,
  ): Promise<readonly StoredLog[]>;
  searchLogs(filter: LogFilter, page: Page, sort: readonly Sort[]): Promise<PageOf<StoredLog>>;
  deleteLogs(filter: LogFilter): Promise<number>;
  metrics(
    filter: {
      readonly tenant: string;
      readonly executionId: string;
      readonly taskId?: string;
      readonly taskRunId?: string;
    },
    page: Page,
    sort: readonly Sort[],
  ): Promise<PageOf<MetricRow>>;

  operation(
    id: string,
  ): Promise<{ readonly outcome: 'pending' | 'applied' | 'refused'; readonly reason?: string } | undefined>;
}

export type { ExecutionTrigger };
