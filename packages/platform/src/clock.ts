import type { Clock } from '@tiercel/model';

/** The platform's clock. Timers keep no process alive. */
export const systemClock: Clock = {
  now: Date.now,
  elapsed: () => performance.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** How often the clocks are compared, ms; that of a store which is replaced by another is followed so much later at the latest. */
const COMPARE_MS = 10_000;
/** An answer that took longer says too little about the time, ms. */
const SLOW_MS = 500;
/** How often a busy machine or store is asked at a time. */
const READINGS = 5;
/** Differences below this are not worth a correction, ms. */
const TOLERANCE_MS = 5;

export interface StoreClock extends Clock {
  /** How far this machine's clock is behind the store's, ms. */
  skew(): number;
  stop(): void;
}

/**
 * The store's clock, read on this machine: what one process writes as a date or a due time means the same for all others,
 * however wrong the clock of its machine is. Compared now (throws what `read` throws) and then every ten seconds.
 */
export async function createStoreClock(
  read: () => Promise<number>,
  local: Clock,
  onSkew: (ms: number) => void,
): Promise<StoreClock> {
  /** The machine's clock as it was at the start: one that is set anew changes nothing. */
  const start = local.now() - local.elapsed();
  const here = (): number => start + local.elapsed();
  let skew = 0;
  let told = false;
  /** The quickest of some readings: it says most. */
  const readings = async (): Promise<{ readonly took: number; readonly skew: number }> => {
    let best = { took: Number.POSITIVE_INFINITY, skew: 0 };
    for (let tries = 0; tries < READINGS && best.took > TOLERANCE_MS; tries++) {
      const began = here();
      const there = await read();
      const ended = here();
      if (ended - began < best.took) best = { took: ended - began, skew: Math.round(there - (began + ended) / 2) };
    }
    return best;
  };
  const compare = async (): Promise<void> => {
    const { took, skew: measured } = await readings();
    if (took > SLOW_MS) return;
    if (Math.abs(measured - skew) > TOLERANCE_MS + took / 2) skew = measured;
    if (!told && Math.abs(skew) > 1_000) {
      told = true;
      onSkew(skew);
    }
  };
  await compare();
  let cancel: () => void;
  let stopped = false;
  const again = (): void => {
    cancel = local.after(COMPARE_MS, () => {
      // A store that is away says nothing about the time; the last difference stays.
      void compare()
        .catch(() => undefined)
        .then(() => (stopped ? undefined : again()));
    });
  };
  again();
  return {
    now: () => Math.round(here() + skew),
    elapsed: () => local.elapsed(),
    after: (ms, work) => local.after(ms, work),
    skew: () => skew,
    stop: () => {
      stopped = true;
      cancel();
    },
  };
}
