import type { BusTopic, BusTopics, ExecutionHint, TaskJob } from '@tiercel/contracts';

/** What travels in queues. */
export type QueueMessage = ExecutionHint | TaskJob;

export interface QueueItem<M extends QueueMessage> {
  /** A second item with the id of one that still waits is dropped. Without `:`. */
  readonly id: string;
  readonly message: M;
}

export interface Consumer {
  /** Stops taking messages and waits until those in hand are done. */
  stop(): Promise<void>;
}

/**
 * Named queues of hints. No delays and no priorities: time belongs to wake-up rows. Messages may repeat, come out of
 * order or get lost; what they point at stands in the store. Adding never waits for a backend that is away.
 */
export interface Queue {
  add<M extends QueueMessage>(queue: string, items: readonly QueueItem<M>[]): void;
  /** Hands messages in batches of up to `batch`, at most `concurrency` batches at a time. A handler that throws gets its batch again. */
  consume<M extends QueueMessage>(
    queue: string,
    options: { readonly batch: number; readonly concurrency: number },
    handler: (messages: readonly M[]) => Promise<void>,
  ): Consumer;
  /** Waiting and active messages. */
  counts(queue: string): Promise<{ readonly waiting: number; readonly active: number }>;
  /** Deletes a queue with what is in it. */
  remove(queue: string): Promise<void>;
  /** Called when the backend came back empty or as another one: everything owed must be hinted again. */
  onWiped(listener: () => void): void;
  close(): Promise<void>;
}

/** Live events. Losing any is harmless. Handlers must not throw. */
export interface Bus {
  publish<T extends BusTopic>(topic: T, event: BusTopics[T]): void;
  /** Answers a function that ends the subscription. */
  subscribe<T extends BusTopic>(topic: T, handler: (event: BusTopics[T]) => void): () => void;
  close(): Promise<void>;
}
