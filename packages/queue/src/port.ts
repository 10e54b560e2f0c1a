import type { BusTopic, BusTopics, ExecutionHint, TaskJob } from '@tiercel/contracts';

/** What travels in queues. */
export type QueueMessage = ExecutionHint | TaskJob;

export interface QueueItem<M extends QueueMessage> {
  /** A second item with the id of one that still waits is dropped; one that is in hand may make it drop, too. Without `:`. */
  readonly id: string;
  readonly message: M;
}

export interface Consumer {
  /** Takes no more messages from now on; those in hand go on. */
  pause(): void;
  /** Takes no more messages and waits until those in hand are done. */
  stop(): Promise<void>;
}

export interface ConsumeOptions {
  /** Messages in hand at a time: a message is in hand until its handler's promise settles. */
  readonly concurrency: number;
}

/**
 * Named queues of hints. No delays and no priorities: time belongs to wake-up rows. Messages may repeat, come out of
 * order or get lost; what they point at stands in the store. Adding never waits for a backend that is away.
 */
export interface Queue {
  add<M extends QueueMessage>(queue: string, items: readonly QueueItem<M>[]): void;
  /**
   * Hands out messages, in no promised order. A handler that throws gets its message again, a few times; then the message is
   * dropped. What a consumer held when it died is handed out again after a while, as far as the backend keeps it.
   */
  consume<M extends QueueMessage>(
    queue: string,
    options: ConsumeOptions,
    handler: (message: M) => Promise<void>,
  ): Consumer;
  /** Waiting messages, and messages in hand. */
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
