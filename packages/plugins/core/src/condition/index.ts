import { dateTimeBetween, dayWeek, dayWeekInMonth, publicHoliday, timeBetween, weekend } from './dates.ts';
import {
  executionFlow,
  executionLabels,
  executionNamespace,
  executionOutputs,
  executionStatus,
  flowCondition,
  flowNamespaceCondition,
  hasRetryAttempt,
} from './executions.ts';
import { expression, multipleCondition, not, or } from './logic.ts';

export const conditions = [
  dateTimeBetween,
  dayWeek,
  dayWeekInMonth,
  executionFlow,
  executionLabels,
  executionNamespace,
  executionOutputs,
  executionStatus,
  expression,
  flowCondition,
  flowNamespaceCondition,
  hasRetryAttempt,
  multipleCondition,
  not,
  or,
  publicHoliday,
  timeBetween,
  weekend,
] as const;
