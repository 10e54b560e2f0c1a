import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { chmod, chown, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { locateBinaries, privilegesFor, type Binaries, type Launch } from './binaries.ts';

/** A PostgreSQL of our own, in a folder, reached through a Unix socket (no port to be busy, no password to leak). */
export interface EmbeddedPostgres {
  /** For `pg`: host is the socket's folder. */
  readonly connection: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
  };
  /** True when a server that was already running in this folder was taken over. */
  readonly adopted: boolean;
  /** Process id of the postmaster that runs now. */
  pid(): number;
  /** Ends it in an orderly way (fast shutdown) and stops supervising. */
  stop(): Promise<void>;
  /** Ends it at once (immediate shutdown) without waiting; the next start recovers what was committed. */
  abandon(): void;
}

export interface EmbeddedOptions {
  /** Folder of the cluster; made when missing. */
  readonly dataDir: string;
  readonly log: (line: string) => void;
  /** Extra server settings, `name=value`. */
  readonly settings?: readonly string[];
}

const USER = 'tiercel';
const DATABASE = 'tiercel';
const PORT = 5432;

/** One line that tells a person what is wrong with the data folder or the machine, and what to do. */
export class EmbeddedPostgresError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EmbeddedPostgresError';
  }
}

const SETTINGS = [
  'listen_addresses=',
  'max_connections=60',
  'shared_buffers=96MB',
  'wal_level=minimal',
  'max_wal_senders=0',
  'max_wal_size=2GB',
  'checkpoint_timeout=15min',
  'jit=off',
  'timezone=UTC',
  'log_timezone=UTC',
  'logging_collector=off',
  'log_checkpoints=off',
  'unix_socket_permissions=0700',
];

/**
 * Starts PostgreSQL in a folder, or takes over the one that lives there (the server before us was killed), and keeps it
 * running: when it dies it is started again. Throws EmbeddedPostgresError with one clear sentence.
 */
export async function startEmbeddedPostgres(given: EmbeddedOptions): Promise<EmbeddedPostgres> {
  // `pg` takes only an absolute path for a socket's folder.
  const options = { ...given, dataDir: resolve(given.dataDir) };
  const binaries = await locateBinaries();
  const launch = await privilegesFor(binaries);
  await prepareFolder(options.dataDir, launch);
  const socketDir = await socketFolder(options.dataDir, launch);
  if (!(await exists(join(options.dataDir, 'PG_VERSION')))) await initialise(binaries, options.dataDir, launch);
  await checkVersion(options.dataDir, binaries.major);

  const supervisor = new Supervisor(binaries.postgres, options, launch, socketDir);
  const adopted = await supervisor.begin();
  return {
    connection: { host: socketDir, port: PORT, user: USER, database: DATABASE },
    adopted,
    pid: () => supervisor.pid,
    abandon: () => supervisor.abandon(),
    stop: async () => {
      await supervisor.stop();
      if (socketDir === shortFolder(options.dataDir)) await rm(socketDir, { recursive: true, force: true });
    },
  };
}

const exists = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw new EmbeddedPostgresError(`The data folder cannot be read: ${error.message}`);
    },
  );

async function prepareFolder(dataDir: string, launch: Launch): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true });
    if (launch.owner !== undefined) await chown(dataDir, launch.owner.uid, launch.owner.gid);
    await chmod(dataDir, 0o700);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The data folder ${dataDir} cannot be made or written (${(error as Error).message}); give another with --data DIR.`,
      { cause: error },
    );
  }
}

const shortFolder = (dataDir: string): string =>
  join(tmpdir(), `tiercel-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`);

/** Paths of Unix sockets are limited to some 100 bytes, so a long data folder gets a short one in the temporary folder. */
async function socketFolder(dataDir: string, launch: Launch): Promise<string> {
  let folder = join(dataDir, '..', 'run');
  if (Buffer.byteLength(folder) > 80) folder = shortFolder(dataDir);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (launch.owner !== undefined) await chown(folder, launch.owner.uid, launch.owner.gid);
  return folder;
}

/**
 * Makes the cluster and our database beside the folder and moves both into place: a start that is killed half-way leaves
 * nothing that looks like a cluster.
 */
async function initialise(binaries: Binaries, dataDir: string, launch: Launch): Promise<void> {
  const fresh = `${dataDir}.new`;
  const fail = (output: string): never => {
    const reason = /No space left/i.test(output)
      ? 'the disk is full'
      : (output.trim().split('\n').at(-1) ?? 'unknown reason');
    throw new EmbeddedPostgresError(`PostgreSQL could not be set up in ${dataDir}: ${reason}`);
  };
  if ((await readdir(dataDir)).length > 0) fail('the folder holds something else');
  await rm(fresh, { recursive: true, force: true });
  await prepareFolder(fresh, launch);
  try {
    const args = ['-D', fresh, '-U', USER, '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-instructions'];
    const made = await run(binaries.initdb, args, launch);
    if (made.code !== 0) fail(made.output);
    // The single-user mode: no server, no socket, ends with its input.
    const named = await run(
      binaries.postgres,
      ['--single', '-D', fresh, 'postgres'],
      launch,
      `CREATE DATABASE ${DATABASE}\n`,
    );
    if (named.code !== 0 || /ERROR|FATAL/.test(named.output)) fail(named.output);
    await rename(fresh, dataDir).catch((error: unknown) => fail((error as Error).message));
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function checkVersion(dataDir: string, major: string): Promise<void> {
  const found = (await readFile(join(dataDir, 'PG_VERSION'), 'utf8')).trim();
  if (found !== major) {
    throw new EmbeddedPostgresError(
      `The data folder ${dataDir} belongs to PostgreSQL ${found}, and this Tiercel brings PostgreSQL ${major}; start with another --data DIR.`,
    );
  }
}

function run(
  file: string,
  args: readonly string[],
  launch: Launch,
  input = '',
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(...launch.command(file, args), { stdio: ['pipe', 'pipe', 'pipe'], ...launch.spawnOptions });
    // A program that ends before it has read its input says why in its output.
    child.stdin.on('error', () => undefined).end(input);
    let output = '';
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-8192);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** What a postmaster writes of itself into its folder. Undefined: none runs. */
async function livingPostmaster(dataDir: string): Promise<number | undefined> {
  const text = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const pid = Number(text.split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !alive(pid)) return undefined;
  return (await servesFolder(pid, dataDir)) ? pid : undefined;
}

/** A pid can be taken by another process since, even by the PostgreSQL of another folder: its command line names its folder. */
async function servesFolder(pid: number, dataDir: string): Promise<boolean> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch((error: NodeJS.ErrnoException) => {
    // Not Linux: there is nothing to ask but the pid. Or it ended just now.
    if (error.code === 'ENOENT' && !existsSync('/proc/self')) return undefined;
    return '';
  });
  return commandLine === undefined || commandLine.split('\0').includes(dataDir);
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Keeps one postmaster running in the folder until it is told to stop. */
class Supervisor {
  pid = 0;
  private stopping = false;
  private lastLine = '';
  private watch: NodeJS.Timeout | undefined;
  private restarting: Promise<void> = Promise.resolve();
  private readonly postgres: string;
  private readonly options: EmbeddedOptions;
  private readonly launch: Launch;
  private readonly socketDir: string;

  constructor(postgres: string, options: EmbeddedOptions, launch: Launch, socketDir: string) {
    this.postgres = postgres;
    this.options = options;
    this.launch = launch;
    this.socketDir = socketDir;
  }

  /** Answers whether a living server was taken over. */
  async begin(): Promise<boolean> {
    const living = await livingPostmaster(this.options.dataDir);
    if (living !== undefined && (await exists(join(this.socketDir, `.s.PGSQL.${PORT}`)))) {
      this.pid = living;
      this.watchAdopted();
      return true;
    }
    await this.start(20);
    return false;
  }

  /** After kill -9 of a postmaster its backends need a moment to go, and until then a new one refuses to start. */
  private async start(tries: number): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.spawnOnce();
        return;
      } catch (error) {
        if (this.stopping) return;
        if (attempt >= tries || !/still in use|lock file|recovery|is being used/i.test((error as Error).message))
          throw error;
        await pause(250);
      }
    }
  }

  private spawnOnce(): Promise<void> {
    const settings = [...SETTINGS, `unix_socket_directories=${this.socketDir}`, ...(this.options.settings ?? [])];
    const args = ['-D', this.options.dataDir, '-p', String(PORT), ...settings.flatMap((s) => ['-c', s])];
    return new Promise((resolve, reject) => {
      // Detached: a Ctrl-C in the terminal is for us; the database goes down last, when we say so.
      const child: ChildProcess = spawn(...this.launch.command(this.postgres, args), {
        stdio: ['ignore', 'ignore', 'pipe'],
        detached: true,
        ...this.launch.spawnOptions,
      });
      let ready = false;
      createInterface({ input: child.stderr! }).on('line', (line) => {
        this.onLogLine(line);
        if (ready || !line.includes('ready to accept connections')) return;
        ready = true;
        this.pid = child.pid!;
        child.unref();
        (child.stderr as unknown as { unref?: () => void }).unref?.();
        resolve();
      });
      child.on('error', reject);
      child.on('exit', () => {
        if (ready) this.onDeath();
      });
      // Not before all that it said has been read.
      child.on('close', () => {
        if (!ready)
          reject(new EmbeddedPostgresError(`PostgreSQL did not start in ${this.options.dataDir}: ${this.reason()}`));
      });
    });
  }

  private onLogLine(line: string): void {
    if (line.trim() === '') return;
    if (/FATAL|PANIC|ERROR/.test(line) || this.lastLine === '') this.lastLine = line;
    this.options.log(line);
  }

  private reason(): string {
    if (/No space left/i.test(this.lastLine)) return 'the disk is full.';
    const message = /(?:FATAL|PANIC|ERROR):\s+(.*)$/.exec(this.lastLine)?.[1] ?? this.lastLine;
    return `${message} (give another folder with --data DIR, or put right what is said here)`;
  }

  private watchAdopted(): void {
    this.watch = setInterval(() => {
      if (!alive(this.pid)) {
        clearInterval(this.watch);
        this.onDeath();
      }
    }, 250);
    this.watch.unref();
  }

  private onDeath(): void {
    if (this.stopping) return;
    this.options.log('PostgreSQL has died and is started again');
    this.restarting = this.start(120).catch((error: unknown) =>
      this.options.log(`PostgreSQL does not start again: ${(error as Error).message}`),
    );
  }

  abandon(): void {
    this.stopping = true;
    if (alive(this.pid)) process.kill(this.pid, 'SIGQUIT');
  }

  async stop(): Promise<void> {
    this.stopping = true;
    clearInterval(this.watch);
    // One that is being started just now is stopped as well.
    await this.restarting;
    const pid = (await livingPostmaster(this.options.dataDir)) ?? 0;
    if (pid === 0) return;
    process.kill(pid, 'SIGINT');
    for (let waited = 0; alive(pid) && waited < 30_000; waited += 20) await pause(20);
  }
}

/** Bytes that can still be written where the data lives; used to say at once that a disk is full. */
export async function probeWritable(folder: string): Promise<void> {
  const path = join(folder, '.probe');
  const file = await open(path, 'w');
  try {
    await file.write(Buffer.alloc(64 * 1024));
    await file.sync();
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}
