import type { Command } from 'commander';
import { startLocalServer } from '../local/local-server.ts';

/** Longest stop: the grace period of tasks and some more. */
const STOP_LIMIT_MS = 45_000;

/** `tiercel server local`. */
export function serverCommands(program: Command): void {
  const server = program.command('server').description('run the server');
  server
    .command('local')
    .description('all services in one process, with an embedded PostgreSQL; sign-in is off, and only this machine can reach it')
    .option('--port <port>', 'port of the API', parsePort, 8080)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--data <folder>', 'folder for everything that is kept', '.tiercel')
    .option('--config <file>', 'YAML file with settings')
    .action(async (options: { port: number; host: string; data: string; config?: string }) => {
      const began = performance.now();
      const local = await startLocalServer({
        dataDir: options.data,
        port: options.port,
        host: options.host,
        environment: process.env,
        ...(options.config !== undefined && { configFile: options.config }),
      });
      process.stdout.write(`Tiercel is ready at ${local.url} after ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
      await untilSignal();
      process.stdout.write('Tiercel stops …\n');
      const late = setTimeout(() => {
        process.stderr.write('Tiercel did not stop in time and is ended; nothing is lost by that.\n');
        process.exit(1);
      }, STOP_LIMIT_MS);
      await local.stop();
      clearTimeout(late);
    });
}

export function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`'${text}' is no port (0 to 65535)`);
  return port;
}

/** Waits for SIGTERM or SIGINT; a second one ends the process at once. */
function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    // Timers of ours keep no process alive; this one does.
    const alive = setInterval(() => undefined, 2 ** 30);
    let signals = 0;
    const onSignal = (): void => {
      signals++;
      if (signals > 1) process.exit(1);
      clearInterval(alive);
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}
