import type { JsonObject } from '@tiercel/model';
import { TaskFailure } from '@tiercel/plugin-kit';

/** Node's timers take no longer time than this. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The attempt ran longer than the task's `timeout` (ms). */
export class TaskTimeout extends TaskFailure {
  readonly timeout: number;
  constructor(timeout: number, options: { outputs?: JsonObject; cause?: unknown } = {}) {
    super(`Timeout after ${clockText(timeout)}`, options);
    this.name = 'TaskTimeout';
    this.timeout = timeout;
  }
}

/** The task went on although it was told to stop. */
export class TaskGivenUp extends Error {
  constructor(grace: number, reason: unknown) {
    const why = reason instanceof Error ? reason.message : String(reason);
    super(
      `The task did not stop within ${grace / 1000} s after it was told to (${why}); ` +
        'it was given up, and whatever it still does is ignored',
    );
    this.name = 'TaskGivenUp';
  }
}

const two = (n: number): string => String(Math.floor(n)).padStart(2, '0');

/** Hours, minutes, seconds and ms as `HH:mm:ss.SSS` (execution-semantics.md §9.1). */
export function clockText(ms: number): string {
  const fraction = String(Math.floor(ms % 1000)).padStart(3, '0');
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${fraction}`;
}

/** One signal for both ends that an attempt can meet: a kill from outside and its own timeout. */
export class Stopper {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #onKill = (): void => this.#controller.abort(this.#outer?.reason);
  #timer: NodeJS.Timeout | undefined;

  constructor(outer: AbortSignal | undefined, timeout: number | undefined) {
    this.#outer = outer;
    if (outer?.aborted === true) this.#onKill();
    outer?.addEventListener('abort', this.#onKill, { once: true });
    if (timeout !== undefined) this.#arm(timeout, timeout);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * The outcome of the work, or TaskGivenUp when it goes on for `grace` ms after the signal. What it does later is
   * nobody's concern any more.
   */
  async settled<T>(work: Promise<T>, grace: number): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    let onAbort: (() => void) | undefined;
    const givenUp = new Promise<never>((_resolve, reject) => {
      onAbort = () => {
        timer = setTimeout(() => reject(new TaskGivenUp(grace, this.signal.reason)), grace);
      };
      if (this.signal.aborted) onAbort();
      else this.signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([work, givenUp]);
    } finally {
      clearTimeout(timer);
      if (onAbort !== undefined) this.signal.removeEventListener('abort', onAbort);
    }
  }

  release(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#onKill);
  }

  #arm(left: number, timeout: number): void {
    const step = Math.min(Math.max(left, 0), LONGEST_TIMER);
    this.#timer = setTimeout(() => {
      if (left > step) this.#arm(left - step, timeout);
      else this.#controller.abort(new TaskTimeout(timeout));
    }, step);
  }
}
