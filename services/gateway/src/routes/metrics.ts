import { metricToJson } from '@tiercel/contracts';
import { isId } from '@tiercel/model';
import type { RouteDeps } from '../deps.ts';
import { param, sendJson } from '../http/answers.ts';
import { pageOf, queryOf, sortOf } from '../http/query.ts';
import { route, type Route } from '../http/routing.ts';

const SORT_KEYS = ['namespace', 'flowId', 'taskId', 'executionId', 'taskrunId', 'name', 'timestamp', 'value'];

/** Metrics of an execution (rest-api.md §10.2); `taskId` wins over `taskRunId`. */
export function metricRoutes({ executions, tenant }: RouteDeps): readonly Route[] {
  return [
    route('GET', '/metrics/:executionId', async (req, res) => {
      const query = queryOf(req);
      const page = pageOf(query);
      const sort = sortOf(query, SORT_KEYS);
      const executionId = param(req, 'executionId');
      const taskId = query.text('taskId');
      const taskRunId = query.text('taskRunId');
      if (!isId(executionId) || (taskRunId !== undefined && !isId(taskRunId)))
        return sendJson(res, { results: [], total: 0 });
      const narrowed = taskId !== undefined ? { taskId } : taskRunId !== undefined ? { taskRunId } : {};
      const found = await executions.metrics({ tenant, executionId, ...narrowed }, page, sort);
      sendJson(res, { results: found.results.map(metricToJson), total: found.total });
    }),
  ];
}
