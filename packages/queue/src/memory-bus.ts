import type { BusTopic, BusTopics } from '@tiercel/contracts';
import type { Bus } from './port.ts';

/** Live events within this process; delivered at once, in order. */
export function createMemoryBus(options: { readonly onError?: (error: unknown) => void } = {}): Bus {
  const handlers = new Map<BusTopic, Set<(event: never) => void>>();
  return {
    publish<T extends BusTopic>(topic: T, event: BusTopics[T]): void {
      for (const handler of handlers.get(topic) ?? []) {
        try {
          (handler as (event: BusTopics[T]) => void)(event);
        } catch (error) {
          options.onError?.(error);
        }
      }
    },
    subscribe<T extends BusTopic>(topic: T, handler: (event: BusTopics[T]) => void): () => void {
      let set = handlers.get(topic);
      if (set === undefined) handlers.set(topic, (set = new Set()));
      set.add(handler);
      return () => set.delete(handler);
    },
    close: async () => handlers.clear(),
  };
}
