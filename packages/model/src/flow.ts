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
