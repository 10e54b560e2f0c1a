import { isTerminal } from '@tiercel/model';
import type { Bus } from '@tiercel/queue';
import type { Logger } from '@tiercel/runtime';
import type { ExecutionQueries } from '@tiercel/store';

/**
 * What is known of an execution: a version with whether it has ended, that the store does not have it (yet, or any more), or that it
 * has new log lines.
 */
export type Change =
  | { readonly kind: 'seen'; readonly version: number; readonly ended: boolean }
  | { readonly kind: 'absent' }
  | { readonly kind: 'logs' };

/**
 * Tells about changes of executions: at once by the bus, and once per interval by reading the states of all that are watched, in
 * batches, because a live event may be lost. Listeners hear of the present state at every interval, changed or not.
 */
export interface ExecutionWatch {
  /** Answers a function that ends the watch. */
  watch(executionId: string, listener: (change: Change) => void): () => void;
  /** How many executions are watched. */
  readonly size: number;
  stop(): void;
}

export interface WatchOptions {
  readonly bus: Bus;
  readonly executions: Pick<ExecutionQueries, 'states'>;
  readonly logger: Logger;
  /** ms between two readings of the states. */
  readonly pollInterval: number;
}

/** Executions asked for in one statement. */
const BATCH = 1000;

export function createExecutionWatch({ bus, executions, logger, pollInterval }: WatchOptions): ExecutionWatch {
  const watched = new Map<string, Set<(change: Change) => void>>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const tell = (executionId: string, change: Change): void => {
    for (const listener of watched.get(executionId) ?? []) listener(change);
  };
  const readStates = async (ids: readonly string[]): Promise<void> => {
    const found = new Map((await executions.states(ids)).map((row) => [row.id, row]));
    for (const id of ids) {
      const row = found.get(id);
      tell(
        id,
        row === undefined ? { kind: 'absent' } : { kind: 'seen', version: row.version, ended: isTerminal(row.state) },
      );
    }
  };
  const poll = async (): Promise<void> => {
    const ids = [...watched.keys()];
    for (let at = 0; at < ids.length; at += BATCH) {
      try {
        await readStates(ids.slice(at, at + BATCH));
      } catch (error) {
        // The store is away: those who wait go on waiting, the next interval tries again.
        logger.warn({ error }, 'the states of watched executions could not be read');
      }
    }
  };
  const schedule = (): void => {
    if (timer !== undefined || stopped || watched.size === 0) return;
    timer = setTimeout(() => {
      void poll().finally(() => {
        timer = undefined;
        schedule();
      });
    }, pollInterval);
  };
  const subscriptions = [
    bus.subscribe('execution', ({ executionId, version, ended }) =>
      tell(executionId, { kind: 'seen', version, ended }),
    ),
    bus.subscribe('logs', ({ executionId }) => tell(executionId, { kind: 'logs' })),
  ];
  return {
    watch(executionId, listener) {
      let listeners = watched.get(executionId);
      if (listeners === undefined) watched.set(executionId, (listeners = new Set()));
      listeners.add(listener);
      schedule();
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && watched.get(executionId) === listeners) watched.delete(executionId);
      };
    },
    get size() {
      return watched.size;
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      for (const unsubscribe of subscriptions) unsubscribe();
      watched.clear();
    },
  };
}
