import { once } from 'node:events';
import { InvalidArgumentError, type Command } from 'commander';
import type { Terminal } from '../client/terminal.ts';
import type { LocalServer } from '../local/local-server.ts';
import { CommandError } from '../errors.ts';
import { onSignals } from '../local/signals.ts';

/** Longest stop: the grace period of tasks and some more. */
const STOP_LIMIT_MS = 45_000;

interface LocalCommandOptions {
  readonly port: number;
  readonly host: string;
  readonly data: string;
  readonly config?: string;
  readonly flowPath?: string;
}

const withFlowPath = (command: Command): Command =>
  command.option(
    '-f, --flow-path <folder>',
    'folder with flows (.yaml, .yml): loaded at the start, and watched; also TIERCEL_GATEWAY_FLOW_PATH',
  );

/** `tiercel server local|gateway|executor|worker|scheduler|webhook`. */
export function serverCommands(program: Command, terminal: Terminal): void {
  const server = program.command('server').description('run the server');
  withFlowPath(server.command('local'))
    // Its name in Kestra.
    .alias('standalone')
    .description(
      'all services in one process, with an embedded PostgreSQL; sign-in is off, and only this machine can reach it',
    )
    .option('--port <port>', 'port of the API', parsePort, 8080)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--data <folder>', 'folder for everything that is kept', '.tiercel')
    .option('--config <file>', 'YAML file with settings')
    .action(async (options: LocalCommandOptions) => serveLocal(terminal, options));
  for (const [name, what] of Object.entries(SERVICES)) {
    const command = server.command(name);
    (name === 'gateway' ? withFlowPath(command) : command)
      .description(`${what}; one service of a cluster, set up by the environment (docs/distributed.md)`)
      .option('--config <file>', 'YAML file with settings')
      .action(async (options: ServiceCommandOptions) => serveOne(terminal, name as keyof typeof SERVICES, options));
  }
}

const SERVICES = {
  gateway: 'the REST API',
  executor: 'works on executions',
  worker: 'runs tasks',
  scheduler: 'schedules, delays, and what was left undone',
  webhook: 'the public door for webhook triggers',
} as const;

type ServiceCommandOptions = Pick<LocalCommandOptions, 'config' | 'flowPath'>;

/** The environment, with what an option says in place of its variable. */
const environmentWith = ({ flowPath }: ServiceCommandOptions): NodeJS.ProcessEnv =>
  flowPath === undefined ? process.env : { ...process.env, TIERCEL_GATEWAY_FLOW_PATH: flowPath };

/** `tiercel server gateway|executor|worker|scheduler|webhook`. */
async function serveOne(
  terminal: Terminal,
  name: keyof typeof SERVICES,
  options: ServiceCommandOptions,
): Promise<void> {
  const began = performance.now();
  const asked = new AbortController();
  let fatal: Error | undefined;
  const release = onSignals((count) => {
    asked.abort();
    if (count > 1) process.exit(1);
  });
  try {
    const { startService } = await import('../distributed/service.ts');
    const { service, logger, port } = await startService(name, {
      environment: environmentWith(options),
      onFatal: (error) => {
        fatal = error;
        asked.abort();
      },
      ...(options.config !== undefined && { configFile: options.config }),
    });
    survive(logger);
    terminal.note(
      `Tiercel ${name} is ready on port ${port} after ${((performance.now() - began) / 1000).toFixed(1)} s`,
    );
    if (!asked.signal.aborted) await once(asked.signal, 'abort');
    const clean = await service.stop();
    if (fatal !== undefined) throw new CommandError(fatal.message, { cause: fatal });
    // What did not stop in time must not keep the process; nothing is lost by its end.
    if (!clean) process.exit(1);
  } finally {
    release();
  }
}

async function serveLocal(terminal: Terminal, options: LocalCommandOptions): Promise<void> {
  const began = performance.now();
  // From the beginning: a start that is interrupted must not leave a database behind.
  const asked = new AbortController();
  let local: LocalServer | undefined;
  const release = onSignals((count) => {
    asked.abort();
    if (count === 1) return;
    local?.abandon();
    process.exit(1);
  });
  try {
    // Loaded only here: the other commands need nothing of the server and are quick without it.
    const { startLocalServer } = await import('../local/local-server.ts');
    local = await startLocalServer({
      dataDir: options.data,
      port: options.port,
      host: options.host,
      environment: environmentWith(options),
      tellFlows: terminal.note,
      signal: asked.signal,
      ...(options.config !== undefined && { configFile: options.config }),
    });
    survive(local.platform.logger);
    terminal.print(`Tiercel is ready at ${local.url} after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    if (!asked.signal.aborted) await once(asked.signal, 'abort');
    const running = local.running();
    const wait =
      running === 0 ? '' : ` once ${running} running tasks have ended (30 s at most; a second Ctrl-C stops at once)`;
    terminal.print(`Tiercel stops${wait} …`);
    const late = setTimeout(() => {
      terminal.note('Tiercel did not stop in time and is ended; nothing is lost by that.');
      local?.abandon();
      process.exit(1);
    }, STOP_LIMIT_MS);
    await local.stop();
    clearTimeout(late);
  } finally {
    release();
  }
}

/** A mistake of ours in one place must not end what runs in all others; uncaught exceptions still do. */
function survive(logger: { error(fields: object, message: string): void }): void {
  process.on('unhandledRejection', (error) =>
    logger.error({ error }, 'nobody has handled an error; the server goes on'),
  );
}

export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError(`'${text}' is no port (0 to 65535).`);
  return port;
}
