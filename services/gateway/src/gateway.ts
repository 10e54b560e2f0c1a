import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import { ApiError } from '@tiercel/contracts';
import { DEFAULT_TENANT } from '@tiercel/model';
import type { GatewayDeps, RouteDeps, RouteFactory } from './deps.ts';
import { errorMiddleware } from './http/errors.ts';
import { createApi } from './http/routing.ts';
import { signIn } from './http/sign-in.ts';
import { createStreams } from './http/streams.ts';
import { createOperationWaits } from './operations.ts';
import { configRoutes } from './routes/configs.ts';
import { executionBulkRoutes } from './routes/execution-bulk.ts';
import { executionFileRoutes } from './routes/execution-files.ts';
import { executionOperationRoutes } from './routes/execution-operations.ts';
import { executionRoutes } from './routes/executions.ts';
import { kvRoutes } from './routes/kv.ts';
import { labelRoutes } from './routes/labels.ts';
import { logRoutes } from './routes/logs.ts';
import { metricRoutes } from './routes/metrics.ts';
import { namespaceFileRoutes } from './routes/namespace-files.ts';
import { namespaceRoutes } from './routes/namespaces.ts';
import { reportRoutes } from './routes/reports.ts';
import { createWaiter } from './waiter.ts';
import { createExecutionWatch } from './watch.ts';

export interface Gateway {
  readonly app: Express;
  /** What routes are made with; for tests and for routes that are added by hand. */
  readonly routeDeps: RouteDeps;
  /** Listens; port 0 takes a free one. Answers the port. */
  start(port: number, host: string): Promise<number>;
  /** Ends streams and idle connections, waits for requests in hand up to `config.drain`, then cuts them off. */
  stop(): Promise<void>;
}

const ROUTES: readonly RouteFactory[] = [
  executionRoutes,
  executionOperationRoutes,
  executionBulkRoutes,
  executionFileRoutes,
  labelRoutes,
  reportRoutes,
  logRoutes,
  metricRoutes,
  kvRoutes,
  namespaceFileRoutes,
  namespaceRoutes,
  configRoutes,
];

/** The REST API. It decides nothing about executions: it checks, writes, and waits for what the executor makes of it. */
export function createGateway(deps: GatewayDeps): Gateway {
  const routeDeps = shareBetweenRequests(deps);
  const app = createApp(deps, routeDeps);
  let server: Server | undefined;
  return {
    app,
    routeDeps,
    start(port, host) {
      server = createServer(app);
      // An upload may take hours; only the headers must come soon.
      server.requestTimeout = 0;
      server.headersTimeout = 30_000;
      server.keepAliveTimeout = 65_000;
      return listen(server, port, host);
    },
    async stop() {
      routeDeps.streams.closeAll();
      if (server !== undefined) await close(server, deps.config.drain);
      routeDeps.operations.stop();
      routeDeps.watch.stop();
    },
  };
}

function shareBetweenRequests(deps: GatewayDeps): RouteDeps {
  const { bus, executions, logger, config } = deps;
  const tenant = deps.tenant ?? DEFAULT_TENANT;
  const watch = createExecutionWatch({ bus, executions, logger, pollInterval: config.pollInterval });
  return {
    ...deps,
    tenant,
    watch,
    waiter: createWaiter({ watch, executions, tenant, taskRunLimit: config.taskRunLimit, logger }),
    operations: createOperationWaits(bus, executions),
    streams: createStreams({ maxStreams: config.maxStreams }),
  };
}

function createApp(deps: GatewayDeps, routeDeps: RouteDeps): Express {
  const { config, logger, metrics, ops } = deps;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // Queries are parsed by the routes that look at them.
  app.set('query parser', false);
  const guard = signIn(config);
  if (ops !== undefined) app.use((req, res, next) => (ops(req, res) ? undefined : next()));
  if (guard !== undefined) app.use(guard);
  const routes = [...ROUTES, ...(deps.doors ?? [])].flatMap((factory) => factory(routeDeps));
  app.use(createApi(routes, routeDeps.tenant));
  app.get('/ping', (_req, res) => {
    res.setHeader('Content-Type', 'text/plain');
    res.end('pong');
  });
  app.get('/', (_req, res) => res.redirect(307, '/ui/'));
  if (config.ui !== undefined) {
    app.use('/ui', express.static(config.ui, { index: 'index.html' }));
    // Every other page of the UI is drawn by its own router.
    app.get('/ui/*page', (_req, res) => res.sendFile('index.html', { root: config.ui! }));
  }
  app.use((_req, _res, next) => next(new ApiError('notFound')));
  app.use(errorMiddleware(logger, metrics));
  metrics?.gauge('gateway_streams', 'Open event streams', [], () => routeDeps.streams.size);
  metrics?.gauge(
    'gateway_watched_executions',
    'Executions that are waited for or followed',
    [],
    () => routeDeps.watch.size,
  );
  return app;
}

/**
 * Connections that may wait to be accepted. A burst of callers beyond it is not refused but dropped, and comes again after seconds; the
 * system's own limit still holds.
 */
const BACKLOG = 4096;

const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });

const close = (server: Server, drain: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), drain);
    // Connections that are busy now end with their answer; `close` ends the idle ones.
    server.on('request', (_req, res) => res.setHeader('Connection', 'close'));
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
