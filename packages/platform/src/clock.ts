import type { Clock } from '@tiercel/model';

/** The platform's clock. Timers keep no process alive. */
export const systemClock: Clock = {
  now: Date.now,
  after(ms, work) {
    const timer = setTimeout(work, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
