import { createMemoryBus } from './memory-bus.ts';
import { createMemoryQueue } from './memory-queue.ts';
import type { Messaging } from './port.ts';

/** Queues and bus within this process. `onError` is told what handlers throw. */
export function createMemoryMessaging(options: { readonly onError?: (error: unknown) => void } = {}): Messaging {
  const queue = createMemoryQueue(options);
  const bus = createMemoryBus(options);
  return {
    queue,
    bus,
    identity: () => 'memory',
    close: async () => {
      await queue.close();
      await bus.close();
    },
  };
}
