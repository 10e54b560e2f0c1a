import {
  createdAt,
  type Execution,
  type ExecutionTrigger,
  type Flow,
  type JsonObject,
  type Label,
} from '@tiercel/model';
import type { NewExecution } from '@tiercel/store';

export interface Birth {
  readonly flow: Flow;
  readonly id: string;
  /** ms since 1970. */
  readonly now: number;
  readonly labels: readonly Label[];
  readonly inputs?: JsonObject | undefined;
  readonly trigger?: ExecutionTrigger;
  /** The start is delayed until then, ms since 1970. */
  readonly scheduleDate?: number | undefined;
  readonly delivery?: NewExecution['delivery'];
}

/** The row of an execution that begins now, CREATED (execution-semantics.md §1.2). */
export function newExecution({ flow, id, now, labels, inputs, trigger, scheduleDate, delivery }: Birth): NewExecution {
  const execution: Execution = {
    id,
    tenant: flow.tenant,
    namespace: flow.namespace,
    flowId: flow.id,
    flowRevision: flow.revision,
    history: createdAt(now),
    labels,
    originalId: id,
    attemptNumber: 1,
    originalCreatedDate: now,
    ...(inputs === undefined ? {} : { inputs }),
    ...(trigger === undefined ? {} : { trigger }),
    ...(scheduleDate === undefined ? {} : { scheduleDate }),
  };
  return {
    execution,
    ...(scheduleDate !== undefined && scheduleDate > now ? { startAt: scheduleDate } : {}),
    ...(delivery === undefined ? {} : { delivery }),
  };
}
