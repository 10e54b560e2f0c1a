import type { Clock } from '@tiercel/model';

interface Timer {
  readonly due: number;
  readonly order: number;
  work: (() => void) | undefined;
}

/**
 * Promise hops that what a timer started may make before the next timer runs. Longer chains go on beside what comes next, as
 * they do in a process that is slow; the order is the same each time, so a seed replays exactly.
 */
const HOPS = 12;

/** Virtual time: moves from timer to timer, in order of due time and then of making. Nothing real passes. */
export class VirtualClock implements Clock {
  /** Timers run so far. */
  steps = 0;
  private time: number;
  private order = 0;
  private readonly heap: Timer[] = [];

  constructor(start: number) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  elapsed(): number {
    return this.time;
  }

  after(ms: number, work: () => void): () => void {
    const timer: Timer = { due: this.time + (ms > 0 ? ms : 0), order: this.order++, work };
    this.push(timer);
    return () => {
      timer.work = undefined;
    };
  }

  /** Runs timers until `limit`, or until `done` says so (asked before each timer). */
  async run(limit: number, done: () => boolean): Promise<void> {
    while (!done()) {
      const timer = this.heap[0];
      if (timer === undefined || timer.due > limit) return;
      this.pop();
      if (timer.work === undefined) continue;
      this.time = timer.due;
      this.steps++;
      timer.work();
      for (let hop = 0; hop < HOPS; hop++) await Promise.resolve();
    }
  }

  private before(a: Timer, b: Timer): boolean {
    return a.due < b.due || (a.due === b.due && a.order < b.order);
  }

  private push(timer: Timer): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (this.before(heap[above]!, timer)) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = timer;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = at * 2 + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && this.before(heap[below + 1]!, heap[below]!)) below++;
      if (this.before(last, heap[below]!)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = last;
  }
}
