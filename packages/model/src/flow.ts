import type { JsonObject, Label } from './execution.ts';
import type { FlowInput, FlowOutput } from './inputs.ts';

/** Default tenant of every row. */
export const DEFAULT_TENANT = 'main';

/** A task as written in a flow: the common properties typed, those of its type raw (validated when the flow was saved). */
export interface Task {
  readonly id: string;
  readonly type: string;
  readonly description?: string;
  readonly disabled?: boolean;
  readonly allowFailure?: boolean;
  readonly allowWarning?: boolean;
  readonly runIf?: string;
  readonly timeout?: string;
  readonly logLevel?: string;
  readonly workerGroup?: { readonly key: string; readonly fallback?: string };
  readonly [property: string]: unknown;
}

export interface Trigger {
  readonly id: string;
  readonly type: string;
  readonly description?: string;
  readonly disabled?: boolean;
  readonly [property: string]: unknown;
}

/** How many executions of a flow may run at a time (execution-semantics.md §10.6). */
export interface FlowConcurrency {
  readonly limit: number;
  /** What happens to one that is too many; default QUEUE. */
  readonly behavior: 'QUEUE' | 'CANCEL' | 'FAIL';
}

/** What an execution of a flow promises (execution-semantics.md §10.7). */
export interface FlowSla {
  readonly id: string;
  readonly type: 'MAX_DURATION' | 'EXECUTION_ASSERTION';
  readonly behavior: 'FAIL' | 'CANCEL' | 'NONE';
  /** ISO-8601, of MAX_DURATION. */
  readonly duration?: string;
  /** An expression, of EXECUTION_ASSERTION. */
  readonly assert?: string;
  readonly labels?: readonly Label[];
}

/** Tasks that run after the end, when conditions hold; deprecated (execution-semantics.md §10.9). */
export interface FlowListener {
  readonly description?: string;
  readonly conditions?: readonly JsonObject[];
  readonly tasks: readonly Task[];
}

/** Values for properties of all plugins of a type, or of types that begin so (execution-semantics.md §10.5). */
export interface PluginDefault {
  readonly type: string;
  readonly forced: boolean;
  readonly values: JsonObject;
}

/** A flow as the engine sees it. What the user wrote is kept byte for byte beside it. */
export interface Flow {
  readonly tenant: string;
  readonly namespace: string;
  readonly id: string;
  readonly revision: number;
  readonly description?: string;
  readonly labels: readonly Label[];
  readonly inputs: readonly FlowInput[];
  readonly variables?: JsonObject;
  readonly tasks: readonly Task[];
  readonly errors: readonly Task[];
  /** Run once after tasks and errors, whatever came of them. */
  readonly finally?: readonly Task[];
  /** Run after the execution has ended; its state stays as it is. */
  readonly afterExecution?: readonly Task[];
  readonly listeners?: readonly FlowListener[];
  readonly concurrency?: FlowConcurrency;
  readonly sla?: readonly FlowSla[];
  /** As written: see execution-semantics.md §8. */
  readonly retry?: JsonObject;
  readonly pluginDefaults?: readonly PluginDefault[];
  /** Where tasks run that do not say it themselves. */
  readonly workerGroup?: { readonly key: string; readonly fallback?: string };
  readonly outputs: readonly FlowOutput[];
  readonly triggers: readonly Trigger[];
  readonly disabled: boolean;
}

/** Identity of a flow. */
export interface FlowRef {
  readonly tenant: string;
  readonly namespace: string;
  readonly id: string;
}
