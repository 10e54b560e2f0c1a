import type { Request, Response } from 'express';
import { ApiError } from '@tiercel/contracts';
import type { Execution } from '@tiercel/model';
import { executionRoot, fromUri, isBelow, isStorageUri, StorageError, type StoredEntry } from '@tiercel/storage';
import type { RouteDeps } from '../deps.ts';
import { sendFile } from '../http/download.ts';
import { sendJson } from '../http/answers.ts';
import { queryOf, type Query } from '../http/query.ts';
import { route, type Route } from '../http/routing.ts';
import { previewFile } from '../preview.ts';
import { findExecution } from './executions.ts';

const ANY = ['application/octet-stream', 'application/json', 'text/plain'];

/** Files of an execution: rest-api.md §7.3. */
export function executionFileRoutes(deps: RouteDeps): readonly Route[] {
  const { storage, tenant, config } = deps;
  return [
    route(
      'GET',
      '/executions/:id/file',
      (req, res) => withFile(deps, req, res, (entry) => sendFile(req, res, storage, tenant, entry)),
      { produces: ANY },
    ),
    route('GET', '/executions/:id/file/metas', (req, res) =>
      withFile(deps, req, res, (entry) => sendJson(res, { size: entry.size })),
    ),
    route('GET', '/executions/:id/file/preview', (req, res) =>
      withFile(deps, req, res, async (entry, query) => {
        const maxLine = Math.min(query.integer('maxRows') ?? config.previewInitial, config.previewMax);
        if (maxLine < 1) throw new ApiError('illegalArgument', 'maxRows must be greater than or equal to 1');
        sendJson(
          res,
          await previewFile(storage, tenant, entry, { maxLine, encoding: query.text('encoding') ?? 'UTF-8' }),
        );
      }),
    ),
  ];
}

const rootOf = (execution: Execution): string => executionRoot({ ...execution, executionId: execution.id });

/** A path of the storage in the query; anything else is an invalid prefix. */
function pathOf(query: Query): string {
  const uri = query.required('path');
  if (!isStorageUri(uri)) throw new ApiError('illegalArgument', 'Invalid prefix path');
  try {
    return fromUri(uri);
  } catch (error) {
    if (error instanceof StorageError && error.code === 'bad-path') {
      throw new ApiError('illegalArgument', 'Invalid prefix path', { cause: error });
    }
    throw error;
  }
}

/** Runs with the file that is asked for, when it belongs to the execution; a file of another one is redirected to there. */
async function withFile(
  deps: RouteDeps,
  req: Request,
  res: Response,
  handle: (entry: StoredEntry, query: Query) => void | Promise<void>,
): Promise<void> {
  const query = queryOf(req);
  const { execution } = await findExecution(deps, req, 0);
  const path = pathOf(query);
  if (!isBelow(path, rootOf(execution))) return redirect(deps, req, res, execution, path);
  const entry = await deps.storage.stat(deps.tenant, path);
  if (entry === undefined || entry.type !== 'File')
    throw new ApiError('notFound', `File '${query.text('path')}' not found`);
  await handle(entry, query);
}

const OTHER_EXECUTION = /\/executions\/([0-9A-Za-z]{1,22})\//;

/** 301 to the same route of the execution that the path belongs to; 422 when it belongs to none, 404 for an unknown one. */
async function redirect(deps: RouteDeps, req: Request, res: Response, from: Execution, path: string): Promise<void> {
  const other = OTHER_EXECUTION.exec(path)?.[1];
  if (other === undefined || other === from.id) throw new ApiError('illegalArgument', 'Invalid prefix path');
  const view = await deps.executions.get(deps.tenant, other, 0);
  if (view === undefined) throw new ApiError('notFound', `Unable to find execution id '${other}'`);
  if (!isBelow(path, rootOf(view.execution))) throw new ApiError('illegalArgument', 'Invalid prefix path');
  res.statusCode = 301;
  res.setHeader('Location', req.originalUrl.replace(`/executions/${from.id}/`, `/executions/${view.execution.id}/`));
  res.setHeader('Content-Length', 0);
  res.end();
}
