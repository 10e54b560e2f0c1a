import { executionToJson } from '@tiercel/contracts';
import { currentState, isTerminal } from '@tiercel/model';
import type { ExecutionQueries } from '@tiercel/store';
import type { Change, ExecutionWatch } from './watch.ts';

/** An execution as one frame of a stream; the text is shared by all who follow it. */
export interface Frame {
  readonly version: number;
  readonly ended: boolean;
  readonly data: string;
}

/** Reads executions for streams: followers of one execution share a read and its JSON. */
export interface Frames {
  /** The present state, read at or after version `atLeast`; undefined when there is no such execution. */
  read(executionId: string, atLeast: number): Promise<Frame | undefined>;
  /** Keeps what is read of an execution until the answered function is called. */
  hold(executionId: string): () => void;
}

export interface FramesOptions {
  readonly executions: Pick<ExecutionQueries, 'get'>;
  readonly tenant: string;
  readonly taskRunLimit: number;
  readonly clock: () => number;
}

interface Held {
  holders: number;
  latest?: Frame;
  /** A read under way, and the version that was asked for when it began. */
  reading?: { readonly atLeast: number; readonly frame: Promise<Frame | undefined> };
}

export function createFrames({ executions, tenant, taskRunLimit, clock }: FramesOptions): Frames {
  const held = new Map<string, Held>();

  const readFrame = async (executionId: string): Promise<Frame | undefined> => {
    const view = await executions.get(tenant, executionId, taskRunLimit);
    if (view === undefined) return undefined;
    return {
      version: view.version,
      ended: isTerminal(currentState(view.execution.history)),
      data: JSON.stringify(executionToJson(view, { now: clock() })),
    };
  };
  return {
    async read(executionId, atLeast) {
      const entry = held.get(executionId);
      if (entry === undefined) return readFrame(executionId);
      if (entry.latest !== undefined && entry.latest.version >= atLeast) return entry.latest;
      if (entry.reading !== undefined && entry.reading.atLeast >= atLeast) return entry.reading.frame;
      const reading = { atLeast, frame: readFrame(executionId) };
      entry.reading = reading;
      try {
        const frame = await reading.frame;
        if (frame !== undefined && frame.version >= (entry.latest?.version ?? 0)) entry.latest = frame;
        return frame;
      } finally {
        if (entry.reading === reading) delete entry.reading;
      }
    },
    hold(executionId) {
      const entry = held.get(executionId) ?? { holders: 0 };
      held.set(executionId, entry);
      entry.holders += 1;
      return () => {
        entry.holders -= 1;
        if (entry.holders === 0) held.delete(executionId);
      };
    },
  };
}

/** Wakes a loop: changes that come while it is busy are remembered, the last one counts. */
export interface Wake {
  readonly version: number;
  readonly ended: boolean;
  readonly absent: boolean;
  wake(): void;
  /** Says that the execution is known to have ended. */
  markEnded(): void;
  /** Resolves at the next wake-up, or at once when there was one since the last call. */
  next(): Promise<void>;
  /** As `next`, but only an end of the execution, or `ms`, ends it. */
  pause(ms: number): Promise<void>;
  stop(): void;
}

/** Watches an execution for one stream. */
export function createWake(watch: ExecutionWatch, executionId: string): Wake {
  let version = -1;
  let ended = false;
  let absent = false;
  let pending = false;
  let resolve: (() => void) | undefined;

  const wake = (): void => {
    pending = true;
    resolve?.();
  };
  const onChange = (change: Change): void => {
    if (change.kind !== 'logs') absent = change.kind === 'absent';
    if (change.kind === 'seen') {
      version = Math.max(version, change.version);
      ended = change.ended;
    }
    wake();
  };
  const stop = watch.watch(executionId, onChange);
  return {
    get version() {
      return version;
    },
    get ended() {
      return ended;
    },
    get absent() {
      return absent;
    },
    wake,
    markEnded: () => {
      ended = true;
    },
    async next() {
      if (!pending) {
        await new Promise<void>((done) => {
          resolve = done;
        });
      }
      resolve = undefined;
      pending = false;
    },
    async pause(ms) {
      if (ended || ms <= 0) return;
      await new Promise<void>((done) => {
        const timer = setTimeout(done, ms);
        resolve = () => {
          if (!ended) return;
          clearTimeout(timer);
          done();
        };
      });
      resolve = undefined;
    },
    stop,
  };
}
