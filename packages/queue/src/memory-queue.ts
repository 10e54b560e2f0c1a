import {
  assertMessageId,
  type ConsumeOptions,
  type Consumer,
  type Queue,
  type QueueItem,
  type QueueMessage,
} from './port.ts';

interface NamedQueue {
  /** Waiting messages by id, in order of arrival. */
  readonly waiting: Map<string, QueueMessage>;
  active: number;
  readonly consumers: Set<MemoryConsumer>;
}

/** How many times a message whose handler throws is handed out before it is dropped; the reconciler hints again later. */
export const MAX_TRIES = 5;

/**
 * Queues in this process: for the embedded server, and for fast tests. Messages are handed out in the next turn of the event
 * loop, so that what arrives together is handled together.
 */
export function createMemoryQueue(options: { readonly onError?: (error: unknown) => void } = {}): Queue {
  const queues = new Map<string, NamedQueue>();
  const named = (name: string): NamedQueue => {
    let queue = queues.get(name);
    if (queue === undefined) queues.set(name, (queue = { waiting: new Map(), active: 0, consumers: new Set() }));
    return queue;
  };
  const onError = options.onError ?? ((): void => undefined);
  return {
    add<M extends QueueMessage>(name: string, items: readonly QueueItem<M>[]): void {
      const queue = named(name);
      for (const item of items) assertMessageId(item.id);
      for (const item of items) if (!queue.waiting.has(item.id)) queue.waiting.set(item.id, item.message);
      for (const consumer of queue.consumers) consumer.wake();
    },
    consume<M extends QueueMessage>(
      name: string,
      options: ConsumeOptions,
      handler: (message: M) => Promise<void>,
    ): Consumer {
      const queue = named(name);
      const consumer = new MemoryConsumer(
        queue,
        options.concurrency,
        handler as (message: QueueMessage) => Promise<void>,
        onError,
      );
      queue.consumers.add(consumer);
      consumer.wake();
      return consumer;
    },
    counts: async (name) => {
      const queue = queues.get(name);
      return { waiting: queue?.waiting.size ?? 0, active: queue?.active ?? 0 };
    },
    remove: async (name) => {
      queues.get(name)?.waiting.clear();
    },
    // Memory is never wiped while the process lives; a new process makes its start a look at everything.
    onWiped: () => undefined,
    close: async () => {
      await Promise.all(
        [...queues.values()].flatMap((queue) => [...queue.consumers].map((consumer) => consumer.stop())),
      );
    },
  };
}

class MemoryConsumer implements Consumer {
  private scheduled = false;
  private stopped = false;
  private inHand = 0;
  private readonly idle: (() => void)[] = [];
  private readonly queue: NamedQueue;
  private readonly concurrency: number;
  private readonly handler: (message: QueueMessage) => Promise<void>;
  private readonly onError: (error: unknown) => void;

  constructor(
    queue: NamedQueue,
    concurrency: number,
    handler: (message: QueueMessage) => Promise<void>,
    onError: (error: unknown) => void,
  ) {
    this.queue = queue;
    this.concurrency = concurrency;
    this.handler = handler;
    this.onError = onError;
  }

  wake(): void {
    if (this.scheduled || this.stopped) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.take();
    });
  }

  private take(): void {
    for (const [id, message] of this.queue.waiting) {
      if (this.stopped || this.inHand >= this.concurrency) return;
      this.queue.waiting.delete(id);
      this.inHand++;
      this.queue.active++;
      void this.handle(message).finally(() => {
        this.inHand--;
        this.queue.active--;
        if (this.inHand === 0) for (const resolve of this.idle.splice(0)) resolve();
        if (this.queue.waiting.size > 0) this.wake();
      });
    }
  }

  private async handle(message: QueueMessage): Promise<void> {
    for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
      try {
        await this.handler(message);
        return;
      } catch (error) {
        this.onError(error);
        if (this.stopped) return;
      }
    }
  }

  pause(): void {
    this.stopped = true;
    this.queue.consumers.delete(this);
  }

  async stop(): Promise<void> {
    this.pause();
    if (this.inHand > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
  }
}
