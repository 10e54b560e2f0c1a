/** Something that is said at most once in a while, with the number of times it would have been said. */
export interface Throttled {
  /** `times`: how often it happened since the last time it was said. */
  happened(times?: number): void;
  /** Says what has not been said yet, and no more after that. */
  close(): void;
}

/** @param everyMs least time between two sayings; the first is at once */
export function createThrottled(everyMs: number, say: (times: number) => void): Throttled {
  let unsaid = 0;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const flush = (): void => {
    if (unsaid === 0) return;
    const times = unsaid;
    unsaid = 0;
    say(times);
  };
  const later = (): void => {
    timer = undefined;
    if (unsaid === 0) return;
    flush();
    timer = setTimeout(later, everyMs).unref();
  };
  return {
    happened(times = 1) {
      if (closed) return;
      unsaid += times;
      if (timer !== undefined) return;
      flush();
      timer = setTimeout(later, everyMs).unref();
    },
    close() {
      clearTimeout(timer);
      flush();
      closed = true;
    },
  };
}
