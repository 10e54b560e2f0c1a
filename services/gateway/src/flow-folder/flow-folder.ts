import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { describeProblem, type Problem } from '@tiercel/flow-source';
import { listFlowFiles, type FoundFlowFile } from '@tiercel/flow-source/files';
import type { Flow } from '@tiercel/model';
import { StoreError } from '@tiercel/store';
import {
  announce,
  breathe,
  flowKey,
  MAX_SOURCE,
  parse,
  writeAll,
  writeOf,
  type FlowName,
  type WriteDeps,
} from '../routes/flows/shared.ts';
import type { TellOfFlowFolder } from './events.ts';

/**
 * How long no file must hold a flow before it is deleted, ms: tools that move files, or write them anew, take them away for a moment.
 */
export const REMOVAL_GRACE_MS = 2_000;
/** How long nothing is deleted after the folder was away or empty, ms: a mount or a slow copy may bring its files back one by one. */
export const RETURN_GRACE_MS = 60_000;
/** Flows written in one transaction. */
const BATCH = 200;
/** Mistakes of one file that are told. */
const MAX_TOLD = 20;

interface FileState {
  readonly fingerprint: string;
  /** The flow that the file holds, or held before it was broken. */
  readonly flow?: FlowName;
  /** It says what is stored, or what is to be. */
  readonly isSound: boolean;
  /** What is to be written. */
  pending?: { readonly flow: Flow; readonly source: string } | undefined;
  /** The file that has the flow already, once that was told. */
  loses?: string;
}

export interface FlowFolderOptions {
  readonly deps: WriteDeps;
  readonly folder: string;
  /** ms that pass; only differences count. */
  readonly elapsed: () => number;
  readonly tell: TellOfFlowFolder;
}

/**
 * Flows that live in the files of a folder. Each scan compares the files with what they were at the last one, and writes and deletes flows
 * accordingly, by the same rules as the REST API. Files are the truth for what they hold: a broken file keeps its flow as it was.
 * Two of these for one folder do the same work twice, and the second time nothing changes.
 */
export class FlowFolder {
  private readonly options: FlowFolderOptions;
  private readonly files = new Map<string, FileState>();
  /** The flows of the folder, each with the file that holds it. */
  private readonly holders = new Map<string, { readonly path: string; readonly flow: FlowName }>();
  /** Flows that no file holds, and since when. */
  private readonly orphans = new Map<string, number>();
  /** Before that nothing is deleted. */
  private keepsUntil = 0;
  /** What the last scan met outside of the files: it is told once, not each time. */
  private troubles: ReadonlySet<string> = new Set();

  constructor(options: FlowFolderOptions) {
    this.options = options;
  }

  /** The first scan. Throws what the file system says of the folder. */
  async load(): Promise<void> {
    const { files } = await listFlowFiles(this.options.folder);
    await this.scan();
    const mistakes = [...this.files.values()].filter(({ isSound, loses }) => !isSound || loses !== undefined).length;
    this.options.tell({ kind: 'loaded', folder: this.options.folder, files: files.length, mistakes });
  }

  /** Looks at everything once. Answers after how many ms another look is due, when one is. Never throws. */
  async scan(): Promise<number | undefined> {
    const { folder } = this.options;
    const before = this.troubles;
    const now = new Set<string>();
    const inTrouble = (message: string, error?: unknown): void => {
      now.add(message);
      if (!before.has(message)) this.options.tell({ kind: 'trouble', message, ...(error !== undefined && { error }) });
    };
    this.troubles = now;
    try {
      const { files, unreadable } = await this.list();
      for (const { path, reason } of unreadable) inTrouble(`${path} cannot be read: ${reason}`);
      await this.read(files);
      this.forget(
        files,
        unreadable.map(({ path }) => path),
      );
      this.assign();
      await this.write();
      if (this.orphans.size <= 1 || this.files.size > 0) return await this.removeOrphans();
      // A mount that is away looks like this.
      this.keepAll();
      inTrouble(`${folder} is empty now; its ${this.orphans.size} flows stay as they are`);
      return undefined;
    } catch (error) {
      // Whatever cannot be read or written now is as it was: nothing is deleted because a folder or a database is away.
      const { message } = error as Error;
      inTrouble(`the flows in ${folder} cannot be loaded now: ${message}`, error);
      return undefined;
    }
  }

  /** The files of the folder. Throws what the file system says of it. */
  private async list(): ReturnType<typeof listFlowFiles> {
    try {
      return await listFlowFiles(this.options.folder);
    } catch (error) {
      this.keepAll();
      throw error;
    }
  }

  /** The folder is away, or counts as such: the time after which flows are deleted begins when it is back. */
  private keepAll(): void {
    this.keepsUntil = this.options.elapsed() + RETURN_GRACE_MS;
  }

  /** Reads what was written since the last time. */
  private async read(found: readonly FoundFlowFile[]): Promise<void> {
    for (const file of found) {
      const before = this.files.get(file.path);
      if (before?.fingerprint === file.fingerprint) continue;
      const state = await this.readOne(file, before);
      if (state !== undefined) this.files.set(file.path, state);
      await breathe();
    }
  }

  private async readOne(
    { path, size, fingerprint }: FoundFlowFile,
    before: FileState | undefined,
  ): Promise<FileState | undefined> {
    const kept = before?.flow === undefined ? {} : { flow: before.flow };
    const broken: FileState = { fingerprint, isSound: false, ...kept };
    if (size > MAX_SOURCE) {
      this.mistake(path, { message: `the file has ${size} bytes; a flow has ${MAX_SOURCE} at most` });
      return broken;
    }
    let bytes: Buffer;
    try {
      bytes = await readFile(path);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // It has gone since the folder was listed: the next look sees that.
      if (code === 'ENOENT') return undefined;
      this.mistake(path, { message: `cannot be read: ${message}` });
      return broken;
    }
    if (!isUtf8(bytes)) {
      this.mistake(path, { message: 'is no text in UTF-8: save it as such' });
      return broken;
    }
    const source = bytes.toString('utf8');
    const { flow, problems } = parse(this.options.deps, source);
    if (flow === undefined) {
      for (const problem of problems.slice(0, MAX_TOLD)) this.mistake(path, mistakeOf(problem));
      return broken;
    }
    const name = { namespace: flow.namespace, id: flow.id };
    return { fingerprint, isSound: true, flow: name, pending: { flow, source } };
  }

  private mistake(
    file: string,
    mistake: { readonly message: string; readonly line?: number; readonly column?: number },
  ): void {
    this.options.tell({ kind: 'mistake', file, ...mistake });
  }

  /** Forgets files that are gone; of those in places that cannot be looked at nothing is known. */
  private forget(found: readonly FoundFlowFile[], unreadable: readonly string[]): void {
    const there = new Set(found.map(({ path }) => path));
    const isHidden = (path: string): boolean =>
      unreadable.some((place) => path === place || path.startsWith(`${place}/`));
    for (const path of this.files.keys()) if (!there.has(path) && !isHidden(path)) this.files.delete(path);
  }

  /** Decides which file holds which flow: the one that did so before, else the first by path. */
  private assign(): void {
    const claims = new Map<string, { readonly path: string; readonly state: FileState }[]>();
    for (const [path, state] of [...this.files].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      if (state.flow === undefined) continue;
      const key = flowKey(state.flow);
      claims.set(key, [...(claims.get(key) ?? []), { path, state }]);
    }
    for (const [key, candidates] of claims) {
      const sound = candidates.filter(({ state }) => state.isSound);
      const before = this.holders.get(key)?.path;
      const able = sound.length > 0 ? sound : candidates;
      const holder = able.find(({ path }) => path === before) ?? able[0]!;
      this.holders.set(key, { path: holder.path, flow: holder.state.flow! });
      this.orphans.delete(key);
      delete holder.state.loses;
      for (const { path, state } of sound) if (state !== holder.state) this.lose(path, state, holder.path);
    }
    for (const key of this.holders.keys())
      if (!claims.has(key) && !this.orphans.has(key)) this.orphans.set(key, this.options.elapsed());
  }

  private lose(path: string, state: FileState, holder: string): void {
    if (state.loses === holder) return;
    state.loses = holder;
    const { namespace, id } = state.flow!;
    this.mistake(path, { message: `flow ${namespace}.${id} stands in ${holder} already; this file is left out` });
  }

  private async write(): Promise<void> {
    const waiting = [...this.holders.values()].flatMap(({ path }) => {
      const state = this.files.get(path);
      return state?.pending === undefined ? [] : [{ path, state, ...state.pending }];
    });
    for (let at = 0; at < waiting.length; at += BATCH) await this.writeBatch(waiting.slice(at, at + BATCH));
  }

  private async writeBatch(batch: readonly Waiting[]): Promise<void> {
    const { deps, tell } = this.options;
    try {
      const outcome = await writeAll(deps, {
        writes: batch.map(({ flow, source }) => writeOf(flow, source)),
        deletes: [],
      });
      // No revisions are named, so nothing can be stale.
      if (!('written' in outcome)) return;
      for (const { state } of batch) state.pending = undefined;
      for (const { namespace, id, revision } of outcome.changed) {
        const file = this.holders.get(flowKey({ namespace, id }))!.path;
        tell({ kind: 'written', file, flow: { namespace, id }, revision });
      }
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'bad-data') throw error;
      const [only, ...more] = batch;
      if (only !== undefined && more.length === 0) {
        only.state.pending = undefined;
        this.mistake(only.path, { message: `cannot be stored: ${error.message}` });
        return;
      }
      // One of them is bad: the others must not suffer.
      for (const one of batch) await this.writeBatch([one]);
    }
  }

  /** Deletes flows that no file has held for long enough. Answers after how many ms the next one may be due. */
  private async removeOrphans(): Promise<number | undefined> {
    const { elapsed } = this.options;
    let due: number | undefined;
    for (const [key, since] of this.orphans) {
      const left = Math.max(since + REMOVAL_GRACE_MS, this.keepsUntil) - elapsed();
      if (left <= 0) await this.remove(key);
      else due = Math.min(due ?? left, left);
    }
    return due;
  }

  private async remove(key: string): Promise<void> {
    const { deps, tell } = this.options;
    const { path, flow } = this.holders.get(key)!;
    const stored = await deps.flowStore.delete(deps.tenant, flow.namespace, flow.id);
    this.orphans.delete(key);
    this.holders.delete(key);
    // Without one somebody else was faster.
    if (stored === undefined) return;
    announce(deps, stored);
    tell({ kind: 'deleted', file: path, flow });
  }
}

interface Waiting {
  readonly path: string;
  readonly state: FileState;
  readonly flow: Flow;
  readonly source: string;
}

/** The place stands behind the file's name, so the message is without it. What is missing stands at the beginning of the file. */
function mistakeOf(problem: Problem): { readonly message: string; readonly line: number; readonly column: number } {
  const { line = 1, column = 1, ...unplaced } = problem;
  return { message: describeProblem(unplaced), line, column };
}
