import type { Clock } from '@tiercel/model';

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /** Moves on by `ms` and runs what is due on the way, in order of its time; each piece of work sees its own moment as now. */
  advance(ms: number): void;
  /** As `advance`, and after each piece of work lets promises and I/O callbacks that are ready run. */
  advanceAsync(ms: number): Promise<void>;
  /** Sets the time of day anew, as somebody does to a machine: no timer takes note of it. */
  jump(ms: number): void;
  /** Moves on to the next timer and runs it; false when there is none. */
  step(): boolean;
  /** Timers that wait. */
  readonly pending: number;
}

interface Timer {
  readonly due: number;
  readonly work: () => void;
  cancelled: boolean;
}

/** A fake clock; it starts at 2026-01-01T00:00:00Z unless told otherwise. */
export function createFakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let now = start;
  let jumped = 0;
  // Latest first, so that the next one is taken from the end.
  const timers: Timer[] = [];

  const insert = (timer: Timer): void => {
    let low = 0;
    let high = timers.length;
    // Behind all that are due later, before all that are due earlier or at the same moment: those run first.
    while (low < high) {
      const middle = (low + high) >> 1;
      if (timers[middle]!.due > timer.due) low = middle + 1;
      else high = middle;
    }
    timers.splice(low, 0, timer);
  };

  const takeUntil = (limit: number): Timer | undefined => {
    for (;;) {
      const next = timers[timers.length - 1];
      if (next === undefined || next.due > limit) return undefined;
      timers.pop();
      if (!next.cancelled) return next;
    }
  };

  const run = (timer: Timer): void => {
    now = Math.max(now, timer.due);
    timer.work();
  };

  return {
    now: () => now + jumped,
    elapsed: () => now - start,
    jump: (ms) => {
      jumped += ms;
    },
    after: (ms, work) => {
      const timer: Timer = { due: now + Math.max(0, ms), work, cancelled: false };
      insert(timer);
      return () => {
        timer.cancelled = true;
      };
    },
    advance: (ms) => {
      const end = now + ms;
      for (let timer = takeUntil(end); timer !== undefined; timer = takeUntil(end)) run(timer);
      now = end;
    },
    advanceAsync: async (ms) => {
      const end = now + ms;
      await settle();
      for (let timer = takeUntil(end); timer !== undefined; timer = takeUntil(end)) {
        run(timer);
        await settle();
      }
      now = end;
    },
    step: () => {
      const timer = takeUntil(Infinity);
      if (timer === undefined) return false;
      run(timer);
      return true;
    },
    get pending() {
      return timers.filter((timer) => !timer.cancelled).length;
    },
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
