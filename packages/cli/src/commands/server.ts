import { once } from 'node:events';
import { InvalidArgumentError, type Command } from 'commander';
import type { Terminal } from '../client/terminal.ts';
import type { LocalServer } from '../local/local-server.ts';
import { onSignals } from '../local/signals.ts';

/** Longest stop: the grace period of tasks and some more. */
const STOP_LIMIT_MS = 45_000;

interface LocalCommandOptions {
  readonly port: number;
  readonly host: string;
  readonly data: string;
  readonly config?: string;
}

/** `tiercel server local`. */
export function serverCommands(program: Command, terminal: Terminal): void {
  const server = program.command('server').description('run the server');
  server
    .command('local')
    .description(
      'all services in one process, with an embedded PostgreSQL; sign-in is off, and only this machine can reach it',
    )
    .option('--port <port>', 'port of the API', parsePort, 8080)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--data <folder>', 'folder for everything that is kept', '.tiercel')
    .option('--config <file>', 'YAML file with settings')
    .action(async (options: LocalCommandOptions) => serveLocal(terminal, options));
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
      environment: process.env,
      signal: asked.signal,
      ...(options.config !== undefined && { configFile: options.config }),
    });
    const { logger } = local.platform;
    // A mistake of ours in one place must not end what runs in all others; uncaught exceptions still do.
    process.on('unhandledRejection', (error) =>
      logger.error({ error }, 'nobody has handled an error; the server goes on'),
    );
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

export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError(`'${text}' is no port (0 to 65535).`);
  return port;
}
