import type { LogLevel, LogLine, Metric } from '@tiercel/model';
import { isoDate } from './values.ts';

/** A log entry as clients see it (rest-api.md §15, LogEntry). */
export interface LogEntryJson {
  readonly namespace: string;
  readonly flowId: string;
  readonly taskId?: string;
  readonly executionId?: string;
  readonly taskRunId?: string;
  /** Number of earlier attempts; null outside of a task attempt. */
  readonly attemptNumber: number | null;
  readonly triggerId?: string;
  readonly timestamp: string;
  readonly level: LogLevel;
  readonly thread?: string;
  readonly message: string;
  readonly deleted: boolean;
}

/** What the mapping needs of a log row (the store's `LogRow` fits). */
export interface LogParts extends LogLine {
  readonly namespace: string;
  readonly flowId: string;
  readonly executionId?: string;
  readonly taskId?: string;
  readonly taskRunId?: string;
  readonly attempt?: number;
  readonly triggerId?: string;
}

export const logToJson = (log: LogParts): LogEntryJson => ({
  namespace: log.namespace,
  flowId: log.flowId,
  ...(log.taskId === undefined ? undefined : { taskId: log.taskId }),
  ...(log.executionId === undefined ? undefined : { executionId: log.executionId }),
  ...(log.taskRunId === undefined ? undefined : { taskRunId: log.taskRunId }),
  attemptNumber: log.attempt ?? null,
  ...(log.triggerId === undefined ? undefined : { triggerId: log.triggerId }),
  timestamp: isoDate(log.timestamp),
  level: log.level,
  ...(log.thread === undefined ? undefined : { thread: log.thread }),
  message: log.message,
  deleted: false,
});

/** One entry of a downloaded log: `<timestamp> <LEVEL> <message>` (rest-api.md §10.1). */
export const logToText = (log: LogLine): string => `${isoDate(log.timestamp)} ${log.level} ${log.message}`;

/** A metric as clients see it (rest-api.md §15, MetricEntry); timers in ms. */
export interface MetricEntryJson {
  readonly namespace: string;
  readonly flowId: string;
  readonly taskId: string;
  readonly executionId: string;
  readonly taskRunId: string;
  readonly type: 'counter' | 'timer';
  readonly name: string;
  readonly value: number;
  readonly timestamp: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly deleted: boolean;
}

/** What the mapping needs of a metric row (the store's `MetricRow` fits). */
export interface MetricParts extends Metric {
  readonly namespace: string;
  readonly flowId: string;
  readonly executionId: string;
  readonly taskId: string;
  readonly taskRunId: string;
}

export const metricToJson = (metric: MetricParts): MetricEntryJson => ({
  namespace: metric.namespace,
  flowId: metric.flowId,
  taskId: metric.taskId,
  executionId: metric.executionId,
  taskRunId: metric.taskRunId,
  type: metric.type,
  name: metric.name,
  value: metric.value,
  timestamp: isoDate(metric.timestamp),
  ...(metric.tags === undefined ? undefined : { tags: metric.tags }),
  deleted: false,
});
