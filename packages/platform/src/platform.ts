import { compileFlow, type FlowGraph } from '@tiercel/engine';
import { createCipher, type Cipher, type IoCall, type IoResult } from '@tiercel/expressions';
import { createFlowCache, type DefaultsOfNamespace, type FlowCache } from '@tiercel/flow-source';
import type { Clock, Execution, Flow, JsonObject } from '@tiercel/model';
import type { PluginRegistry } from '@tiercel/plugin-kit';
import { createHintRouter, type Bus, type HintRouter, type Queue } from '@tiercel/queue';
import type { Logger } from '@tiercel/runtime';
import { storageLayout, type Storage } from '@tiercel/storage';
import {
  createExecutionQueries,
  createExecutionStore,
  createFlowStore,
  createKvStore,
  type Database,
  type ExecutionQueries,
  type ExecutionStore,
  type FlowStore,
  type KvStore,
} from '@tiercel/store';
import { ExpressionIo, secretsOf, type AttemptServices, type IoScope } from '@tiercel/task-runner';
import type { ServerConfig } from './config.ts';
import { patientKv, patiently } from './patient-kv.ts';
import { pluginDefaultsOf } from './plugin-defaults.ts';
import { taskTypesOf } from './registry.ts';

/** What connects the services of one process to the world; made once, handed to each of them. */
export interface Platform {
  /** Of this process; unique among all that ever ran. */
  readonly instance: string;
  readonly config: ServerConfig;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly database: Database;
  readonly store: ExecutionStore;
  readonly queries: ExecutionQueries;
  readonly flows: FlowStore;
  readonly kv: KvStore;
  readonly flowCache: FlowCache;
  readonly queue: Queue;
  readonly bus: Bus;
  readonly router: HintRouter;
  readonly storage: Storage;
  readonly registry: PluginRegistry;
  /** Of namespaces and of the server; for everything that parses flows. */
  readonly pluginDefaults: DefaultsOfNamespace;
  readonly variables: { readonly envs: JsonObject; readonly globals: JsonObject; readonly cipher: Cipher | undefined };
  readonly attempts: AttemptServices;
  /** The compiled revision of an execution's flow. */
  graphOf(execution: Execution): FlowGraph | undefined | Promise<FlowGraph | undefined>;
  /** Performs the I/O of expressions outside of tasks. */
  perform(scope: IoScope, calls: readonly IoCall[]): Promise<ReadonlyMap<string, IoResult>>;
  close(): Promise<void>;
}

/** What a process is given to stand on; the rest of the platform is made of it. */
export interface Foundation {
  readonly instance: string;
  readonly config: ServerConfig;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly database: Database;
  readonly messaging: { readonly queue: Queue; readonly bus: Bus; identity(): string };
  readonly storage: Storage;
  readonly registry: PluginRegistry;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingRoot?: string;
  /** Ends what is underneath. */
  close(): Promise<void>;
}

export function createPlatform(foundation: Foundation): Platform {
  const { config, logger, instance, clock, database, messaging, storage, registry } = foundation;
  const { queue, bus } = messaging;
  const onError = (error: unknown): void => logger.error({ error }, 'a handler of messages failed');
  const flows = createFlowStore(database);
  const pluginDefaults = pluginDefaultsOf(config, registry, (problem) => logger.warn(problem));
  const flowCache = createFlowCache({ flows, bus, registry, defaults: pluginDefaults, now: clock.now, onError });
  const variables = {
    envs: environmentVariables(foundation.environment, config.environmentPrefix),
    globals: config.globals as JsonObject,
    cipher: cipherOf(config.encryptionKey),
  };
  const queries = createExecutionQueries(database);
  const kv = createKvStore(database);
  const store = createExecutionStore(database);
  const attempts: AttemptServices = {
    registry,
    storage,
    layout: storageLayout,
    kv: patientKv(kv, clock, OUTAGE_MS),
    secret: secretsOf(foundation.environment),
    now: clock.now,
    random: Math.random,
    zone: config.zone,
    locale: config.locale,
    recursiveRendering: config.recursiveRendering,
    cipher: variables.cipher,
    errorLogs: (job) => patiently(clock, OUTAGE_MS, () => errorLogsOf(queries, job.tenant, job.executionId)),
    ...(foundation.workingRoot !== undefined && { workingRoot: foundation.workingRoot }),
  };
  return {
    instance,
    config,
    logger,
    clock,
    database,
    store: {
      ...store,
      announce: (member, aliveMs) => store.announce({ ...member, messaging: messaging.identity() }, aliveMs),
    },
    queries,
    flows,
    kv,
    flowCache,
    queue,
    bus,
    router: createHintRouter(queue, { instance }),
    storage,
    registry,
    pluginDefaults,
    variables,
    attempts,
    graphOf: createGraphs(flowCache, registry),
    perform: (scope, calls) => new ExpressionIo(scope, attempts).perform(calls),
    async close() {
      flowCache.stop();
      await queue.close();
      await bus.close();
      await foundation.close();
    },
  };
}

/** Compiles each revision once. Synchronous for what is in memory: the hot path waits for nothing. */
function createGraphs(flowCache: FlowCache, registry: PluginRegistry): Platform['graphOf'] {
  const types = taskTypesOf(registry);
  const graphs = new WeakMap<Flow, FlowGraph>();
  const compiled = (flow: Flow | undefined): FlowGraph | undefined => {
    if (flow === undefined) return undefined;
    let graph = graphs.get(flow);
    if (graph === undefined) graphs.set(flow, (graph = compileFlow(flow, types)));
    return graph;
  };
  return ({ tenant, namespace, flowId, flowRevision }) => {
    const cached = flowCache.peek(tenant, namespace, flowId, flowRevision);
    if (cached !== undefined) return compiled(cached.flow);
    return flowCache.get(tenant, namespace, flowId, flowRevision).then((found) => compiled(found?.flow));
  };
}

/** What encrypts secrets (expressions.md §15); the configuration has judged the key. */
const cipherOf = (key: string | undefined): Cipher | undefined =>
  key === undefined
    ? undefined
    : createCipher(key, (count) => globalThis.crypto.getRandomValues(new Uint8Array(count)));

/** The variable `envs` (execution-semantics.md §5): prefix removed, names in lower case. */
function environmentVariables(environment: Foundation['environment'], prefix: string): JsonObject {
  const entries = Object.entries(environment).flatMap(([name, value]) =>
    name.startsWith(prefix) && value !== undefined ? [[name.slice(prefix.length).toLowerCase(), value] as const] : [],
  );
  return Object.fromEntries(entries);
}

/** How long tasks wait for a database that is away before they fail: as long as a worker keeps its tasks without it. */
const OUTAGE_MS = 60_000;

const MAX_ERROR_LOGS = 25;

async function errorLogsOf(
  queries: ExecutionQueries,
  tenant: string,
  executionId: string,
): Promise<readonly JsonObject[]> {
  const lines = await queries.executionLogs({ tenant, executionId, minLevel: 'ERROR' }, MAX_ERROR_LOGS);
  return lines.map((line) => ({
    message: line.message,
    level: line.level,
    timestamp: new Date(line.timestamp).toISOString(),
    executionId: line.executionId,
    namespace: line.namespace,
    flowId: line.flowId,
    ...(line.taskId !== undefined && { taskId: line.taskId }),
    ...(line.taskRunId !== undefined && { taskRunId: line.taskRunId }),
    ...(line.attempt !== undefined && { attemptNumber: line.attempt }),
    ...(line.thread !== undefined && { thread: line.thread }),
  }));
}
