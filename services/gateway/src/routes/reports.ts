import { renderReport } from '@tiercel/messages';
import type { LogRow } from '@tiercel/store';
import type { RouteDeps } from '../deps.ts';
import { route, type Route } from '../http/routing.ts';
import { findExecution } from './executions.ts';

/** Most log lines in a report. */
const MAX_LINES = 5000;

/** An execution as a page for people: `GET /executions/{id}/report`. */
export function reportRoutes(deps: RouteDeps): readonly Route[] {
  const { executions, tenant, config, clock } = deps;
  const templates = config.reportTemplates === undefined ? {} : { templates: config.reportTemplates };
  return [
    route(
      'GET',
      '/executions/:id/report',
      async (req, res) => {
        const view = await findExecution(deps, req);
        const logs: readonly LogRow[] = await executions.executionLogs(
          { tenant, executionId: view.execution.id },
          MAX_LINES + 1,
        );
        const html = renderReport(view, logs.slice(0, MAX_LINES), {
          ...templates,
          now: clock(),
          logsTruncated: logs.length > MAX_LINES,
        });
        res.statusCode = 200;
        res.setHeader('Content-Type', 'text/html; charset=utf-8');
        // The page is one file: it may load and run nothing.
        res.setHeader('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; img-src data:");
        res.setHeader('Content-Length', Buffer.byteLength(html));
        res.end(html);
      },
      { produces: ['text/html'] },
    ),
  ];
}
