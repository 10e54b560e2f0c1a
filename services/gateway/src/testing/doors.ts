import { createFlowCache, type DefaultsOfNamespace } from '@tiercel/flow-source';
import { createMemoryFlowStore, testRegistry, type MemoryFlowStore } from '@tiercel/flow-source/testing';
import { createIntake } from '@tiercel/intake';
import type { Execution } from '@tiercel/model';
import { storageLayout, type Storage } from '@tiercel/storage';
import type { CreateOutcome, NewExecution } from '@tiercel/store';
import type { GatewayConfig } from '../config.ts';
import type { RouteFactory } from '../deps.ts';
import { createExecutionRoutes } from '../routes/create-execution.ts';
import { flowRoutes } from '../routes/flows.ts';
import { pluginRoutes } from '../routes/plugins.ts';
import { webhookRoutes } from '../routes/webhook.ts';
import { startTestGateway, type TestGateway } from './gateway.ts';

export interface TestDoors extends TestGateway {
  readonly flows: MemoryFlowStore;
  readonly rows: NewExecution[];
  readonly hinted: Execution[];
  /** Saves a flow of `company.team` with one task. */
  save(id: string, extra?: string): Promise<Response>;
  /** Paths of all stored files. */
  files(): Promise<readonly string[]>;
  /** Thrown by the store at the next creations, in turn. */
  readonly failures: Error[];
}

export const flowSource = (id: string, extra = ''): string =>
  `id: ${id}\nnamespace: company.team\ntasks:\n  - id: t\n    type: io.kestra.plugin.core.debug.Return\n${extra}`;

export const YAML = { 'content-type': 'application/x-yaml' };

/** A gateway with the doors for flows, executions and webhooks over memory stores. */
export async function startTestDoors(
  config: Partial<GatewayConfig> = {},
  defaults: DefaultsOfNamespace = () => [],
): Promise<TestDoors> {
  const flows = createMemoryFlowStore();
  const rows: NewExecution[] = [];
  const hinted: Execution[] = [];
  const failures: Error[] = [];
  const shared: { gateway?: TestGateway } = {};

  const createOne = (row: NewExecution): CreateOutcome => {
    const same = rows.find(({ delivery }) => delivery !== undefined && delivery.key === row.delivery?.key);
    if (same !== undefined) return { kind: 'exists', executionId: same.execution.id };
    rows.push(row);
    shared.gateway?.executions.put(row.execution);
    return { kind: 'created' };
  };
  const store = {
    create: async (batch: readonly NewExecution[]): Promise<readonly CreateOutcome[]> => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return batch.map(createOne);
    },
  };
  const doors: RouteFactory = (deps) => {
    const cache = createFlowCache({ flows, bus: deps.bus, registry: testRegistry, defaults, now: deps.clock });
    const { storage, clock: now } = deps;
    const intake = createIntake({
      store,
      flows: cache,
      storage,
      layout: storageLayout,
      now,
      hint: (execution) => hinted.push(execution),
    });
    return [
      flowRoutes({ cache, registry: testRegistry, defaults }),
      createExecutionRoutes({ intake }),
      webhookRoutes({ intake }),
      pluginRoutes({ registry: testRegistry }),
    ].flatMap((make) => make(deps));
  };
  const gateway = await startTestGateway({ config, flows, doors: [doors] });
  shared.gateway = gateway;
  return {
    ...gateway,
    flows,
    rows,
    hinted,
    failures,
    save: (id, extra) => gateway.api('/flows', { method: 'POST', headers: YAML, body: flowSource(id, extra) }),
    files: () => listFiles(gateway.storage),
  };
}

async function listFiles(storage: Storage): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const { path } of storage.walk('main', '/')) paths.push(path);
  return paths;
}
