import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import type { CommandResult, CommandSpec } from '@tiercel/plugin-kit';
import { GUARD } from './guard.ts';
import { LineSplitter } from './line-splitter.ts';

export interface SuperviseOptions {
  /** ms between SIGTERM and SIGKILL when the command is to be killed. */
  readonly killGrace: number;
  /** ms for which what the command left running may keep its output open; then it is killed. */
  readonly drainGrace: number;
  /** Longest line in UTF-16 units; a longer one comes in pieces. */
  readonly maxLine: number;
}

export const DEFAULT_OPTIONS: SuperviseOptions = { killGrace: 2000, drainGrace: 2000, maxLine: 1024 * 1024 };

/** How many kill graces a reader may be busy with output of a command that has ended and left something running. */
const DRAIN_ROUNDS = 30;

/**
 * Runs a command under the guard (see guard.ts) and passes its lines on. What the command left running when it ended is
 * killed as well: at once when it keeps no output open, else after the drain grace.
 *
 * POSIX systems only. A process that leaves its process group on purpose (`setsid`) is out of reach.
 */
export async function supervise(
  spec: CommandSpec,
  signal: AbortSignal,
  options: SuperviseOptions = DEFAULT_OPTIONS,
): Promise<CommandResult> {
  signal.throwIfAborted();
  const guard = startGuard(spec);
  const run = new SupervisedRun(guard, options);
  const onAbort = (): void => run.kill();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await run.result(spec);
  } finally {
    signal.removeEventListener('abort', onAbort);
    run.release();
  }
}

function startGuard(spec: CommandSpec): ChildProcess {
  const { argv } = spec;
  if (argv.length === 0) throw new Error('there is no command to run');
  if (argv.some((argument) => argument.includes('\0'))) {
    throw new Error('a command must not hold NUL characters');
  }
  try {
    return spawn('/bin/sh', ['-c', GUARD, 'guard', ...argv], {
      cwd: spec.cwd,
      env: { ...process.env, ...spec.env },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
  } catch (error) {
    throw startFailure(error);
  }
}

class SupervisedRun {
  readonly #guard: ChildProcess;
  readonly #options: SuperviseOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Streams whose last piece is still being taken by the caller. */
  #reading = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(guard: ChildProcess, options: SuperviseOptions) {
    this.#guard = guard;
    this.#options = options;
    // Closing the lifeline of a guard that is gone already is no error.
    guard.stdin?.on('error', () => this.#closeLifeline());
  }

  async result(spec: CommandSpec): Promise<CommandResult> {
    const { stdout, stderr, stdio } = this.#guard;
    const ended = endOf(this.#guard);
    if (stdout === null || stderr === null) throw new Error('the guard was started without its pipes');
    const report = reportedCode(stdio[3] as Readable);
    const output = Promise.all([this.#read(stdout, 'stdout', spec), this.#read(stderr, 'stderr', spec)]);
    try {
      // A guard that could not be started has an error to tell. One that ended has reported before; its pipe closes then.
      await Promise.race([report, ended]);
      const reported = await report;
      // Reached also when the group was killed: all its pipes are closed then.
      this.#drain();
      await output;
      this.#closeLifeline();
      const end = await ended;
      if (this.#failure !== undefined) throw this.#failure.error;
      return { exitCode: reported ?? end };
    } catch (error) {
      this.#closeLifeline();
      await output;
      throw error;
    }
  }

  /** SIGTERM to the whole group, SIGKILL to what is left of it after the grace. */
  kill(): void {
    if (!this.#signal('SIGTERM')) return;
    this.#after(this.#options.killGrace, () => {
      this.#closeLifeline();
      this.#signal('SIGKILL');
    });
  }

  /**
   * The command has ended, its output may still come. After the grace what it left running gets SIGTERM, which the
   * guard's own processes survive, so that nothing of the command's output is lost to a slow reader; what ignores that is
   * killed, at once when nothing is being read, else after some patience.
   */
  #drain(): void {
    const force = (round: number): void => {
      this.#after(this.#options.killGrace, () => {
        if (this.#reading > 0 && round < DRAIN_ROUNDS) force(round + 1);
        else this.#closeLifeline();
      });
    };
    this.#after(this.#options.drainGrace, () => {
      this.#signal('SIGTERM');
      force(1);
    });
  }

  release(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#closeLifeline();
  }

  async #read(stream: Readable, name: 'stdout' | 'stderr', spec: CommandSpec): Promise<void> {
    const lines = new LineSplitter(this.#options.maxLine);
    const pass = async (batch: Iterable<string>): Promise<void> => {
      for (const line of batch) {
        const wait = spec.onLine(name, line);
        if (wait !== undefined) await wait;
      }
    };
    try {
      for await (const chunk of stream) {
        this.#reading += 1;
        await pass(lines.push(chunk as Buffer));
        this.#reading -= 1;
      }
      await pass(lines.end());
    } catch (error) {
      this.#failure ??= { error };
      this.#closeLifeline();
      this.#signal('SIGKILL');
    }
  }

  /** The guard kills its group, and so itself, when it sees this. */
  #closeLifeline(): void {
    this.#guard.stdin?.destroy();
  }

  /** False when the guard is gone. As long as it was not reaped, its number cannot mean another process. */
  #signal(signal: NodeJS.Signals): boolean {
    const { pid, exitCode, signalCode } = this.#guard;
    if (pid === undefined || exitCode !== null || signalCode !== null) return false;
    try {
      return process.kill(-pid, signal);
    } catch (error) {
      // The group is being torn down at this moment.
      if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
      throw error;
    }
  }

  #after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }
}

/** Exit code of the guard itself; counts only when it ended without having reported the script's. */
async function endOf(guard: ChildProcess): Promise<number> {
  try {
    const [code, signal] = (await once(guard, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  } catch (error) {
    throw startFailure(error);
  }
}

/** The script's exit code as the guard reports it; undefined when the pipe closed or broke before. */
async function reportedCode(report: Readable): Promise<number | undefined> {
  let text = '';
  try {
    for await (const chunk of report) {
      text += (chunk as Buffer).toString('latin1');
      if (text.includes('\n')) break;
    }
  } catch {
    // Nobody can report any more: the end of the guard itself tells the rest.
    return undefined;
  }
  const code = Number.parseInt(text, 10);
  return Number.isNaN(code) ? undefined : code;
}

function startFailure(error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'E2BIG') {
    return new Error(
      'the command is too long for the operating system (128 KiB for one argument on Linux): ' +
        'put the script into `inputFiles` and run that file',
      { cause: error },
    );
  }
  return new Error(`the command could not be started: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}
