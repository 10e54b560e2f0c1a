import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from './free-port.ts';
import { redisCommand, type RedisReply } from './redis-command.ts';
import { waitUntil } from './wait-until.ts';

export interface RedisOptions {
  /** Keeps an append-only file, written each second; default false: a start finds nothing. */
  readonly appendonly?: boolean;
  /** maxmemory-policy; default `noeviction`. */
  readonly policy?: string;
  /** More settings, as on the command line. */
  readonly settings?: readonly string[];
}

/** A Redis of a test's own. It dies with the test's process. */
export interface TestRedis {
  /** Stays the same over `start`. */
  readonly url: string;
  readonly port: number;
  /** Sends a command over a connection of its own. Throws what Redis calls an error. */
  command(...parts: readonly string[]): Promise<RedisReply>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM: as an operator stops it. */
  stop(): Promise<void>;
  /** Starts it again, on the same port and with what is on the disk. */
  start(): Promise<void>;
  /** Removes what is on the disk of one that was stopped: it starts empty. */
  forget(): Promise<void>;
  /** Holds the process (SIGSTOP) until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Kills it and removes its folder. */
  close(): Promise<void>;
}

const onPath = (program: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        // Not there, or not ours to run: the next folder.
        return false;
      }
    });

const server = onPath('redis-server');

/** Why there can be no Redis for tests on this machine; undefined when there can. */
export const whyNoRedis = (): string | undefined =>
  server === undefined ? 'redis-server is not installed (Debian: apt-get install redis-server)' : undefined;

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(500, () => socket.destroy());
    socket.once('data', (data) => {
      // LOADING and the like come first.
      resolve(/^(\+PONG|-NOAUTH)/.test(data.toString()));
      socket.destroy();
    });
    socket.once('error', () => resolve(false)).once('close', () => resolve(false));
  });

/** Starts a Redis on a free port, with a folder of its own. */
export async function startRedis({ appendonly = false, policy, settings = [] }: RedisOptions = {}): Promise<TestRedis> {
  if (server === undefined) throw new Error(whyNoRedis());
  const program = server;
  const folder = await mkdtemp(join(tmpdir(), 'tiercel-redis-'));
  const port = await freePort();
  // Linux can be told to kill a child whose parent died; elsewhere a killed test run leaves it behind.
  const setpriv = process.platform === 'linux' ? onPath('setpriv') : undefined;
  const own = {
    port: String(port),
    bind: '127.0.0.1',
    dir: folder,
    logfile: join(folder, 'redis.log'),
    save: '',
    appendonly: appendonly ? 'yes' : 'no',
    appendfsync: 'everysec',
    'maxmemory-policy': policy ?? 'noeviction',
  };
  const args = [...Object.entries(own).flatMap(([name, value]) => [`--${name}`, value]), ...settings];
  const command = setpriv === undefined ? [program, ...args] : [setpriv, '--pdeathsig', 'KILL', program, ...args];
  let child: ChildProcess | undefined;
  const killAtExit = (): void => void child?.kill('SIGKILL');
  const start = async (): Promise<void> => {
    const started = spawn(command[0]!, command.slice(1), { stdio: 'ignore' });
    child = started;
    await waitUntil(
      async () => {
        if (started.exitCode !== null) throw new Error(`redis-server ended with ${started.exitCode}`);
        return answers(port);
      },
      { timeoutMs: 10_000, what: 'redis-server' },
    );
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const running = child;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await ended;
  };
  process.once('exit', killAtExit);
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    command: (...parts) => redisCommand(port, parts),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    start,
    forget: async () => {
      for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    close: async () => {
      await end('SIGKILL');
      process.off('exit', killAtExit);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
