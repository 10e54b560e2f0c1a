import express, { type NextFunction, type Request, type RequestHandler, type Response, type Router } from 'express';
import { ApiError } from '@tiercel/contracts';
import { refuseControls } from './query.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * One route of the API. `path` is below `/api/v1`; it is served with the tenant in front, too. Routes of one resource may
 * stand in any order: literal segments beat parameters. What `handle` throws goes to the error middleware.
 */
export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly handle: (req: Request, res: Response) => void | Promise<void>;
  /** What it can answer; another `Accept` is refused with 406. Default: JSON. */
  readonly produces?: readonly string[];
}

export const route = (
  method: Method,
  path: string,
  handle: Route['handle'],
  options: Pick<Route, 'produces'> = {},
): Route => ({ method, path, handle, ...options });

const PREFIX = '/api/v1/';
const JSON_ONLY = ['application/json'];

const literals = (path: string): number =>
  path.split('/').filter((part) => part !== '' && !part.startsWith(':')).length;
const firstSegment = (path: string): string => /^\/([^/]+)/.exec(path)?.[1] ?? '';
const pattern = (path: string): RegExp =>
  new RegExp(`^${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[A-Za-z]+/g, '[^/]+')}/?$`);

/** Refuses an `Accept` that the route cannot answer. Nearly all clients say JSON or anything: no parsing for those. */
function checkAccept(req: Request, produces: readonly string[]): void {
  const { accept } = req.headers;
  if (accept === undefined || accept.includes('*/*') || accept.includes(produces[0]!)) return;
  if (req.accepts([...produces]) === false)
    throw new ApiError('notAcceptable', `this route answers ${produces.join(', ')}`);
}

const handlerOf = ({ handle, produces = JSON_ONLY }: Route): RequestHandler => {
  return (req, res) => {
    checkAccept(req, produces);
    return handle(req, res);
  };
};

/** Length of the first segment after the prefix, query excluded. */
const segmentEnd = (url: string): number => {
  for (let i = PREFIX.length; i < url.length; i++) {
    const char = url.charCodeAt(i);
    if (char === 47 || char === 63) return i;
  }
  return url.length;
};

/**
 * Dispatches to one small router per method and resource, so that a request is compared with a few paths only. The default
 * tenant in front of a path is cut off (rest-api.md §16); another one is not found. Control characters in a path are refused: no name
 * has them.
 */
export function createApi(routes: readonly Route[], tenant: string): RequestHandler {
  const routers = new Map<string, Router>();
  const known = routes.map(({ method, path }) => ({ method, matches: pattern(path) }));
  for (const entry of routes.toSorted((a, b) => literals(b.path) - literals(a.path))) {
    const key = `${entry.method} ${firstSegment(entry.path)}`;
    let router = routers.get(key);
    if (router === undefined) routers.set(key, (router = express.Router({ caseSensitive: true })));
    router[entry.method.toLowerCase() as 'get'](PREFIX.slice(0, -1) + entry.path, handlerOf(entry));
  }
  const tenantPrefix = `${PREFIX}${tenant}/`;
  return (req: Request, res: Response, next: NextFunction): void => {
    if (req.url.startsWith(tenantPrefix)) req.url = PREFIX + req.url.slice(tenantPrefix.length);
    if (!req.url.startsWith(PREFIX)) return next();
    // Queries are looked at where they are parsed: those of webhooks are the callers' own.
    refuseControls(req.url.split('?', 1)[0]!, 'the path');
    const segment = req.url.slice(PREFIX.length, segmentEnd(req.url));
    const router = routers.get(`${req.method === 'HEAD' ? 'GET' : req.method} ${segment}`);
    const unmatched = (error?: unknown): void => next(error ?? refusal(known, req));
    if (router === undefined) return unmatched();
    router(req, res, unmatched);
  };
}

/** 405 with the methods that there are, or 404 for a path that nothing serves. */
function refusal(known: readonly { method: Method; matches: RegExp }[], req: Request): ApiError {
  const path = req.path.slice(PREFIX.length - 1);
  const methods = new Set(known.filter((entry) => entry.matches.test(path)).map((entry) => entry.method as string));
  if (methods.size === 0) return new ApiError('notFound');
  if (methods.has('GET')) methods.add('HEAD');
  const allowed = [...methods].join(', ');
  return new ApiError(
    'methodNotAllowed',
    `Method [${req.method}] not allowed for URI [${req.originalUrl}]. Allowed methods: [${allowed}]`,
    {
      headers: { Allow: allowed },
    },
  );
}
