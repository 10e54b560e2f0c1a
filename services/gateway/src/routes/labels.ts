import { ApiError, executionToJson } from '@tiercel/contracts';
import { currentState, isTerminal, type Label } from '@tiercel/model';
import { z } from 'zod';
import type { RouteDeps } from '../deps.ts';
import { sendJson } from '../http/answers.ts';
import { readJson } from '../http/body.ts';
import { route, type Route } from '../http/routing.ts';
import { findExecution } from './executions.ts';

const Labels = z.array(z.object({ key: z.string().nullish(), value: z.string().nullish() })).max(1000);

/** Labels of an ended execution (rest-api.md §4, §7.4). Served where the store can set them. */
export function labelRoutes(deps: RouteDeps): readonly Route[] {
  const { setLabels } = deps;
  if (setLabels === undefined) return [];
  return [
    route('POST', '/executions/:id/labels', async (req, res) => {
      const view = await findExecution(deps, req);
      const { execution } = view;
      if (!isTerminal(currentState(execution.history)))
        throw new ApiError('badRequest', 'The execution is not terminated');
      const given = await readJson(req, deps.config.jsonLimit, Labels);
      const labels = mergeLabels(execution.labels, given);
      if (!(await setLabels(deps.tenant, execution.id, labels))) throw new ApiError('notFound');
      sendJson(res, executionToJson({ ...view, execution: { ...execution, labels } }, { now: deps.clock() }));
    }),
  ];
}

/** Merged by key. System labels may be repeated as they are, not changed; wholly empty entries are dropped (execution-semantics.md §9.9). */
export function mergeLabels(
  present: readonly Label[],
  given: readonly { readonly key?: string | null | undefined; readonly value?: string | null | undefined }[],
): readonly Label[] {
  const merged = new Map(present.map((label) => [label.key, label.value]));
  for (const { key, value } of given) {
    const hasKey = key !== undefined && key !== null && key !== '';
    const hasValue = value !== undefined && value !== null && value !== '';
    if (!hasKey && !hasValue) continue;
    if (!hasKey || !hasValue) throw new ApiError('illegalArgument', 'A label needs a key and a value');
    if (key.startsWith('system.') && merged.get(key) !== value) {
      throw new ApiError(
        'illegalArgument',
        `System labels can only be set by Kestra itself, offending label: ${key}=${value}`,
      );
    }
    merged.set(key, value);
  }
  return [...merged].map(([key, value]) => ({ key, value }));
}
