import type { Request, Response } from 'express';
import { ApiError } from '@tiercel/contracts';
import { currentState, isId, isTerminal, newId, STATES, type Operation, type State } from '@tiercel/model';
import { executionRoot } from '@tiercel/storage';
import { z } from 'zod';
import type { RouteDeps } from '../deps.ts';
import { executionFilter } from '../filters.ts';
import { sendJson } from '../http/answers.ts';
import { readJson } from '../http/body.ts';
import { queryOf, type Query } from '../http/query.ts';
import { route, type Method, type Route } from '../http/routing.ts';

/** Members of one call. */
const MAX_MEMBERS = 10_000;
/** Members read at a time. */
const BATCH = 1000;

const Ids = z.array(z.string()).max(MAX_MEMBERS);

interface Member {
  readonly id: string;
  readonly state: State;
}

/** A bulk operation of rest-api.md §7.5. */
interface Bulk {
  readonly method: Method;
  readonly path: string;
  /** In `invalid bulk <name>`. */
  readonly name: string;
  readonly unfit: string;
  fits(state: State): boolean;
  operation(query: Query): Operation;
}

const RESTART: Bulk = {
  method: 'POST',
  path: '/executions/restart',
  name: 'restart',
  unfit: 'execution not in state FAILED',
  fits: (state) => state === 'FAILED',
  operation: () => ({ kind: 'restart' }),
};
const KILL: Bulk = {
  method: 'DELETE',
  path: '/executions/kill',
  name: 'kill',
  unfit: 'execution already finished',
  fits: (state) => !isTerminal(state),
  operation: () => ({ kind: 'kill', cascade: false }),
};
const PAUSE: Bulk = {
  method: 'POST',
  path: '/executions/pause',
  name: 'pause',
  unfit: 'execution not in state RUNNING',
  fits: (state) => state === 'RUNNING',
  operation: () => ({ kind: 'pause' }),
};
const RESUME: Bulk = {
  method: 'POST',
  path: '/executions/resume',
  name: 'resume',
  unfit: 'execution not in state PAUSED',
  fits: (state) => state === 'PAUSED',
  operation: () => ({ kind: 'resume' }),
};
const FORCE_RUN: Bulk = {
  method: 'POST',
  path: '/executions/force-run',
  name: 'force run',
  unfit: 'execution in a terminated state',
  fits: (state) => !isTerminal(state),
  operation: () => ({ kind: 'force-run' }),
};
const CHANGE_STATUS: Bulk = {
  method: 'POST',
  path: '/executions/change-status',
  name: 'change execution status',
  unfit: 'execution not in a terminated state',
  fits: isTerminal,
  operation(query) {
    query.required('newStatus');
    const state = query.oneOf('newStatus', STATES) as State;
    if (!isTerminal(state))
      throw new ApiError('illegalArgument', 'You can only change the status of an execution to a terminal state.');
    return { kind: 'change-status', state };
  },
};

/** Operations on many executions: all or nothing; one insert, and no wait for what comes of it. */
export function executionBulkRoutes(deps: RouteDeps): readonly Route[] {
  const operations = [RESTART, KILL, PAUSE, RESUME, FORCE_RUN, CHANGE_STATUS].flatMap((bulk) => [
    route(bulk.method, `${bulk.path}/by-ids`, async (req, res) => {
      const operation = bulk.operation(queryOf(req));
      await apply(deps, res, bulk, operation, await readIds(deps, req));
    }),
    route(bulk.method, `${bulk.path}/by-query`, async (req, res) => {
      const query = queryOf(req);
      const operation = bulk.operation(query);
      await apply(deps, res, bulk, operation, await findIds(deps, query));
    }),
  ]);
  return [
    ...operations,
    route('DELETE', '/executions/by-ids', async (req, res) => remove(deps, req, res, await readIds(deps, req))),
    route('DELETE', '/executions/by-query', async (req, res) =>
      remove(deps, req, res, await findIds(deps, queryOf(req))),
    ),
  ];
}

const readIds = async ({ config }: RouteDeps, req: Request): Promise<readonly string[]> => [
  ...new Set(await readJson(req, config.jsonLimit, Ids)),
];

function findIds({ executions, tenant, config, clock }: RouteDeps, query: Query): Promise<readonly string[]> {
  const filter = executionFilter(query, { tenant, systemNamespace: config.systemNamespace, now: clock() });
  return executions.findIds(filter, MAX_MEMBERS);
}

/** The members that exist, of this tenant. */
async function findMembers(
  { executions, tenant }: RouteDeps,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Member>> {
  const members = new Map<string, Member>();
  const known = ids.filter(isId);
  for (let at = 0; at < known.length; at += BATCH) {
    const page = { page: 1, size: BATCH };
    const { results } = await executions.search({ tenant, ids: known.slice(at, at + BATCH) }, page, [], 0);
    for (const { execution } of results)
      members.set(execution.id, { id: execution.id, state: currentState(execution.history) });
  }
  return members;
}

/** The answer to unfit members: 400 with all of them, and nothing happens. */
function sendInvalid(
  res: Response,
  name: string,
  invalids: readonly { readonly message: string; readonly invalidValue: string }[],
): void {
  sendJson(
    res,
    { message: `invalid bulk ${name}`, invalids: invalids.map((one) => ({ ...one, propertyPath: 'execution' })) },
    400,
  );
}

async function apply(
  deps: RouteDeps,
  res: Response,
  bulk: Bulk,
  operation: Operation,
  ids: readonly string[],
): Promise<void> {
  const members = await findMembers(deps, ids);
  const invalids = ids.flatMap((id) => {
    const member = members.get(id);
    if (member === undefined) return [{ message: 'execution not found', invalidValue: id }];
    return bulk.fits(member.state) ? [] : [{ message: bulk.unfit, invalidValue: id }];
  });
  if (invalids.length > 0) return sendInvalid(res, bulk.name, invalids);
  const now = deps.clock();
  const requests = ids.map((executionId) => ({ id: newId(now), tenant: deps.tenant, executionId, operation }));
  if (requests.length > 0) await deps.store.request(requests);
  for (const id of ids) deps.hint?.(id);
  sendJson(res, { count: ids.length });
}

async function remove(deps: RouteDeps, req: Request, res: Response, ids: readonly string[]): Promise<void> {
  const query = queryOf(req);
  const options = { logs: query.flag('deleteLogs', true), metrics: query.flag('deleteMetrics', true) };
  const deleteStorage = query.flag('deleteStorage', true);
  const all = query.flag('includeNonTerminated', false);
  const members = await findMembers(deps, ids);
  const unfit = ids.filter((id) => {
    const member = members.get(id);
    return member === undefined || (!all && !isTerminal(member.state));
  });
  if (unfit.length > 0) {
    return sendInvalid(
      res,
      'delete',
      unfit.map((id) => ({ message: 'execution not found', invalidValue: id })),
    );
  }
  let count = 0;
  for (const id of ids) {
    const view = await deps.executions.get(deps.tenant, id, 0);
    if (view === undefined || !(await deps.executions.delete(deps.tenant, id, options))) continue;
    if (deleteStorage) await deps.storage.delete(deps.tenant, executionRoot({ ...view.execution, executionId: id }));
    count += 1;
  }
  sendJson(res, { count });
}
