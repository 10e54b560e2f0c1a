import type { Request, Response } from 'express';
import { ApiError, executionToJson, inputToJson, type ExecutionJson } from '@tiercel/contracts';
import { asApi, type ExecutionRequest, type Intake, type ResolvedInput, type UploadSession } from '@tiercel/intake';
import type { RouteDeps, RouteFactory } from '../deps.ts';
import { goneSignal, param, sendJson } from '../http/answers.ts';
import { labelsOf, queryOf, type Query } from '../http/query.ts';
import { route } from '../http/routing.ts';
import { readExecutionForm } from './execution-form.ts';

/** Creation of executions and validation of their inputs (rest-api.md §5, §7.1). */
export const createExecutionRoutes =
  ({ intake }: { readonly intake: Intake }): RouteFactory =>
  (deps) => [
    route('POST', '/executions/:namespace/:flowId', (req, res) => create(intake, deps, req, res)),
    route('POST', '/executions/trigger/:namespace/:flowId', (req, res) => create(intake, deps, req, res)),
    route('POST', '/executions/:namespace/:flowId/validate', (req, res) => validate(intake, deps, req, res)),
  ];

function requestOf(deps: RouteDeps, req: Request, query: Query): ExecutionRequest {
  const revision = query.integer('revision');
  const scheduleDate = query.date('scheduleDate');
  return {
    tenant: deps.tenant,
    namespace: param(req, 'namespace'),
    flowId: param(req, 'flowId'),
    labels: labelsOf(query.all('labels')),
    ...(revision === undefined ? {} : { revision }),
    ...(scheduleDate === undefined ? {} : { scheduleDate }),
  };
}

const readParts = ({ config }: RouteDeps, req: Request, res: Response, session: UploadSession): Promise<void> =>
  readExecutionForm(req, res, session, { fileSize: config.uploadLimit, fieldSize: config.jsonLimit });

async function create(intake: Intake, deps: RouteDeps, req: Request, res: Response): Promise<void> {
  const query = queryOf(req);
  const isWaiting = query.flag('wait', false);
  const request = requestOf(deps, req, query);
  const session = await asApi(() => intake.begin(request));
  // Before the row exists, so that no end is missed.
  const wait = isWaiting ? deps.waiter.waitForEnd(session.executionId, goneSignal(res)) : undefined;
  try {
    const { row } = await asApi(async () => {
      await readParts(deps, req, res, session);
      return session.commit();
    });
    if (wait === undefined) {
      sendJson(
        res,
        withUrl(deps, req, executionToJson({ execution: row.execution, taskRuns: [] }, { now: deps.clock() })),
      );
      return;
    }
    wait.created();
  } catch (error) {
    wait?.cancel();
    // After a refused commit there is nothing left to take back.
    await abandon(session, error);
    throw error;
  }
  const view = await wait.promise;
  if (res.destroyed) return;
  if (view === undefined)
    throw new ApiError('notFound', `the execution ${session.executionId} was deleted while it was waited for`);
  sendJson(res, withUrl(deps, req, executionToJson(view, { now: deps.clock() })));
}

/** Removes what was stored, unless the store left it open whether the execution exists. */
async function abandon(session: UploadSession, error: unknown): Promise<void> {
  if ((error as { readonly code?: unknown } | undefined)?.code !== 'unavailable') await session.abort();
}

/** The page of the execution in the UI; with the tenant when the request had it in its path. */
function withUrl({ config, tenant }: RouteDeps, req: Request, execution: ExecutionJson): ExecutionJson {
  const base = (config.baseUrl ?? '').replace(/\/+$/, '');
  const prefix = req.originalUrl.startsWith(`/api/v1/${tenant}/`) ? `/${tenant}` : '';
  return {
    ...execution,
    url: `${base}/ui${prefix}/executions/${execution.namespace}/${execution.flowId}/${execution.id}`,
  };
}

async function validate(intake: Intake, deps: RouteDeps, req: Request, res: Response): Promise<void> {
  const request = requestOf(deps, req, queryOf(req));
  const session = await asApi(() => intake.begin({ ...request, validateOnly: true }));
  const report = await asApi(async () => {
    await readParts(deps, req, res, session);
    return session.report();
  });
  sendJson(res, { id: session.flow.id, namespace: session.flow.namespace, inputs: report.map(verdict) });
}

const verdict = ({ input, value, enabled, error }: ResolvedInput): object => ({
  input: inputToJson(input),
  ...(value === undefined || value === null ? {} : { value }),
  enabled,
  errors: error === undefined ? [] : [{ message: error }],
});
