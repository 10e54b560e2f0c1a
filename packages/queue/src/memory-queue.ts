import type { Consumer, Queue, QueueItem, QueueMessage } from './port.ts';

interface NamedQueue {
  /** Waiting messages by id, in order of arrival. */
  readonly waiting: Map<string, QueueMessage>;
  active: number;
  readonly consumers: Set<MemoryConsumer>;
}

/** How many times a batch whose handler throws is handed out again before it is dropped; the reconciler hints again later. */
const MAX_TRIES = 5;

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
      for (const item of items) if (!queue.waiting.has(item.id)) queue.waiting.set(item.id, item.message);
      for (const consumer of queue.consumers) consumer.wake();
    },
    consume<M extends QueueMessage>(
      name: string,
      settings: { readonly batch: number; readonly concurrency: number },
      handler: (messages: readonly M[]) => Promise<void>,
    ): Consumer {
      const queue = named(name);
      const consumer = new MemoryConsumer(
        queue,
        settings,
        handler as (messages: readonly QueueMessage[]) => Promise<void>,
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
  private batches = 0;
  private readonly idle: (() => void)[] = [];
  private readonly queue: NamedQueue;
  private readonly settings: { readonly batch: number; readonly concurrency: number };
  private readonly handler: (messages: readonly QueueMessage[]) => Promise<void>;
  private readonly onError: (error: unknown) => void;

  constructor(
    queue: NamedQueue,
    settings: { readonly batch: number; readonly concurrency: number },
    handler: (messages: readonly QueueMessage[]) => Promise<void>,
    onError: (error: unknown) => void,
  ) {
    this.queue = queue;
    this.settings = settings;
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
    while (!this.stopped && this.batches < this.settings.concurrency && this.queue.waiting.size > 0) {
      const messages: QueueMessage[] = [];
      for (const [id, message] of this.queue.waiting) {
        this.queue.waiting.delete(id);
        messages.push(message);
        if (messages.length === this.settings.batch) break;
      }
      this.batches++;
      this.queue.active += messages.length;
      void this.handle(messages).finally(() => {
        this.batches--;
        this.queue.active -= messages.length;
        if (this.batches === 0) for (const resolve of this.idle.splice(0)) resolve();
        this.wake();
      });
    }
  }

  private async handle(messages: readonly QueueMessage[]): Promise<void> {
    for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
      try {
        await this.handler(messages);
        return;
      } catch (error) {
        this.onError(error);
        if (this.stopped) return;
      }
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.queue.consumers.delete(this);
    if (this.batches > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
  }
}
