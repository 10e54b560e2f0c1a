import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { freePort } from '@tiercel/testkit';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = join(ROOT, 'dist', 'bin', 'tiercel.mjs');
const LEASH = pathToFileURL(join(ROOT, 'test', 'e2e', 'leash.mjs')).href;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Waits until `check` answers something; throws with `what` when it does not within `ms`. */
export async function until<T>(
  what: string,
  check: () => Promise<T | undefined> | T | undefined,
  ms = 20_000,
): Promise<T> {
  for (const end = Date.now() + ms; ;) {
    const found = await check();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Every process that a test has started and that has not ended. */
const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

export function launch(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  if (!existsSync(PROGRAM)) throw new Error('The server is not built: run `node scripts/build.mjs` first.');
  const child = spawn(process.execPath, ['--import', LEASH, PROGRAM, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...env },
  });
  living.add(child);
  child.once('exit', () => living.delete(child));
  return child;
}

export const textOf = (child: ChildProcess): { stdout: string; stderr: string } => {
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]!.setEncoding('utf8').on('data', (chunk: string) => {
      text[stream] += chunk;
    });
  }
  return text;
};

/** Runs the command line to its end; one that takes longer than `ms` is killed, and its code is null. */
export async function tiercel(
  args: readonly string[],
  options: { env?: Record<string, string>; ms?: number } = {},
): Promise<Ended> {
  const child = launch(args, options.env);
  const text = textOf(child);
  const timer = setTimeout(() => child.kill('SIGKILL'), options.ms ?? 60_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { code, ...text };
}

/** A command line that runs on. */
export function tiercelRunning(args: readonly string[]): {
  child: ChildProcess;
  text: { stdout: string; stderr: string };
} {
  const child = launch(args);
  return { child, text: textOf(child) };
}

export const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** The embedded server as a process, over a data folder that outlives it. */
export class LocalServer {
  readonly folder: string;
  readonly port: number;
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  private child: ChildProcess | undefined;
  private text = { stdout: '', stderr: '' };

  /** Options of `server local` beside port and data folder. */
  readonly options: readonly string[];

  private constructor(folder: string, port: number, env: Readonly<Record<string, string>>, options: readonly string[]) {
    this.options = options;
    this.folder = folder;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.env = env;
  }

  /** A server with an empty data folder, started. */
  static async make(env: Readonly<Record<string, string>> = {}, options: readonly string[] = []): Promise<LocalServer> {
    const folder = await mkdtemp(join(tmpdir(), 'tiercel-e2e-'));
    const server = new LocalServer(folder, await freePort(), env, options);
    await server.start();
    return server;
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  get pid(): number {
    return this.child!.pid!;
  }

  /** What the server has written to the terminal since its last start. */
  get output(): string {
    return this.text.stdout + this.text.stderr;
  }

  /** Answers the time until it was ready, ms. */
  async start(): Promise<number> {
    const began = performance.now();
    const own = ['--port', String(this.port), '--data', this.data];
    const child = launch(['server', 'local', ...own, ...this.options], this.env);
    this.child = child;
    this.text = textOf(child);
    await until(
      'a ready server',
      async () => {
        if (child.exitCode !== null) throw new Error(`the server ended: ${this.output}`);
        return (await this.ready()) ? true : undefined;
      },
      60_000,
    );
    return performance.now() - began;
  }

  async ready(): Promise<boolean> {
    return fetch(`${this.url}/health/ready`).then(
      (answer) => answer.ok,
      () => false,
    );
  }

  /** kill -9 of the server alone; its PostgreSQL lives on. */
  async kill(): Promise<void> {
    const child = this.child!;
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  async postgresPid(): Promise<number> {
    return Number.parseInt(await readFile(join(this.data, 'postgres', 'postmaster.pid'), 'utf8'), 10);
  }

  /** SIGTERM; answers the time until the process had ended, ms. */
  async stop(): Promise<number> {
    const began = performance.now();
    const child = this.child!;
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    return performance.now() - began;
  }

  /** Stops and removes everything; also what a killed server has left running. */
  async remove(): Promise<void> {
    await this.stop();
    const postgres = await this.postgresPid().catch(() => 0);
    if (postgres > 0 && alive(postgres)) process.kill(postgres, 'SIGQUIT');
    if (postgres > 0) await until('an ended database', () => (alive(postgres) ? undefined : true));
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Resident memory, bytes; undefined where the system does not tell. */
  async memory(): Promise<number | undefined> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8').catch(() => '');
    const found = /^VmRSS:\s+(\d+) kB/m.exec(status);
    return found === null ? undefined : Number(found[1]) * 1024;
  }

  async call(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.url}/api/v1${path}`, init);
  }

  /** The answer's JSON; throws when the status is no success. */
  async json<T>(path: string, init?: RequestInit): Promise<T> {
    const answer = await this.call(path, init);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text.slice(0, 500)}`);
    return JSON.parse(text) as T;
  }

  async deploy(source: string): Promise<void> {
    await this.json('/flows', { method: 'POST', headers: { 'Content-Type': 'application/x-yaml' }, body: source });
  }

  /** Calls again and again with `wait=true`; for flows that are quick. */
  async run(flow: string, form?: FormData): Promise<ExecutionShape> {
    return this.json(`/executions/${flow}?wait=true`, { method: 'POST', ...(form !== undefined && { body: form }) });
  }
}

/** What tests look at in an execution. */
export interface ExecutionShape {
  readonly id: string;
  readonly namespace: string;
  readonly flowId: string;
  readonly flowRevision: number;
  readonly state: {
    readonly current: string;
    readonly histories: readonly { readonly state: string; readonly date: string }[];
  };
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly trigger?: { readonly variables: Readonly<Record<string, unknown>> };
  readonly taskRunList?: readonly {
    readonly id: string;
    readonly taskId: string;
    readonly value?: string;
    readonly attempts?: readonly { readonly state: { readonly current: string } }[];
    readonly state: {
      readonly current: string;
      readonly histories: readonly { readonly state: string; readonly date: string }[];
    };
  }[];
}
