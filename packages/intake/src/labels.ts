import { SYSTEM_LABEL_PREFIX } from '@tiercel/flow-source';
import type { Flow, Label } from '@tiercel/model';
import { IntakeError } from './errors.ts';

/** Names the tree of executions that belong together; the root's own id unless it was given. */
export const CORRELATION_ID = 'system.correlationId';

/** Labels of the flow that its executions get: system labels stay with the flow (execution-semantics.md §9.9). */
export const flowLabels = (flow: Flow): readonly Label[] =>
  flow.labels.filter(({ key }) => !key.startsWith(SYSTEM_LABEL_PREFIX));

/** Refuses labels that a request may not set: those of the server, but for the correlation id, and a key given twice. */
export function checkRequestLabels(labels: readonly Label[]): void {
  const seen = new Set<string>();
  for (const { key, value } of labels) {
    if (key.startsWith(SYSTEM_LABEL_PREFIX) && key !== CORRELATION_ID) {
      throw new IntakeError(
        'system-label',
        `System labels can only be set by Kestra itself, offending label: ${key}=${value}`,
      );
    }
    if (seen.has(key)) throw new IntakeError('duplicate-label', `Duplicate key ${key}`);
    seen.add(key);
  }
}

/** Labels of an execution that a request asked for: the flow's, the request's, the correlation id. Nothing is merged. */
export function requestedLabels(flow: Flow, labels: readonly Label[], executionId: string): readonly Label[] {
  const own = [...flowLabels(flow), ...labels];
  const isCorrelated = labels.some(({ key }) => key === CORRELATION_ID);
  return isCorrelated ? own : [...own, { key: CORRELATION_ID, value: executionId }];
}
