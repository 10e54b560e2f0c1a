import type { ExecutorConfig, Platform } from '@tiercel/platform';
import { runInline } from '@tiercel/task-runner';
import { createExecutor, type Executor } from './executor.ts';

/** An executor of this process, wired to its platform; `start` it. */
export function executorOf(platform: Platform, config: ExecutorConfig): Executor {
  const { clock, store, queue, bus, router, attempts } = platform;
  return createExecutor({
    id: `executor-${platform.instance}`,
    store,
    queue,
    bus,
    router,
    clock,
    log: platform.logger.child({ service: 'executor' }),
    graph: platform.graphOf,
    runInline: (job) => runInline(job, attempts),
    perform: (calls, execution) =>
      platform.perform(
        {
          tenant: execution.tenant,
          namespace: execution.namespace,
          flowId: execution.flowId,
          executionId: execution.id,
          trigger: () => execution.trigger?.variables,
        },
        calls,
      ),
    env: {
      random: Math.random,
      clock: () => performance.now(),
      zone: platform.config.zone,
      locale: platform.config.locale,
      recursive: platform.config.recursiveRendering,
    },
    server: platform.variables,
    limits: { runsPerStep: config.runsPerStep, cachedTaskRuns: config.cachedTaskRuns },
  });
}
