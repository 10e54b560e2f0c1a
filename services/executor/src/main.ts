import type { LogLine, Metric } from '@tiercel/model';
import type { ExecutorConfig, Platform } from '@tiercel/platform';
import { runAttempt } from '@tiercel/task-runner';
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
    async runInline(job) {
      const logs: LogLine[] = [];
      const metrics: Metric[] = [];
      const result = await runAttempt(job, attempts, undefined, {
        onLog: (lines) => void logs.push(...lines),
        onMetrics: (more) => void metrics.push(...more),
      });
      return { result, logs, metrics };
    },
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
