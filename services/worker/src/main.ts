import type { Platform, WorkerConfig } from '@tiercel/platform';
import { runAttempt } from '@tiercel/task-runner';
import { createWorker, type Worker } from './worker.ts';

/** A worker of this process, wired to its platform; `start` it. */
export function workerOf(platform: Platform, config: WorkerConfig): Worker {
  const { clock, store, queue, bus, router, attempts } = platform;
  return createWorker({
    id: `worker-${platform.instance}`,
    workerGroup: config.group,
    store,
    queue,
    bus,
    router,
    clock,
    log: platform.logger.child({ service: 'worker' }),
    runAttempt: (job, signal, sink) => runAttempt(job, attempts, signal, sink),
    limits: { capacity: config.capacity, cutOffMs: config.cutOff },
  });
}
