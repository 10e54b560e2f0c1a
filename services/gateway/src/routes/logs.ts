import type { Request, Response } from 'express';
import { ApiError, logToJson, logToText } from '@tiercel/contracts';
import { isId, isTerminal, LOG_LEVELS } from '@tiercel/model';
import type { LogFilter, StoredLog } from '@tiercel/store';
import type { RouteDeps } from '../deps.ts';
import { logFilter } from '../filters.ts';
import { createWake, type Wake } from '../follow.ts';
import { attachment, namespaceParam, param, sendEmpty, sendJson } from '../http/answers.ts';
import { pageOf, queryOf, sortOf, type Query } from '../http/query.ts';
import { route, type Route } from '../http/routing.ts';
import type { EventStream } from '../http/streams.ts';

const SORT_KEYS = [
  'namespace',
  'flowId',
  'taskId',
  'executionId',
  'taskRunId',
  'triggerId',
  'timestamp',
  'level',
  'message',
  'thread',
  'attemptNumber',
];
/** Lines read at a time. */
const CHUNK = 1000;
const GRACE_READINGS = 2;

type ExecutionLogFilter = LogFilter & { readonly executionId: string };

/** Logs: rest-api.md §10.1 and §6. */
export function logRoutes(deps: RouteDeps): readonly Route[] {
  const { executions, tenant, config, clock } = deps;
  return [
    route('GET', '/logs/search', async (req, res) => {
      const query = queryOf(req);
      const page = pageOf(query);
      const filter = logFilter(query, { tenant, systemNamespace: config.systemNamespace, now: clock() });
      const found = await executions.searchLogs(filter, page, sortOf(query, SORT_KEYS));
      sendJson(res, { results: found.results.map(logToJson), total: found.total });
    }),
    route('GET', '/logs/:executionId', (req, res) => list(deps, req, res)),
    route('GET', '/logs/:executionId/download', (req, res) => download(deps, req, res), {
      produces: ['text/plain', 'application/octet-stream', 'application/json'],
    }),
    route('GET', '/logs/:executionId/follow', (req, res) => follow(deps, req, res), {
      produces: ['text/event-stream'],
    }),
    route('DELETE', '/logs/:executionId', async (req, res) => {
      const filter = deleteFilter(deps, req, queryOf(req));
      if (filter !== undefined) await executions.deleteLogs(filter);
      sendEmpty(res);
    }),
    route('DELETE', '/logs/:namespace/:flowId', async (req, res) => {
      const triggerId = queryOf(req).text('triggerId');
      const flow = { tenant, namespace: namespaceParam(req), flowId: param(req, 'flowId') };
      await executions.deleteLogs(triggerId === undefined ? flow : { ...flow, triggerId });
      sendEmpty(res);
    }),
  ];
}

const levelOf = (query: Query): Pick<LogFilter, 'minLevel'> => {
  const minLevel = query.oneOf('minLevel', LOG_LEVELS);
  return minLevel === undefined ? {} : { minLevel };
};

/** Reading: `taskId` wins over the others, `attempt` counts only together with `taskRunId`. Undefined: nothing can match. */
function readFilter({ tenant }: RouteDeps, req: Request, query: Query): ExecutionLogFilter | undefined {
  const executionId = param(req, 'executionId');
  const taskRunId = query.text('taskRunId');
  if (!isId(executionId) || (taskRunId !== undefined && !isId(taskRunId))) return undefined;
  const base = { tenant, executionId, ...levelOf(query) };
  const taskId = query.text('taskId');
  if (taskId !== undefined) return { ...base, taskId };
  if (taskRunId === undefined) return base;
  const attempt = query.integer('attempt');
  return attempt === undefined ? { ...base, taskRunId } : { ...base, taskRunId, attempt };
}

/** Deleting: all that are given hold. */
function deleteFilter({ tenant }: RouteDeps, req: Request, query: Query): ExecutionLogFilter | undefined {
  const executionId = param(req, 'executionId');
  const taskRunId = query.text('taskRunId');
  const taskId = query.text('taskId');
  const attempt = query.integer('attempt');
  if (!isId(executionId) || (taskRunId !== undefined && !isId(taskRunId))) return undefined;
  return {
    tenant,
    executionId,
    ...levelOf(query),
    ...(taskRunId === undefined ? {} : { taskRunId }),
    ...(taskId === undefined ? {} : { taskId }),
    ...(attempt === undefined ? {} : { attempt }),
  };
}

/** The lines of an execution by time, chunk by chunk. */
async function* chunks({ executions }: RouteDeps, filter: ExecutionLogFilter): AsyncGenerator<readonly StoredLog[]> {
  let cursor: string | undefined;
  for (;;) {
    const lines = await executions.executionLogs(filter, CHUNK, cursor);
    if (lines.length > 0) yield lines;
    if (lines.length < CHUNK) return;
    cursor = lines[lines.length - 1]!.cursor;
  }
}

async function list(deps: RouteDeps, req: Request, res: Response): Promise<void> {
  await sendLines(req, res, linesOf(deps, req), {
    type: 'application/json',
    start: '[',
    separator: ',',
    end: ']',
    format: (line) => JSON.stringify(logToJson(line)),
  });
}

async function download(deps: RouteDeps, req: Request, res: Response): Promise<void> {
  await sendLines(req, res, linesOf(deps, req), {
    type: 'text/plain; charset=utf-8',
    fileName: `${param(req, 'executionId')}.log`,
    start: '',
    separator: '\n',
    end: '',
    format: logToText,
  });
}

/** The lines that a request reads; undefined: nothing can match. */
function linesOf(deps: RouteDeps, req: Request): ReturnType<typeof chunks> | undefined {
  const filter = readFilter(deps, req, queryOf(req));
  return filter === undefined ? undefined : chunks(deps, filter);
}

interface LineFormat {
  readonly type: string;
  /** With it, the answer is a download. */
  readonly fileName?: string;
  readonly start: string;
  readonly separator: string;
  readonly end: string;
  readonly format: (line: StoredLog) => string;
}

/** Streamed: a chunk is read when the client has room for it. */
async function sendLines(
  req: Request,
  res: Response,
  lines: ReturnType<typeof chunks> | undefined,
  { type, fileName, start, separator, end, format }: LineFormat,
): Promise<void> {
  // The first chunk is read before the headers go out: a failure there is still an error answer.
  let next = await lines?.next();
  res.statusCode = 200;
  res.setHeader('Content-Type', type);
  if (fileName !== undefined) attachment(res, fileName);
  if (req.method === 'HEAD') {
    res.end();
    return;
  }
  let sent = false;
  while (next !== undefined && next.done !== true) {
    if (res.destroyed) return;
    if (!res.write((sent ? separator : start) + next.value.map(format).join(separator))) await roomIn(res);
    sent = true;
    next = await lines?.next();
  }
  res.end(sent ? end : start + end);
}

const roomIn = (res: Response): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      res.off('drain', done);
      res.off('close', done);
      resolve();
    };
    res.once('drain', done);
    res.once('close', done);
  });

/** First what is stored, then what comes; ends when the execution has ended and all its lines are sent. */
async function follow(deps: RouteDeps, req: Request, res: Response): Promise<void> {
  const filter = readFilter(deps, req, queryOf(req));
  if (filter === undefined) throw new ApiError('notFound');
  const { executionId } = filter;
  const wake = createWake(deps.watch, executionId);
  res.once('close', wake.wake);
  try {
    await untilKnown(deps, executionId, wake, res);
    if (res.destroyed) return;
    const stream = deps.streams.open(res);
    stream.onClose(wake.wake);
    await pump(deps, filter, wake, stream);
  } finally {
    wake.stop();
  }
}

/** Waits for an execution that may be about to appear; 404 after a short grace. */
async function untilKnown(deps: RouteDeps, executionId: string, wake: Wake, res: Response): Promise<void> {
  for (let reading = 0; !res.destroyed; reading += 1) {
    const [known] = await deps.executions.states([executionId]);
    if (known !== undefined) {
      if (isTerminal(known.state)) wake.markEnded();
      return;
    }
    if (reading === GRACE_READINGS) throw new ApiError('notFound', `Unable to find execution '${executionId}'`);
    await wake.next();
  }
}

async function pump(deps: RouteDeps, filter: ExecutionLogFilter, wake: Wake, stream: EventStream): Promise<void> {
  const place: Place = { cursor: undefined };
  while (!stream.closed) {
    // Asked before the lines are read: those of an ended execution are all there.
    const last = wake.ended || wake.absent;
    try {
      await sendFrom(deps, filter, place, stream);
    } catch (error) {
      deps.logger.warn({ error, executionId: filter.executionId }, 'followed logs could not be read');
      await wake.next();
      continue;
    }
    if (last) break;
    await wake.next();
  }
  stream.end();
}

/** How far a follower has got. */
interface Place {
  cursor: string | undefined;
}

/** Sends all lines after the place, and moves it along. */
async function sendFrom(deps: RouteDeps, filter: ExecutionLogFilter, place: Place, stream: EventStream): Promise<void> {
  for (;;) {
    const lines = await deps.executions.executionLogs(filter, CHUNK, place.cursor);
    for (const line of lines) {
      if (!(await stream.send('progress', JSON.stringify(logToJson(line))))) return;
      place.cursor = line.cursor;
    }
    if (lines.length < CHUNK) return;
  }
}
