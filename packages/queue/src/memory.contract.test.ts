import { busContract } from './bus.contract.ts';
import { createMemoryMessaging } from './memory-messaging.ts';
import type { Messaging } from './port.ts';
import { queueContract } from './queue.contract.ts';

// All of it is one process; so the processes of the contract share what they call theirs, and only the last one ends it.
function sharedMemory() {
  let shared: Messaging;
  return {
    start: async () => void (shared = createMemoryMessaging()),
    stop: () => shared.close(),
    messaging: async (instance: string): Promise<Messaging> =>
      instance === 'three' ? createMemoryMessaging() : { ...shared, close: async () => undefined },
  };
}

queueContract('memory', sharedMemory());
busContract('memory', sharedMemory());
