import { currentState, isTerminal } from '@tiercel/model';
import type { Logger } from '@tiercel/runtime';
import type { ExecutionQueries, ExecutionView } from '@tiercel/store';
import type { Change, ExecutionWatch } from './watch.ts';

/** One request that waits for the end of an execution. */
export interface Wait {
  /** The execution once it has ended; undefined when it was deleted, or when the wait was given up. Never rejects. */
  readonly promise: Promise<ExecutionView | undefined>;
  /** Says that the row exists: from then on an execution that is not found counts as deleted. */
  created(): void;
  /** Gives the wait up. */
  cancel(): void;
}

/**
 * Waits for ends of executions (`wait=true`). Register before the row is created, so that no end is missed; call `created()`
 * after that, or `cancel()` when nothing was created. A wait ends by itself when its signal aborts (the client went away).
 */
export interface Waiter {
  waitForEnd(executionId: string, signal?: AbortSignal): Wait;
}

export interface WaiterOptions {
  readonly watch: ExecutionWatch;
  readonly executions: Pick<ExecutionQueries, 'get'>;
  readonly tenant: string;
  /** Most task runs in the answer. */
  readonly taskRunLimit: number;
  readonly logger: Logger;
}

export function createWaiter({ watch, executions, tenant, taskRunLimit, logger }: WaiterOptions): Waiter {
  return {
    waitForEnd(executionId, signal) {
      let resolve!: (view: ExecutionView | undefined) => void;
      const promise = new Promise<ExecutionView | undefined>((done) => {
        resolve = done;
      });
      let exists = false;
      let absences = 0;
      let reading = false;

      const finish = (view: ExecutionView | undefined): void => {
        unwatch();
        signal?.removeEventListener('abort', giveUp);
        resolve(view);
      };
      const giveUp = (): void => finish(undefined);
      const readEnd = async (): Promise<void> => {
        reading = true;
        try {
          const view = await executions.get(tenant, executionId, taskRunLimit);
          if (view === undefined || isTerminal(currentState(view.execution.history))) finish(view);
        } catch (error) {
          // The next interval tells of the end again.
          logger.warn({ error, executionId }, 'an ended execution could not be read');
        } finally {
          reading = false;
        }
      };
      const onChange = (change: Change): void => {
        if (change.kind === 'absent') {
          // The first reading may have begun before the row was there, and ended after that was known.
          if (exists && ++absences > 1) finish(undefined);
        } else if (change.kind === 'seen' && change.ended && !reading) void readEnd();
      };
      const unwatch = watch.watch(executionId, onChange);
      if (signal?.aborted === true) giveUp();
      else signal?.addEventListener('abort', giveUp, { once: true });
      return {
        promise,
        created: () => {
          exists = true;
        },
        cancel: giveUp,
      };
    },
  };
}
