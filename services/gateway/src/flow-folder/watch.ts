import { realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Clock } from '@tiercel/model';
import { PlatformError } from '@tiercel/platform';
import { watch, type FSWatcher } from 'chokidar';
import type { TellOfFlowFolder } from './events.ts';
import type { FlowFolder } from './flow-folder.ts';

/** A burst of changes is over after so long without one, ms. */
const QUIET_MS = 150;
/** A burst that does not end is looked at so long after its beginning, ms. */
const PATIENCE_MS = 1_000;
/** How often the folder is looked at without being asked, ms: events get lost, and shared volumes and links have none. */
const LOOK_AGAIN_MS = 10_000;

export interface FolderWatch {
  /** Loads what is there, then watches. Throws PlatformError when there is no such folder. */
  start(): Promise<void>;
  /** Ends the watch once a look that is under way is over. */
  stop(): Promise<void>;
}

export interface FolderWatchOptions {
  readonly folder: string;
  readonly flows: Pick<FlowFolder, 'load' | 'scan'>;
  readonly clock: Pick<Clock, 'elapsed' | 'after'>;
  readonly tell: TellOfFlowFolder;
}

/** Looks at a folder of flows when something in it has changed. Events are hints only: what counts is what the look finds. */
export function createFolderWatch({ folder, flows, clock, tell }: FolderWatchOptions): FolderWatch {
  const looks = createLooks(flows, clock);
  let watcher: FSWatcher | undefined;
  return {
    async start() {
      await checkFolder(folder);
      await flows.load();
      const root = await realpath(folder);
      watcher = watch(root, {
        ignoreInitial: true,
        // Links may lead in circles; what is behind them is seen by the look that comes anyway.
        followSymlinks: false,
        ignored: (path) => path !== root && basename(path).startsWith('.'),
      });
      watcher.on('all', looks.hint);
      // What changed before the watch stood was told by nobody.
      watcher.on('ready', looks.hint);
      watcher.once('error', (error) => {
        const message = `changes in ${folder} are noticed late, every ${LOOK_AGAIN_MS / 1000} s: ${(error as Error).message}`;
        tell({ kind: 'trouble', message, error });
      });
      watcher.on('error', looks.hint);
      looks.start();
    },
    async stop() {
      await watcher?.close();
      await looks.stop();
    },
  };
}

interface Looks {
  start(): void;
  /** Something may have changed. */
  hint(): void;
  stop(): Promise<void>;
}

/** Calls for scans, one at a time: after hints, when one asked for it, and now and then. */
function createLooks(flows: Pick<FlowFolder, 'scan'>, clock: FolderWatchOptions['clock']): Looks {
  let cancel: (() => void) | undefined;
  let under: Promise<void> | undefined;
  let hintedSince: number | undefined;
  let stopped = false;

  const after = (ms: number): void => {
    cancel?.();
    if (!stopped) cancel = clock.after(ms, () => void (under = look()));
  };
  const look = async (): Promise<void> => {
    cancel = undefined;
    hintedSince = undefined;
    const due = await flows.scan();
    under = undefined;
    if (hintedSince === undefined) after(Math.min(due ?? LOOK_AGAIN_MS, LOOK_AGAIN_MS));
    else after(QUIET_MS);
  };
  return {
    start: () => after(LOOK_AGAIN_MS),
    hint() {
      hintedSince ??= clock.elapsed();
      const left = PATIENCE_MS - (clock.elapsed() - hintedSince);
      // A look that is under way makes the next one itself.
      if (under === undefined) after(Math.max(0, Math.min(QUIET_MS, left)));
    },
    async stop() {
      stopped = true;
      cancel?.();
      await under;
    },
  };
}

async function checkFolder(folder: string): Promise<void> {
  try {
    if ((await stat(folder)).isDirectory()) return;
  } catch (error) {
    throw new PlatformError(`The folder of flows ${folder} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  throw new PlatformError(`${folder} is no folder; name the folder with your flows.`);
}
