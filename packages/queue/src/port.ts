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
  /** Throws for an id that is empty or has a `:`; never for a backend that is away. */
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
  /** Waiting messages, and messages in hand. Throws when the backend is away. */
  counts(queue: string): Promise<{ readonly waiting: number; readonly active: number }>;
  /** Deletes a queue with what is in it; one that does not exist is fine. Throws when the backend is away. */
  remove(queue: string): Promise<void>;
  /** Called when the backend came back, empty, as another one or as it was: everything owed must be hinted again. */
  onWiped(listener: () => void): void;
  /** Ends all consumers, waiting for what they have in hand. */
  close(): Promise<void>;
}

/** Live events. Losing any is harmless. Handlers must not throw; handlers of the publishing process are called at once. */
export interface Bus {
  publish<T extends BusTopic>(topic: T, event: BusTopics[T]): void;
  /** Answers a function that ends the subscription. */
  subscribe<T extends BusTopic>(topic: T, handler: (event: BusTopics[T]) => void): () => void;
  close(): Promise<void>;
}

/** Queues and bus of one process, on one backend. */
export interface Messaging {
  readonly queue: Queue;
  readonly bus: Bus;
  /**
   * Names what the messages are kept in: the same for all processes that share it, another one after it was emptied. Empty
   * while a backend that was away at the start has not been reached yet.
   */
  identity(): string;
  /** Ends consumers (waiting for what they have in hand) and subscriptions, and closes the connections. */
  close(): Promise<void>;
}

/** The methods of a logger that the backends use; pino's fit. */
export interface MessagingLog {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

/** The backend cannot be used; the message is one sentence for the operator. */
export class MessagingError extends Error {
  /** `unreachable` may mend itself, `refused` will not. */
  readonly kind: 'refused' | 'unreachable';

  constructor(kind: 'refused' | 'unreachable', message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MessagingError';
    this.kind = kind;
  }
}

/** Throws for an id that a backend could not keep; so all of them refuse it. */
export function assertMessageId(id: string): void {
  if (id === '' || id.includes(':')) {
    throw new Error(`An id of a message must not be empty and must not contain a colon: "${id}".`);
  }
}
