import { readdir, readFile, readlink } from 'node:fs/promises';

export interface JournalLine {
  readonly kind: 'begin' | 'end';
  readonly taskRun: string;
  readonly pid: number;
  /** Working folder of the script, below that of its worker. */
  readonly place: string;
}

/** What scripts have written of themselves; a line that a kill has cut off is an error, since one `echo` is one write. */
export async function readJournal(path: string): Promise<readonly JournalLine[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const found = /^(begin|end) (\w+) (\d+) (\/\S+)$/.exec(line);
      if (found === null) throw new Error(`a line of the journal is broken: ${line}`);
      return { kind: found[1] as JournalLine['kind'], taskRun: found[2]!, pid: Number(found[3]), place: found[4]! };
    });
}

/** How often each task run's script has begun and ended. */
export function countsOf(lines: readonly JournalLine[]): ReadonlyMap<string, { begin: number; end: number }> {
  const counts = new Map<string, { begin: number; end: number }>();
  for (const { kind, taskRun } of lines) {
    const count = counts.get(taskRun) ?? { begin: 0, end: 0 };
    count[kind]++;
    counts.set(taskRun, count);
  }
  return counts;
}

/** Processes of scripts that run now, found by the marker in their command line. */
export async function runningScripts(lines: readonly JournalLine[], marker: string): Promise<readonly number[]> {
  const pids = [...new Set(lines.map(({ pid }) => pid))];
  const running = await Promise.all(
    pids.map(async (pid) => (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes(marker)),
  );
  return pids.filter((_, i) => running[i] === true);
}

/**
 * All processes that have to do with scripts: also those that have just been started and have written nothing yet, and the guards
 * around them.
 */
export async function markedProcesses(marker: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const marked = await Promise.all(
    pids.map(async (pid) => (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes(marker)),
  );
  return pids.filter((_, i) => marked[i] === true);
}

/** Processes whose working folder lies below a worker's: its scripts, also those that have written nothing yet, and their guards. */
export async function processesBelow(root: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  // A process that has ended meanwhile, or is not ours to look at, has no folder.
  const places = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return pids.filter((_, i) => places[i]!.startsWith(`${root}/`));
}
