import { failLimit } from './errors.ts';

/** Bounds on one rendering. None of them exists in the reference; they keep a hostile template from holding the process. */
export interface RenderLimits {
  /** Longest text that any step may make, in UTF-16 units. */
  readonly maxOutput: number;
  /** Evaluation steps; long texts and large lists count by size. */
  readonly maxSteps: number;
  /** Depth of macros and of `render()` inside one another. */
  readonly maxDepth: number;
  /** Time in milliseconds. */
  readonly maxMillis: number;
}

export const DEFAULT_LIMITS: RenderLimits = {
  maxOutput: 10 * 1024 * 1024,
  maxSteps: 2_000_000,
  maxDepth: 100,
  maxMillis: 2000,
};

/** Structures nested deeper than this are refused when they are read, compared or printed. */
export const MAX_NESTING = 500;

const CLOCK_INTERVAL = 64;
const CHARACTERS_PER_STEP = 128;

/** Counts the work of one rendering and ends it when a bound is passed. */
export class Work {
  readonly limits: RenderLimits;
  private readonly clock: () => number;
  private steps = 0;
  private nextClock = CLOCK_INTERVAL;
  private readonly started: number;
  private depth = 0;

  constructor(limits: RenderLimits, clock: () => number) {
    this.limits = limits;
    this.clock = clock;
    this.started = clock();
  }

  /** Counts `count` steps. */
  step(count = 1): void {
    this.steps += count;
    if (this.steps >= this.nextClock) this.check();
  }

  /** Counts the making of a text of this length, and refuses one that is too long. Call it before making the text. */
  text(length: number): void {
    if (length > this.limits.maxOutput) {
      failLimit(`A text of the expression is longer than ${this.limits.maxOutput} characters`);
    }
    this.step(Math.ceil(length / CHARACTERS_PER_STEP));
  }

  /** Runs `body` one level deeper: for macros, `render()` and anything else that can call itself. */
  nested<T>(body: () => T): T {
    if (this.depth >= this.limits.maxDepth) {
      failLimit(`The expression is nested deeper than ${this.limits.maxDepth} levels`);
    }
    this.depth += 1;
    try {
      return body();
    } finally {
      this.depth -= 1;
    }
  }

  /** Time is read every few steps only: reading it costs as much as a step. */
  private check(): void {
    if (this.steps > this.limits.maxSteps) {
      failLimit(`The expression takes more than ${this.limits.maxSteps} steps`);
    }
    if (this.clock() - this.started > this.limits.maxMillis) {
      failLimit(`The expression takes more than ${this.limits.maxMillis} ms`);
    }
    this.nextClock = this.steps + CLOCK_INTERVAL;
  }
}

/** For conversions outside a rendering, whose size the caller knows. */
export function unboundedWork(): Work {
  return new Work(
    {
      maxOutput: 512 * 1024 * 1024,
      maxSteps: Number.POSITIVE_INFINITY,
      maxDepth: 100,
      maxMillis: Number.POSITIVE_INFINITY,
    },
    () => 0,
  );
}
