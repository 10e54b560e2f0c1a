import { check, project } from '@tiercel/engine';
import { intakeOf, type Platform } from '@tiercel/platform';
import type { MetricsRegistry, OpsHandler } from '@tiercel/runtime';
import type { GatewayConfig } from './config.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { createExecutionRoutes } from './routes/create-execution.ts';
import { flowRoutes } from './routes/flows.ts';
import { pluginRoutes } from './routes/plugins.ts';
import { webhookRoutes } from './routes/webhook.ts';

/** A gateway of this process, wired to its platform; `start` it on a port. */
export function gatewayOf(
  platform: Platform,
  config: GatewayConfig,
  ops: { readonly metrics: MetricsRegistry; readonly handler: OpsHandler },
): Gateway {
  const intake = intakeOf(platform);
  return createGateway({
    config,
    logger: platform.logger.child({ service: 'gateway' }),
    clock: platform.clock.now,
    executions: platform.queries,
    store: platform.store,
    flowStore: platform.flows,
    kv: platform.kv,
    storage: platform.storage,
    bus: platform.bus,
    check,
    async project(operation, view) {
      const graph = await platform.graphOf(view.execution);
      const projection = graph === undefined ? undefined : project(graph, view, operation, platform.clock.now());
      return projection === undefined ? undefined : { ...view, ...projection };
    },
    hint: (executionId) => platform.router.send([{ tenant: 'main', executionId }]),
    doors: [
      flowRoutes({ cache: platform.flowCache, registry: platform.registry }),
      createExecutionRoutes({ intake }),
      webhookRoutes({ intake }),
      pluginRoutes({ registry: platform.registry }),
    ],
    metrics: ops.metrics,
    ops: ops.handler,
  });
}
