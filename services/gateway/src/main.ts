import { check, project } from '@tiercel/engine';
import type { Clock } from '@tiercel/model';
import { intakeOf, type Platform } from '@tiercel/platform';
import type { MetricsRegistry, OpsHandler } from '@tiercel/runtime';
import type { GatewayConfig } from './config.ts';
import { tellLog, type TellOfFlowFolder } from './flow-folder/events.ts';
import { FlowFolder } from './flow-folder/flow-folder.ts';
import { createFolderWatch } from './flow-folder/watch.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { createExecutionRoutes } from './routes/create-execution.ts';
import { flowRoutes, type FlowRouteDeps } from './routes/flows.ts';
import { pluginRoutes } from './routes/plugins.ts';
import { webhookRoutes } from './routes/webhook.ts';

/**
 * A gateway of this process, wired to its platform; `start` it on a port. With `config.flowPath` it loads that folder first, and watches it.
 * `tell`: where to say what becomes of its files; default is the log.
 */
export function gatewayOf(
  platform: Platform,
  config: GatewayConfig,
  ops: { readonly metrics: MetricsRegistry; readonly handler: OpsHandler },
  tell?: TellOfFlowFolder,
): Gateway {
  const intake = intakeOf(platform);
  const logger = platform.logger.child({ service: 'gateway' });
  const flows: FlowRouteDeps = {
    cache: platform.flowCache,
    registry: platform.registry,
    defaults: platform.pluginDefaults,
  };
  const gateway = createGateway({
    config,
    logger,
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
      flowRoutes(flows),
      createExecutionRoutes({ intake }),
      webhookRoutes({ intake }),
      pluginRoutes({ registry: platform.registry }),
    ],
    metrics: ops.metrics,
    ops: ops.handler,
  });
  const { flowPath } = config;
  if (flowPath === undefined) return gateway;
  return withFlowFolder(gateway, flowPath, { flows, clock: platform.clock, tell: tell ?? tellLog(logger) });
}

/** The gateway with a folder of flows: what is in it is there when the first request comes. */
function withFlowFolder(
  gateway: Gateway,
  folder: string,
  own: { readonly flows: FlowRouteDeps; readonly clock: Clock; readonly tell: TellOfFlowFolder },
): Gateway {
  const { clock, tell } = own;
  const deps = { ...gateway.routeDeps, ...own.flows };
  const watch = createFolderWatch({
    folder,
    flows: new FlowFolder({ deps, folder, elapsed: () => clock.elapsed(), tell }),
    clock,
    tell,
  });
  return {
    ...gateway,
    async start(port, host) {
      await watch.start();
      try {
        return await gateway.start(port, host);
      } catch (error) {
        await watch.stop();
        throw error;
      }
    },
    async stop() {
      await watch.stop();
      await gateway.stop();
    },
  };
}
