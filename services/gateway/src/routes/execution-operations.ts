import type { Request, Response } from 'express';
import { ApiError, executionToJson, type ErrorKind } from '@tiercel/contracts';
import {
  currentState,
  isId,
  newId,
  STATES,
  type JsonObject,
  type Operation,
  type State,
  type TaskRun,
} from '@tiercel/model';
import type { ExecutionView } from '@tiercel/store';
import { z } from 'zod';
import type { Refusal, RouteDeps } from '../deps.ts';
import { idParam, sendEmpty, sendJson } from '../http/answers.ts';
import { readJson } from '../http/body.ts';
import { queryOf } from '../http/query.ts';
import { route, type Route } from '../http/routing.ts';
import { readInputs } from '../inputs.ts';
import { findExecution } from './executions.ts';

const StateBody = z.object({ taskRunId: z.string(), state: z.enum(STATES) });

/** What is asked of one execution: rest-api.md §7.4. Written first, applied by the executor, waited for up to a second. */
export function executionOperationRoutes(deps: RouteDeps): readonly Route[] {
  const sendExecution = (res: Response, view: ExecutionView): void =>
    sendJson(res, executionToJson(view, { now: deps.clock() }));
  return [
    route('DELETE', '/executions/:id/kill', (req, res) => kill(deps, req, res)),
    route('POST', '/executions/:id/pause', async (req, res) => {
      await operate(deps, req, res, await findExecution(deps, req), { kind: 'pause' }, () => sendEmpty(res));
    }),
    route('POST', '/executions/:id/resume', (req, res) => resume(deps, req, res)),
    route('POST', '/executions/:id/restart', async (req, res) => {
      const view = await findExecution(deps, req);
      await refuseRevision(deps, req, view);
      await operate(deps, req, res, view, { kind: 'restart' }, sendExecution);
    }),
    route('POST', '/executions/:id/force-run', async (req, res) => {
      await operate(deps, req, res, await findExecution(deps, req), { kind: 'force-run' }, sendExecution);
    }),
    route('POST', '/executions/:id/change-status', async (req, res) => {
      const query = queryOf(req);
      query.required('status');
      const state = query.oneOf('status', STATES) as State;
      await operate(deps, req, res, await findExecution(deps, req), { kind: 'change-status', state }, sendExecution);
    }),
    route('POST', '/executions/:id/state', async (req, res) => {
      const view = await findExecution(deps, req);
      const { taskRunId, state } = await readJson(req, deps.config.jsonLimit, StateBody);
      await operate(deps, req, res, view, { kind: 'change-task-state', taskRunId, state }, sendExecution);
    }),
  ];
}

const errorOf = (refusal: Refusal): ApiError => {
  const kind: ErrorKind = refusal.kind === 'conflict' ? 'illegalState' : 'illegalArgument';
  return new ApiError(kind, refusal.reason);
};

/** Task runs that a check may need although the list of the view was cut before them. */
async function beyondTheCut(
  { executions, tenant }: RouteDeps,
  operation: Operation,
  view: ExecutionView,
): Promise<readonly TaskRun[]> {
  if (view.taskRunCount <= view.taskRuns.length) return [];
  const { id } = view.execution;
  if (operation.kind === 'change-task-state') {
    const taskRun = isId(operation.taskRunId) ? await executions.taskRun(tenant, id, operation.taskRunId) : undefined;
    return taskRun === undefined ? [] : [taskRun];
  }
  if (operation.kind !== 'restart') return [];
  return (await executions.taskRuns(tenant, id, { page: 1, size: 1 }, ['FAILED', 'PAUSED'])).results;
}

async function refusalOf(deps: RouteDeps, operation: Operation, view: ExecutionView): Promise<Refusal | undefined> {
  const taskRuns = [...view.taskRuns, ...(await beyondTheCut(deps, operation, view))];
  return deps.check(operation, { state: currentState(view.execution.history), taskRuns });
}

/** Writes an operation. Answers its id; 404 when the execution is gone. */
async function request(
  deps: RouteDeps,
  executionId: string,
  operation: Operation,
  id = newId(deps.clock()),
): Promise<string> {
  const [written] = await deps.store.request([{ id, tenant: deps.tenant, executionId, operation }]);
  if (written !== true) throw new ApiError('notFound');
  deps.hint?.(executionId);
  return id;
}

/**
 * Checks, writes and waits for the outcome. Applied: `answer` with the execution as it is then; refused: 409 or 422 with the reason;
 * undecided after the wait: 200 with the present state and the header `Operation-Id`.
 */
async function operate(
  deps: RouteDeps,
  _req: Request,
  res: Response,
  view: ExecutionView,
  operation: Operation,
  answer: (res: Response, view: ExecutionView) => void,
): Promise<void> {
  const refusal = await refusalOf(deps, operation, view);
  if (refusal !== undefined) throw errorOf(refusal);
  const { id } = view.execution;
  const operationId = newId(deps.clock());
  // The wait is registered before the row is written: an outcome that comes at once is not missed.
  const deciding = deps.operations.wait(operationId, deps.config.operationWait);
  const [decided] = await Promise.all([deciding, request(deps, id, operation, operationId)]);
  const present = await deps.executions.get(deps.tenant, id, deps.config.taskRunLimit);
  if (present === undefined) throw new ApiError('notFound');
  switch (decided.outcome) {
    case 'applied':
      // Clients look for what the call did (RESTARTED …); the executor may be steps further.
      return answer(res, (await deps.project?.(operation, view)) ?? present);
    case 'refused':
      throw errorOf(
        (await refusalOf(deps, operation, present)) ?? {
          kind: 'conflict',
          reason: decided.reason ?? 'the operation was refused',
        },
      );
    case 'pending':
      res.setHeader('Operation-Id', operationId);
      return sendJson(res, executionToJson(present, { now: deps.clock() }));
  }
}

/** Kill is asynchronous: the answer says that it was requested (rest-api.md §7.4). */
async function kill(deps: RouteDeps, req: Request, res: Response): Promise<void> {
  const operation: Operation = { kind: 'kill', cascade: queryOf(req).flag('isOnKillCascade', true) };
  const view = await findExecution(deps, req, 0);
  const refusal = await refusalOf(deps, operation, view);
  if (refusal !== undefined) throw errorOf(refusal);
  res.setHeader('Operation-Id', await request(deps, view.execution.id, operation));
  sendEmpty(res, 202);
}

async function resume(deps: RouteDeps, req: Request, res: Response): Promise<void> {
  const id = idParam(req, 'id', (text) => `Execution '${text}' not found.`);
  const view = await deps.executions.get(deps.tenant, id, deps.config.taskRunLimit);
  if (view === undefined) throw new ApiError('notFound', `Execution '${id}' not found.`);
  // Refused before its files are stored.
  const refusal = await refusalOf(deps, { kind: 'resume' }, view);
  if (refusal !== undefined) throw errorOf(refusal);
  const inputs: JsonObject | undefined = await readInputs(deps, req, res, view.execution);
  const operation: Operation = inputs === undefined ? { kind: 'resume' } : { kind: 'resume', inputs };
  await operate(deps, req, res, view, operation, () => sendEmpty(res, 204));
}

/** A restart on another revision would be a new execution (execution-semantics.md §9.5), which this version does not make. */
async function refuseRevision(deps: RouteDeps, req: Request, { execution }: ExecutionView): Promise<void> {
  const revision = queryOf(req).integer('revision');
  if (revision === undefined) return;
  const { namespace, flowId } = execution;
  const flow = await deps.flowStore.get(deps.tenant, namespace, flowId, { revision, allowDeleted: true });
  if (flow === undefined)
    throw new ApiError('notFound', `Unable to find revision ${revision} on flow ${namespace}.${flowId}`);
  throw new ApiError('illegalArgument', 'A restart on another revision is not supported');
}
