import type { QueueItem, QueueMessage } from '../port.ts';

/** What waits to be sent to one queue. */
interface Box {
  readonly items: QueueItem<QueueMessage>[];
  underWay: number;
}

export interface OutboxOptions {
  /** Sends to a queue in one go. Rejects when it could not. */
  readonly send: (queue: string, items: readonly QueueItem<QueueMessage>[]) => Promise<void>;
  /** False while nothing can be sent: what is to go out then is dropped. */
  readonly open: () => boolean;
  /** Told what was dropped; the error is absent when nothing was tried. */
  readonly onDropped: (queue: string, count: number, error?: unknown) => void;
  /** How many sendings to one queue may be under way; more wait and go together. */
  readonly parallel: number;
}

/** The most that goes out in one go, and the most that is kept for a queue whose backend does not keep up. */
const BATCH = 1_000;
const MOST_KEPT = 20_000;

/** Gathers what is added in one turn of the event loop, so that it goes to each queue in one go. */
export class Outbox {
  private readonly boxes = new Map<string, Box>();
  private readonly options: OutboxOptions;
  private scheduled = false;

  constructor(options: OutboxOptions) {
    this.options = options;
  }

  add(queue: string, items: readonly QueueItem<QueueMessage>[]): void {
    if (items.length === 0) return;
    if (!this.options.open()) return this.options.onDropped(queue, items.length);
    let box = this.boxes.get(queue);
    if (box === undefined) this.boxes.set(queue, (box = { items: [], underWay: 0 }));
    const room = Math.max(0, MOST_KEPT - box.items.length);
    for (let i = 0; i < Math.min(room, items.length); i++) box.items.push(items[i]!);
    if (room < items.length) this.options.onDropped(queue, items.length - room);
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      for (const [name, waiting] of this.boxes) this.flush(name, waiting);
    });
  }

  /** Forgets what waits for a queue. */
  forget(queue: string): void {
    this.boxes.delete(queue);
  }

  private flush(queue: string, box: Box): void {
    while (box.items.length > 0 && box.underWay < this.options.parallel) {
      const batch = box.items.splice(0, BATCH);
      if (!this.options.open()) {
        this.options.onDropped(queue, batch.length);
        continue;
      }
      box.underWay++;
      void this.send(queue, batch).finally(() => {
        box.underWay--;
        this.flush(queue, box);
      });
    }
    if (box.items.length === 0 && box.underWay === 0 && this.boxes.get(queue) === box) this.boxes.delete(queue);
  }

  private async send(queue: string, batch: readonly QueueItem<QueueMessage>[]): Promise<void> {
    try {
      await this.options.send(queue, batch);
    } catch (error) {
      this.options.onDropped(queue, batch.length, error);
    }
  }
}
