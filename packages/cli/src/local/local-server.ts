import { fileURLToPath } from 'node:url';
import { executorOf } from '@tiercel/executor';
import { describeFolderEvent, gatewayConfig, gatewayOf, type FlowFolderEvent, type Gateway } from '@tiercel/gateway';
import { newId } from '@tiercel/model';
import {
  configuredRegistry,
  createEmbeddedPlatform,
  executorConfig,
  PlatformError,
  serverConfig,
  workerConfig,
  type Platform,
} from '@tiercel/platform';
import { createHealth, createLogger, createMetrics, loadConfig, opsHandler, type Logger } from '@tiercel/runtime';
import { schedulerOf } from '@tiercel/scheduler';
import { EmbeddedPostgresError, startEmbeddedPostgres } from '@tiercel/store/embedded';
import { webhookConfig, webhookOf } from '@tiercel/webhook';
import { workerOf } from '@tiercel/worker';
import { CommandError } from '../errors.ts';
import { openDataFolder } from './data-folder.ts';

export interface LocalOptions {
  readonly dataDir: string;
  /** Undefined: no API is served (`tiercel run`). */
  readonly port?: number;
  readonly host?: string;
  readonly configFile?: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly logLevel?: string;
  /** Where to say what becomes of the files in the folder of flows. */
  readonly tellFlows?: (line: string) => void;
  /** Ends a start that is under way: what was started is stopped, and the start throws CommandError. */
  readonly signal?: AbortSignal;
}

export interface LocalServer {
  readonly platform: Platform;
  readonly gateway: Gateway;
  /** Where the API listens; undefined without one. */
  readonly url: string | undefined;
  /** Drains: no more requests, running tasks get their time, then everything down to the database stops. */
  stop(): Promise<void>;
  /** Tasks that run now; a stop waits for them. */
  running(): number;
  /** Ends the database at once; the process is to end with it. Nothing is lost, the next start recovers. */
  abandon(): void;
}

/** Where the build put the migrations, beside the folder of the code. */
const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url));

const CONFIG = {
  server: serverConfig,
  gateway: gatewayConfig,
  webhook: webhookConfig,
  worker: workerConfig,
  executor: executorConfig,
};

/**
 * All services in one process, over an embedded PostgreSQL, queues in memory and files on disk. Stopping or killing it and starting it
 * again loses nothing. Throws CommandError or PlatformError with one clear sentence, or ConfigError.
 */
export async function startLocalServer(options: LocalOptions): Promise<LocalServer> {
  const config = loadConfig(CONFIG, options.environment, options.configFile);
  // First: a broken plugin is told at once, and nothing has to be undone.
  const registry = await configuredRegistry(config.server);
  const logger = createLogger({ service: 'local', level: options.logLevel ?? config.server.logLevel });
  const stops: { readonly name: string; readonly stop: () => Promise<unknown> | undefined }[] = [];
  const stopAll = async (): Promise<void> => {
    for (let part = stops.pop(); part !== undefined; part = stops.pop()) {
      const { name, stop } = part;
      const began = performance.now();
      await Promise.resolve(stop()).catch((error: unknown) => logger.error({ error }, `stopping ${name} failed`));
      logger.debug({ part: name, ms: Math.round(performance.now() - began) }, 'stopped');
    }
  };
  const goOn = (): void => {
    if (options.signal?.aborted === true) throw new CommandError('The start was interrupted.');
  };
  try {
    const folder = await openDataFolder(options.dataDir);
    stops.push({ name: 'data folder', stop: folder.release });
    const postgres = await startPostgres(folder.database, logger);
    stops.push({ name: 'database', stop: postgres.stop });
    goOn();
    const platform = await createEmbeddedPlatform({
      instance: newId(Date.now()),
      config: { ...config.server, encryptionKey: config.server.encryptionKey ?? folder.encryptionKey },
      logger,
      connection: postgres.connection,
      migrations: MIGRATIONS,
      storageRoot: folder.storage,
      registry,
      environment: options.environment,
      workingRoot: config.worker.workingRoot ?? folder.working,
    });
    stops.push({ name: 'platform', stop: platform.close });
    goOn();
    // Nobody else works on this folder: whatever a killed server held is free at once.
    await platform.store.expireLeasesOf('');

    const executor = executorOf(platform, config.executor);
    const worker = workerOf(platform, config.worker);
    const scheduler = schedulerOf(platform);
    await executor.start();
    stops.push({ name: 'executor', stop: executor.stop });
    await worker.start();
    stops.push({ name: 'worker', stop: () => worker.stop(config.worker.gracePeriod) });
    platform.flowCache.start();

    const health = createHealth();
    health.addReady('database', async () => void (await platform.store.clock()));
    const metrics = createMetrics('local');
    metrics.gauge('executor_executions', 'Executions in memory', [], () => executor.size().executions);
    metrics.gauge('worker_running', 'Tasks that run now', [], () => worker.running());
    const ops = { metrics, handler: opsHandler({ health, metrics }) };
    const { tellFlows } = options;
    const tell = tellFlows && ((event: FlowFolderEvent) => tellFlows(describeFolderEvent(event)));
    const gateway = gatewayOf(platform, config.gateway, ops, tell);
    let url: string | undefined;
    if (options.port !== undefined) {
      const host = options.host ?? '127.0.0.1';
      const port = await listen(gateway, options.port, host);
      url = `http://${host === '127.0.0.1' || host === '0.0.0.0' ? 'localhost' : host}:${port}`;
    }
    stops.push({ name: 'gateway', stop: gateway.stop });
    if (options.port !== undefined && config.webhook.port !== undefined) {
      const door = webhookOf(platform, config.webhook, ops.handler);
      await door.start(config.webhook.port, config.webhook.host);
      stops.push({ name: 'webhook', stop: door.stop });
    }
    stops.push({ name: 'drain', stop: async () => health.drain() });
    await scheduler.start();
    // The doors close first, then the scheduler, then those who work.
    stops.splice(
      stops.findIndex((part) => part.name === 'gateway'),
      0,
      { name: 'scheduler', stop: scheduler.stop },
    );
    goOn();
    return { platform, gateway, url, stop: stopAll, running: worker.running, abandon: postgres.abandon };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

async function startPostgres(dataDir: string, logger: Logger): ReturnType<typeof startEmbeddedPostgres> {
  try {
    return await startEmbeddedPostgres({ dataDir, log: (line) => logger.debug({ service: 'postgres' }, line) });
  } catch (error) {
    throw error instanceof EmbeddedPostgresError ? new CommandError(error.message, { cause: error }) : error;
  }
}

async function listen(gateway: Gateway, port: number, host: string): Promise<number> {
  try {
    return await gateway.start(port, host);
  } catch (error) {
    if (error instanceof PlatformError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new CommandError(
        `Port ${port} is in use by another program; stop it, or give another port with --port P.`,
        { cause: error },
      );
    }
    if (code === 'EACCES')
      throw new CommandError(`Port ${port} may not be opened by this user; give a port above 1023 with --port P.`, {
        cause: error,
      });
    throw new CommandError(`The API cannot listen on ${host}:${port}: ${message}`, { cause: error });
  }
}
