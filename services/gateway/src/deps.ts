import type { Logger, MetricsRegistry, OpsHandler } from '@tiercel/runtime';
import type { Label, Operation, State, TaskRun } from '@tiercel/model';
import type { Bus } from '@tiercel/queue';
import type { Storage } from '@tiercel/storage';
import type { ExecutionQueries, ExecutionStore, ExecutionView, FlowStore, KvStore } from '@tiercel/store';
import type { GatewayConfig } from './config.ts';
import type { Route } from './http/routing.ts';
import type { StreamSet } from './http/streams.ts';
import type { OperationWaits } from './operations.ts';
import type { Waiter } from './waiter.ts';
import type { ExecutionWatch } from './watch.ts';

/** Why an operation is refused (the engine's `Refusal` fits). `conflict` answers 409, `invalid` 422; the reason is for people. */
export interface Refusal {
  readonly kind: 'conflict' | 'invalid';
  readonly reason: string;
}

/**
 * Says at once what is not allowed: the engine's `check`. Undefined: allowed as far as can be seen now; the executor checks again
 * when it applies the operation.
 */
export type CheckOperation = (
  operation: Operation,
  checked: { readonly state: State; readonly taskRuns: Iterable<TaskRun> },
) => Refusal | undefined;

/** What an operation makes of an execution (the engine's `project`, with the flow found); undefined when it cannot be told. */
export type ProjectOperation = (operation: Operation, view: ExecutionView) => Promise<ExecutionView | undefined>;

/** What the routes of a resource get: the ports, and what the gateway shares between requests. */
export interface RouteDeps {
  readonly tenant: string;
  readonly config: GatewayConfig;
  readonly logger: Logger;
  /** ms since 1970. */
  readonly clock: () => number;
  readonly executions: ExecutionQueries;
  readonly store: Pick<ExecutionStore, 'request'>;
  readonly flowStore: FlowStore;
  readonly kv: KvStore;
  readonly storage: Storage;
  readonly bus: Bus;
  readonly check: CheckOperation;
  /** Without it, operations answer with the execution as it is when they have been applied. */
  readonly project?: ProjectOperation;
  /** Called after an operation was written: hints the executor. The row decides, so a lost hint only costs time. */
  readonly hint?: (executionId: string) => void;
  /** Replaces the labels of an ended execution; false when there is none. Without it `POST /{id}/labels` is not served. */
  readonly setLabels?: (tenant: string, executionId: string, labels: readonly Label[]) => Promise<boolean>;
  /** Waits for ends of executions; see `waiter.ts`. */
  readonly waiter: Waiter;
  readonly watch: ExecutionWatch;
  readonly operations: OperationWaits;
  readonly streams: StreamSet;
}

/** Makes the routes of one resource. */
export type RouteFactory = (deps: RouteDeps) => readonly Route[];

/**
 * What a gateway is made of. `doors` are the route factories that need more than `RouteDeps` (flows, creation of
 * executions, webhooks): their makers bind what they need and hand them in.
 */
export interface GatewayDeps extends Omit<RouteDeps, 'tenant' | 'waiter' | 'watch' | 'operations' | 'streams'> {
  /** Default `main`. */
  readonly tenant?: string;
  readonly doors?: readonly RouteFactory[];
  readonly metrics?: MetricsRegistry;
  /** Answers health and metrics on the same port, when it is given. */
  readonly ops?: OpsHandler;
}
