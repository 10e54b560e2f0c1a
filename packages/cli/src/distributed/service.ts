import { fileURLToPath } from 'node:url';
import { newId } from '@tiercel/model';
import { createDistributedPlatform, PlatformError, type Platform } from '@tiercel/platform';
import { ALIVE_MS, createMembership } from '@tiercel/queue';
import {
  createHealth,
  createLogger,
  createMetrics,
  createService,
  opsHandler,
  startOpsServer,
  type Health,
  type Logger,
  type MetricsRegistry,
  type OpsHandler,
  type Service,
  type StartContext,
} from '@tiercel/runtime';
import { CommandError } from '../errors.ts';
import { loadServiceConfig, type ServiceConfig, type ServiceName } from './config.ts';

/** Where the build put the migrations, beside the folder of the code. */
const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url));

/** A stop may take as long as its tasks may, and some more, ms. */
const STOP_SLACK_MS = 15_000;

interface Process {
  readonly config: ServiceConfig;
  readonly platform: Platform;
  readonly health: Health;
  readonly metrics: MetricsRegistry;
  readonly ops: OpsHandler;
  readonly context: StartContext;
}

/** Starts what makes the service; what it defers is stopped in the reverse order. Answers the port that it listens on. */
type Starter = (process: Process) => Promise<number>;

export interface RunningService {
  readonly service: Service;
  readonly logger: Logger;
  readonly port: number;
}

/**
 * One service of a cluster in this process, from the environment alone. Throws CommandError or ConfigError with what is wrong.
 * `onFatal`: a mistake that shows only later; the process is to end.
 */
export async function startService(
  name: ServiceName,
  options: {
    readonly environment: NodeJS.ProcessEnv;
    readonly configFile?: string;
    readonly onFatal: (error: Error) => void;
  },
): Promise<RunningService> {
  const config = loadServiceConfig(options.environment, options.configFile);
  const logger = createLogger({ service: name, level: config.server.logLevel });
  const health = createHealth();
  let port = 0;
  const service = createService({
    name,
    logger,
    health,
    timeLimit: config.worker.gracePeriod + STOP_SLACK_MS,
    async start(context) {
      const platform = await createDistributedPlatform({
        instance: newId(Date.now()),
        config: config.server,
        cluster: config.cluster,
        s3: config.s3,
        logger,
        migrations: MIGRATIONS,
        environment: options.environment,
        onFatal: options.onFatal,
        ...(config.worker.workingRoot !== undefined && { workingRoot: config.worker.workingRoot }),
      });
      context.defer('platform', platform.close);
      platform.flowCache.start();
      health.addReady('database', async () => void (await platform.store.clock()));
      const metrics = createMetrics(name);
      const ops = opsHandler({ health, metrics });
      port = await STARTERS[name]({ config, platform, health, metrics, ops, context });
    },
  });
  try {
    await service.start();
  } catch (error) {
    throw error instanceof PlatformError ? new CommandError(error.message, { cause: error }) : error;
  }
  return { service, logger, port };
}

/** Each loads its own service only: the others' code costs memory and time at the start. */
const STARTERS: Readonly<Record<ServiceName, Starter>> = {
  async gateway(process) {
    const { config, platform, metrics, ops, context } = process;
    const { gatewayOf } = await import('@tiercel/gateway');
    await join(process, 'gateway');
    const gateway = gatewayOf(platform, config.gateway, { metrics, handler: ops });
    context.defer('gateway', gateway.stop);
    return listening(config.gateway.port, () => gateway.start(config.gateway.port, config.gateway.host));
  },
  async webhook(process) {
    const { config, platform, ops, context } = process;
    const { webhookOf } = await import('@tiercel/webhook');
    await join(process, 'webhook');
    const door = webhookOf(platform, config.webhook, ops);
    context.defer('webhook', door.stop);
    return listening(config.webhook.port, () => door.start(config.webhook.port, config.webhook.host));
  },
  async executor(process) {
    const { config, platform, metrics, context } = process;
    const { executorOf } = await import('@tiercel/executor');
    const executor = executorOf(platform, config.executor);
    const port = await openOps(process);
    await executor.start();
    context.defer('executor', executor.stop);
    metrics.gauge('executor_executions', 'Executions in memory', [], () => executor.size().executions);
    return port;
  },
  async worker(process) {
    const { config, platform, metrics, context } = process;
    const { workerOf } = await import('@tiercel/worker');
    const worker = workerOf(platform, config.worker);
    const port = await openOps(process);
    await worker.start();
    context.defer('worker', () => worker.stop(config.worker.gracePeriod));
    metrics.gauge('worker_running', 'Tasks that run now', [], () => worker.running());
    return port;
  },
  async scheduler(process) {
    const { schedulerOf } = await import('@tiercel/scheduler');
    const scheduler = schedulerOf(process.platform);
    const port = await openOps(process);
    await scheduler.start();
    process.context.defer('scheduler', scheduler.stop);
    return port;
  },
};

/** A service that executes nothing is a member to hear of those who do. */
async function join({ platform, context }: Process, service: 'gateway' | 'webhook'): Promise<void> {
  const { store, instance, bus, router, clock, logger } = platform;
  const id = `${service}-${instance}`;
  const membership = createMembership({
    id,
    bus,
    router,
    clock,
    log: logger,
    announce: () => store.announce({ id, service }, ALIVE_MS),
    leave: () => store.leave(id),
  });
  await membership.join();
  context.defer('membership', membership.leave);
}

async function openOps({ config: { ops }, ops: handler, context }: Process): Promise<number> {
  let server: Awaited<ReturnType<typeof startOpsServer>> | undefined;
  const port = await listening(ops.port, async () => {
    server = await startOpsServer(handler, ops.port, ops.host);
    return server.port;
  });
  context.defer('health and metrics', () => server?.stop());
  return port;
}

async function listening(port: number, listen: () => Promise<number>): Promise<number> {
  try {
    return await listen();
  } catch (error) {
    if (error instanceof PlatformError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === 'EADDRINUSE'
        ? 'it is in use by another program'
        : code === 'EACCES'
          ? 'this user may not open it'
          : message;
    throw new CommandError(`Port ${port} cannot be listened on: ${reason}; give another one with PORT.`, {
      cause: error,
    });
  }
}
