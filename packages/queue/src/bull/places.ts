/** How long a message that was fetched ahead may wait for a place before it is given back, ms. */
export const PATIENCE_MS = 250;

interface Waiting {
  readonly answer: (granted: boolean) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * The places of a consumer: a message is in hand while it has one. Fetching the next message only when a place is free would
 * leave that place empty for a turn of the backend; so some are fetched ahead, and wait. As many as came to their end within
 * the last `PATIENCE_MS`, which is about how many will find a place within the next: a consumer of long messages keeps none
 * from others. What waited in vain is given back.
 */
export class Places {
  private readonly count: number;
  private readonly onLimit: (limit: number) => void;
  private readonly waiting: Waiting[] = [];
  private readonly idle: (() => void)[] = [];
  private freed: (() => void)[] = [];
  /** Dates of the last ends, at most `count` of them. */
  private readonly ends: number[] = [];
  private taken = 0;
  private halted = false;

  /** `onLimit` is told how many messages may be fetched at a time, whenever that may have changed. */
  constructor(count: number, onLimit: (limit: number) => void) {
    this.count = count;
    this.onLimit = onLimit;
  }

  get full(): boolean {
    return this.taken >= this.count;
  }

  /** Takes a place, or waits for one. False: none came free in time, or the consumer is halted; there is nothing to leave. */
  take(): boolean | Promise<boolean> {
    if (this.halted) return false;
    if (!this.full) {
      this.taken++;
      return true;
    }
    return new Promise((answer) => {
      const timer = setTimeout(() => this.refuse(one), PATIENCE_MS);
      const one: Waiting = { answer, timer };
      this.waiting.push(one);
    });
  }

  private refuse(one: Waiting): void {
    this.waiting.splice(this.waiting.indexOf(one), 1);
    this.tellLimit();
    one.answer(false);
  }

  /** Leaves a place; whoever has waited longest has it then. */
  leave(): void {
    this.ends.push(Date.now());
    if (this.ends.length > this.count) this.ends.shift();
    this.tellLimit();
    const next = this.waiting.shift();
    if (next !== undefined) {
      clearTimeout(next.timer);
      next.answer(true);
      return;
    }
    this.taken--;
    for (const go of this.freed.splice(0)) go();
    if (this.taken === 0) for (const resolve of this.idle.splice(0)) resolve();
  }

  private tellLimit(): void {
    const since = Date.now() - PATIENCE_MS;
    this.onLimit(this.count + this.ends.filter((date) => date > since).length);
  }

  /** Resolves when a place is free, or will never be: the consumer is halted. */
  async room(): Promise<void> {
    while (this.full && !this.halted) await new Promise<void>((resolve) => this.freed.push(resolve));
  }

  /** Resolves when no place is taken. */
  async empty(): Promise<void> {
    if (this.taken > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  /** Nothing gets a place any more; what waits for one is refused. */
  halt(): void {
    this.halted = true;
    for (const { answer, timer } of this.waiting.splice(0)) {
      clearTimeout(timer);
      answer(false);
    }
    for (const go of this.freed.splice(0)) go();
  }
}
