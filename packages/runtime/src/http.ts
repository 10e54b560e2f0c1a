import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Health, HealthReport } from './health.ts';
import type { MetricsRegistry } from './metrics.ts';

/** A plain Node handler: true when it answered. */
export type OpsHandler = (req: IncomingMessage, res: ServerResponse) => boolean;

const answer = (res: ServerResponse, status: number, type: string, body: string): void => {
  res.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  });
  res.end(body);
};

const answerReport = (res: ServerResponse, report: HealthReport): void =>
  answer(res, report.status === 'UP' ? 200 : 503, 'application/json', JSON.stringify(report));

/** Serves `/health`, `/health/live`, `/health/ready` and `/metrics`; anything else is left to the caller. */
export function opsHandler({
  health,
  metrics,
}: {
  readonly health: Health;
  readonly metrics?: MetricsRegistry;
}): OpsHandler {
  const failed = (res: ServerResponse) => (error: unknown) =>
    answer(res, 500, 'text/plain', error instanceof Error ? error.message : String(error));
  return (req, res) => {
    const path = req.url?.split('?', 1)[0];
    if (req.method !== 'GET' && req.method !== 'HEAD') return false;
    if (path === '/health/live') {
      health.live().then((report) => answerReport(res, report), failed(res));
    } else if (path === '/health/ready' || path === '/health') {
      health.ready().then((report) => answerReport(res, report), failed(res));
    } else if (path === '/metrics' && metrics !== undefined) {
      metrics.text().then((text) => answer(res, 200, metrics.contentType, text), failed(res));
    } else return false;
    return true;
  };
}

export interface OpsServer {
  /** The port that it listens on. */
  readonly port: number;
  stop(): Promise<void>;
}

/** A server of its own for health and metrics, for services without another one. Port 0 takes a free one. */
export async function startOpsServer(handler: OpsHandler, port: number, host = '0.0.0.0'): Promise<OpsServer> {
  const server: Server = createServer((req, res) => {
    if (!handler(req, res)) answer(res, 404, 'text/plain', 'Not Found');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
