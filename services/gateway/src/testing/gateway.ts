import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check } from '@tiercel/engine';
import { createMemoryBus, type Bus } from '@tiercel/queue';
import { silentLogger } from '@tiercel/runtime';
import { createLocalStorage, type Storage } from '@tiercel/storage';
import type { FlowStore } from '@tiercel/store';
import { gatewayConfig, type GatewayConfig } from '../config.ts';
import type { RouteFactory } from '../deps.ts';
import { createGateway, type Gateway } from '../gateway.ts';
import { fakeExecutions, fakeFlows, fakeKv, NOON, type FakeExecutions } from './fakes.ts';

export interface TestGateway {
  readonly gateway: Gateway;
  readonly executions: FakeExecutions;
  readonly bus: Bus;
  readonly storage: Storage;
  readonly port: number;
  /** Moves the clock, ms. */
  advance(ms: number): void;
  /** Requests a path below `/api/v1`. */
  api(path: string, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

export interface TestOptions {
  readonly config?: Partial<GatewayConfig>;
  readonly flows?: FlowStore;
  readonly doors?: readonly RouteFactory[];
}

/** A gateway on a free port over fakes, with files in a temporary folder. */
export async function startTestGateway({ config, flows, doors }: TestOptions = {}): Promise<TestGateway> {
  let now = NOON;
  const clock = (): number => now;
  const bus = createMemoryBus();
  const executions = fakeExecutions(bus);
  const root = await mkdtemp(join(tmpdir(), 'tiercel-gateway-'));
  const storage = await createLocalStorage(root);
  const gateway = createGateway({
    config: { ...gatewayConfig.schema.parse({}), pollInterval: 20, operationWait: 60, drain: 50, ...config },
    logger: silentLogger(),
    clock,
    executions,
    store: executions,
    flowStore: flows ?? fakeFlows(),
    kv: fakeKv(clock),
    storage,
    bus,
    check,
    setLabels: async () => true,
    ...(doors === undefined ? {} : { doors }),
  });
  const port = await gateway.start(0, '127.0.0.1');
  return {
    gateway,
    executions,
    bus,
    storage,
    port,
    advance: (ms) => {
      now += ms;
    },
    api: (path, init) => fetch(`http://127.0.0.1:${port}/api/v1${path}`, { redirect: 'manual', ...init }),
    async stop() {
      await gateway.stop();
      await storage.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
