import type { Bus } from '@tiercel/queue';
import type { ExecutionQueries } from '@tiercel/store';

/** What became of an operation; `pending`: not decided within the time. */
export interface Outcome {
  readonly outcome: 'pending' | 'applied' | 'refused';
  readonly reason?: string;
}

/** Waits for the outcomes of operations. */
export interface OperationWaits {
  /** Register before the operation is written. Ends after `ms` at the latest, with what the store says then. */
  wait(operationId: string, ms: number): Promise<Outcome>;
  stop(): void;
}

/** One subscription to the bus serves all waits. */
export function createOperationWaits(bus: Bus, executions: Pick<ExecutionQueries, 'operation'>): OperationWaits {
  const waiting = new Map<string, () => void>();
  const unsubscribe = bus.subscribe('operation', ({ operationId }) => waiting.get(operationId)?.());
  return {
    async wait(operationId, ms) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, ms);
        function done(): void {
          clearTimeout(timer);
          waiting.delete(operationId);
          resolve();
        }
        waiting.set(operationId, done);
      });
      return (await executions.operation(operationId)) ?? { outcome: 'pending' };
    },
    stop() {
      unsubscribe();
      for (const done of waiting.values()) done();
    },
  };
}
