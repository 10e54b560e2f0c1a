import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskJob } from '@tiercel/contracts';
import type { JsonObject, LogLine, Metric, Task } from '@tiercel/model';
import { createRegistry, type PluginDefinition } from '@tiercel/plugin-kit';
import { createLocalStorage, storageLayout } from '@tiercel/storage';
import type { KvEntry, KvStore } from '@tiercel/store';
import type { AttemptServices, AttemptSink } from './services.ts';

/** A key-value store in memory, for the tests of this package. Keys with the value `expired` have expired. */
export function memoryKv(entries: Readonly<Record<string, unknown>> = {}): KvStore {
  const all = new Map<string, KvEntry>();
  const name = (namespace: string, key: string): string => `${namespace}:${key}`;
  for (const [key, value] of Object.entries(entries)) {
    all.set(key, { key, type: 'STRING', value, createdAt: 0, updatedAt: 0 });
  }
  return {
    get: async (_tenant, namespace, key) => {
      const entry = all.get(name(namespace, key));
      return entry?.value === 'expired' ? 'expired' : entry;
    },
    put: async (_tenant, namespace, { key, type, value, overwrite = true }) => {
      if (!overwrite && all.has(name(namespace, key))) return 'exists';
      all.set(name(namespace, key), { key, type, value, createdAt: 0, updatedAt: 0 });
      return 'written';
    },
    delete: async (_tenant, namespace, key) => all.delete(name(namespace, key)),
    deleteAll: async (_tenant, namespace, keys) => keys.filter((key) => all.delete(name(namespace, key))),
    list: async (_tenant, namespace, prefix = '') =>
      [...all].filter(([key]) => key.startsWith(`${namespace}:${prefix}`)).map(([, entry]) => entry),
    namespaceExists: async (_tenant, namespace) => [...all.keys()].some((key) => key.startsWith(`${namespace}:`)),
  };
}

export interface TestServices {
  readonly services: AttemptServices;
  readonly root: string;
  remove(): Promise<void>;
}

export async function testServices(
  definitions: readonly PluginDefinition[],
  overrides: Partial<AttemptServices> = {},
): Promise<TestServices> {
  const root = await mkdtemp(join(tmpdir(), 'tiercel-task-runner-'));
  const services: AttemptServices = {
    registry: createRegistry(definitions),
    storage: await createLocalStorage(join(root, 'storage')),
    layout: storageLayout,
    kv: memoryKv(),
    secret: () => undefined,
    now: () => Date.now(),
    random: Math.random,
    workingRoot: root,
    ...overrides,
  };
  return { services, root, remove: () => rm(root, { recursive: true, force: true }) };
}

export const jobOf = (task: Task, variables: JsonObject = {}, more: Partial<TaskJob> = {}): TaskJob => ({
  v: 1,
  kind: 'task',
  tenant: 'main',
  partition: 0,
  workerGroup: 'default',
  executionId: 'exec',
  namespace: 'company.team',
  flowId: 'my_flow',
  flowRevision: 1,
  taskRunSeq: 0,
  taskRunId: 'run',
  dispatch: 1,
  attempt: 0,
  taskRunStart: Date.UTC(2025, 0, 1),
  task,
  variables,
  ...more,
});

export interface MemorySink extends AttemptSink {
  readonly logs: LogLine[];
  readonly metrics: Metric[];
  readonly batches: number[];
  messages(): string[];
}

export function memorySink(): MemorySink {
  const logs: LogLine[] = [];
  const metrics: Metric[] = [];
  const batches: number[] = [];
  return {
    logs,
    metrics,
    batches,
    messages: () => logs.map((line) => `${line.level} ${line.message}`),
    onLog: (lines) => {
      batches.push(lines.length);
      logs.push(...lines);
    },
    onMetrics: (all) => void metrics.push(...all),
  };
}
