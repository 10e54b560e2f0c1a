/** Time as services see it; injected, so that tests and the simulator own it. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** ms since some moment, for how long something takes: never jumps, whatever is done to the clock of the machine. */
  elapsed(): number;
  /** Calls `work` after `ms`. Answers a function that cancels it. Does not keep the process alive by itself. */
  after(ms: number, work: () => void): () => void;
}
