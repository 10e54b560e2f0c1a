import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError, errorBody, loggedUrl } from '@tiercel/contracts';
import { answerWebhook, type WebhookDoor, type WebhookPlace } from '@tiercel/intake';
import { DEFAULT_TENANT } from '@tiercel/model';
import type { OpsHandler } from '@tiercel/runtime';
import { StoreError } from '@tiercel/store';

export interface Log {
  error(fields: object, message: string): void;
}

export interface DoorOptions {
  readonly door: WebhookDoor;
  readonly log: Log;
  /** Health and metrics on the same port. */
  readonly ops?: OpsHandler;
  /** How long a stop waits for requests in hand, ms. */
  readonly drain: number;
}

/** The public door for webhooks: a listener that knows one path. */
export interface PublicDoor {
  /** Listens; port 0 takes a free one. Answers the port. */
  start(port: number, host: string): Promise<number>;
  stop(): Promise<void>;
}

const METHODS = ['GET', 'POST', 'PUT'];
/** The paths of the API, so that a sender can be moved here by its host name alone. */
const PATH = /^\/api\/v1(?:\/main)?\/executions\/webhook\/([^/]+)\/([^/]+)\/([^/]+)\/?$/;

export function createPublicDoor(options: DoorOptions): PublicDoor {
  let server: Server | undefined;
  return {
    start(port, host) {
      server = createServer((req, res) => {
        if (options.ops?.(req, res) !== true) void handle(options, req, res);
      });
      server.headersTimeout = 30_000;
      server.requestTimeout = 120_000;
      return listen(server, port, host);
    },
    async stop() {
      if (server !== undefined) await close(server, options.drain);
    },
  };
}

async function handle({ door, log }: DoorOptions, req: IncomingMessage, res: ServerResponse): Promise<void> {
  try {
    const answer = await answerWebhook(door, req, placeOf(req));
    if (answer === undefined) res.writeHead(204).end();
    else send(res, 200, answer);
  } catch (thrown) {
    const error = toApiError(thrown);
    if (error.status >= 500) log.error({ error: thrown, url: loggedUrl(req.url ?? '/') }, 'a webhook call failed');
    for (const [name, value] of Object.entries(error.headers)) res.setHeader(name, value);
    // What is left of the body is not read: the connection ends with the answer.
    if (!req.complete) res.setHeader('Connection', 'close');
    send(res, error.status, errorBody(error, req.url ?? '/'));
  }
}

function placeOf(req: IncomingMessage): WebhookPlace {
  const match = PATH.exec((req.url ?? '').split('?', 1)[0]!);
  if (match === null) throw new ApiError('notFound');
  if (!METHODS.includes(req.method ?? '')) {
    throw new ApiError(
      'methodNotAllowed',
      `Method [${req.method}] not allowed. Allowed methods: ${METHODS.join(', ')}`,
      {
        headers: { Allow: METHODS.join(', ') },
      },
    );
  }
  try {
    const [namespace, flowId, key] = match.slice(1).map(decodeURIComponent) as [string, string, string];
    return { tenant: DEFAULT_TENANT, namespace, flowId, key };
  } catch (error) {
    throw new ApiError('badRequest', 'the path is not well encoded', { cause: error });
  }
}

function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof StoreError && error.code === 'unavailable') {
    return new ApiError('unavailable', 'the store cannot be reached, try again', {
      cause: error,
      headers: { 'Retry-After': '1' },
    });
  }
  return new ApiError('internal', 'an unexpected error, see the log of the server', { cause: error });
}

function send(res: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  res.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }).end(text);
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
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
