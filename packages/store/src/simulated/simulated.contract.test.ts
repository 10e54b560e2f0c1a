import { createFakeClock } from '@tiercel/testkit';
import { executionStoreContract } from '../execution-store.contract.ts';
import { createSimulatedStore } from './index.ts';

executionStoreContract('simulated', {
  subject: async () => {
    const clock = createFakeClock(Date.now());
    const store = createSimulatedStore({ clock, leaseGraceMs: 0 });
    clock.advance(1);
    return {
      store,
      other: store,
      advance: async (ms) => clock.advance(ms),
      logs: async (id) => [...store.inspect.logs()].filter((log) => log.executionId === id),
      metrics: async (id) => [...store.inspect.metrics()].filter((metric) => metric.executionId === id),
      operation: async (id) => [...store.inspect.operations()].find((operation) => operation.id === id),
    };
  },
});
