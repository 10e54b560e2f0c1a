import type { Request, Response } from 'express';
import { ApiError, executionToJson, taskRunToJson } from '@tiercel/contracts';
import { STATES } from '@tiercel/model';
import { executionRoot } from '@tiercel/storage';
import type { ExecutionView, PageOf } from '@tiercel/store';
import type { RouteDeps } from '../deps.ts';
import { executionFilter } from '../filters.ts';
import { createFrames, createWake, type Frame, type Frames, type Wake } from '../follow.ts';
import { idParam, sendEmpty, sendJson } from '../http/answers.ts';
import { pageOf, queryOf, sortOf, type Query } from '../http/query.ts';
import { route, type Route } from '../http/routing.ts';
import type { EventStream } from '../http/streams.ts';

const SORT_KEYS = ['id', 'state.startDate', 'state.endDate', 'state.duration', 'namespace', 'flowId', 'state.current'];

/** Most task runs in one page of executions together; each of them has its share. */
const TASK_RUNS_PER_PAGE = 10_000;
/** Progress of one execution is sent at most that often, ms; an end is sent at once. */
const PROGRESS_INTERVAL = 100;
/** How many readings a follower of an unknown execution waits for it to appear. */
const GRACE_READINGS = 2;

/** Reads of executions: rest-api.md §7.2, deletion, and the stream of changes (§6). */
export function executionRoutes(deps: RouteDeps): readonly Route[] {
  const { executions, tenant, config, clock } = deps;
  const frames = createFrames({ executions, tenant, taskRunLimit: config.taskRunLimit, clock });
  return [
    route('GET', '/executions/search', (req, res) => search(deps, req, res, queryOf(req))),
    route('GET', '/executions', (req, res) => {
      const query = queryOf(req);
      query.required('namespace');
      query.required('flowId');
      return search(deps, req, res, query);
    }),
    route('GET', '/executions/:id', async (req, res) => {
      sendJson(res, executionToJson(await findExecution(deps, req), { now: clock() }));
    }),
    route('GET', '/executions/:id/taskruns', (req, res) => listTaskRuns(deps, req, res)),
    route('GET', '/executions/:id/follow', (req, res) => follow(deps, frames, req, res), {
      produces: ['text/event-stream'],
    }),
    route('DELETE', '/executions/:id', (req, res) => remove(deps, req, res)),
  ];
}

/** The execution of the path; 404 when there is none. */
export async function findExecution(
  { executions, tenant, config }: RouteDeps,
  req: Request,
  taskRunLimit = config.taskRunLimit,
): Promise<ExecutionView> {
  const view = await executions.get(tenant, idParam(req), taskRunLimit);
  if (view === undefined) throw new ApiError('notFound');
  return view;
}

async function search(
  { executions, tenant, config, clock }: RouteDeps,
  _req: Request,
  res: Response,
  query: Query,
): Promise<void> {
  const page = pageOf(query);
  const now = clock();
  const filter = executionFilter(query, { tenant, systemNamespace: config.systemNamespace, now });
  const taskRunLimit = Math.min(config.taskRunLimit, Math.ceil(TASK_RUNS_PER_PAGE / page.size));
  const found: PageOf<ExecutionView> = await executions.search(filter, page, sortOf(query, SORT_KEYS), taskRunLimit);
  sendJson(res, { results: found.results.map((view) => executionToJson(view, { now })), total: found.total });
}

async function listTaskRuns(deps: RouteDeps, req: Request, res: Response): Promise<void> {
  const query = queryOf(req);
  const page = pageOf(query);
  const states = query.manyOf('state', STATES);
  const { execution } = await findExecution(deps, req, 0);
  const found = await deps.executions.taskRuns(deps.tenant, execution.id, page, states);
  const now = deps.clock();
  sendJson(res, {
    results: found.results.map((taskRun) => taskRunToJson(execution, taskRun, { now })),
    total: found.total,
  });
}

async function remove(deps: RouteDeps, req: Request, res: Response): Promise<void> {
  const query = queryOf(req);
  const options = { logs: query.flag('deleteLogs', true), metrics: query.flag('deleteMetrics', true) };
  const deleteStorage = query.flag('deleteStorage', true);
  const { execution } = await findExecution(deps, req, 0);
  if (!(await deps.executions.delete(deps.tenant, execution.id, options))) throw new ApiError('notFound');
  if (deleteStorage) await deps.storage.delete(deps.tenant, executionRoot({ ...execution, executionId: execution.id }));
  sendEmpty(res, 204);
}

/** `GET /{id}/follow`: watches first and reads then, so that no change falls between; the last frame is `end`. */
async function follow(deps: RouteDeps, frames: Frames, req: Request, res: Response): Promise<void> {
  const id = idParam(req);
  const release = frames.hold(id);
  const wake = createWake(deps.watch, id);
  res.once('close', wake.wake);
  try {
    const first = await firstFrame(frames, id, wake, res);
    if (res.destroyed) return;
    if (first === undefined) throw new ApiError('notFound', `Unable to find execution '${id}'`);
    await pump(deps, frames, id, wake, first, deps.streams.open(res));
  } finally {
    wake.stop();
    release();
  }
}

/** The present state; an execution that does not exist gets a short grace to appear. */
async function firstFrame(frames: Frames, id: string, wake: Wake, res: Response): Promise<Frame | undefined> {
  for (let reading = 0; ; reading += 1) {
    const frame = await frames.read(id, wake.version);
    if (frame !== undefined || reading === GRACE_READINGS || res.destroyed) return frame;
    await wake.next();
  }
}

async function pump(
  deps: RouteDeps,
  frames: Frames,
  id: string,
  wake: Wake,
  first: Frame,
  stream: EventStream,
): Promise<void> {
  stream.onClose(wake.wake);
  if (!first.ended) await stream.send('progress', first.data);
  let sent = first;
  while (!stream.closed && !sent.ended) {
    await wake.next();
    if (stream.closed || wake.absent) break;
    if (wake.version <= sent.version) continue;
    const frame = await readAgain(deps, frames, id, wake.version, sent);
    if (frame === undefined) break;
    if (frame.version <= sent.version) continue;
    sent = frame;
    await stream.send('progress', frame.data);
    await wake.pause(PROGRESS_INTERVAL);
  }
  if (sent.ended) await stream.send('end', sent.data);
  stream.end();
}

/** A read that fails leaves the stream at what was sent; the next interval tries again. */
async function readAgain(
  deps: RouteDeps,
  frames: Frames,
  id: string,
  version: number,
  sent: Frame,
): Promise<Frame | undefined> {
  try {
    return await frames.read(id, version);
  } catch (error) {
    deps.logger.warn({ error, executionId: id }, 'a followed execution could not be read');
    return sent;
  }
}
