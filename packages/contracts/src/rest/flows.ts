import {
  DEFAULT_TENANT,
  type Flow,
  type FlowInput,
  type FlowListener,
  type InputType,
  type JsonObject,
  type Label,
  type Task,
  type Trigger,
} from '@tiercel/model';
import { dropNulls } from './values.ts';

/** A flow as clients see it (rest-api.md §15, Flow and FlowWithSource). */
export interface FlowJson {
  readonly id: string;
  readonly tenantId?: string;
  readonly namespace: string;
  readonly revision: number;
  readonly description?: string;
  readonly labels?: readonly Label[];
  readonly inputs?: readonly JsonObject[];
  readonly outputs?: readonly JsonObject[];
  readonly variables?: JsonObject;
  readonly tasks: readonly JsonObject[];
  readonly errors?: readonly JsonObject[];
  readonly finally?: readonly JsonObject[];
  readonly afterExecution?: readonly JsonObject[];
  readonly listeners?: readonly JsonObject[];
  readonly pluginDefaults?: readonly JsonObject[];
  readonly concurrency?: JsonObject;
  readonly sla?: readonly JsonObject[];
  readonly retry?: JsonObject;
  readonly workerGroup?: JsonObject;
  readonly triggers?: readonly JsonObject[];
  readonly disabled: boolean;
  readonly deleted: boolean;
  /** What the user wrote, byte for byte. */
  readonly source?: string;
  /** What to know of a source that has just been accepted; absent: nothing. */
  readonly warnings?: readonly string[];
  /** Why a stored flow does not parse any more; then `tasks` is empty. */
  readonly exception?: string;
}

/** What is known of a stored flow beside its meaning (the store's `StoredFlow` fits). */
export interface StoredFlowParts {
  readonly tenant: string;
  readonly namespace: string;
  readonly id: string;
  readonly revision: number;
  readonly source: string;
  readonly disabled: boolean;
  readonly deleted: boolean;
  readonly description?: string;
  readonly labels: readonly Label[];
}

/** One document's verdict of `POST /flows/validate` (rest-api.md §15, ValidateConstraintViolation). */
export interface FlowValidationJson {
  readonly flow?: string;
  readonly namespace?: string;
  /** Position of the document, from 0. */
  readonly index: number;
  /** All violations as one text; absent: valid. */
  readonly constraints?: string;
  readonly outdated: boolean;
  readonly deprecationPaths: readonly string[];
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

/** Values of common properties that are left out because they are the defaults (rest-api.md §1). */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  disabled: false,
  allowFailure: false,
  allowWarning: false,
  logToFile: false,
  runIf: 'true',
};

/** A task or trigger as written, without properties that equal their defaults. */
export function pluginToJson(plugin: Task | Trigger): JsonObject {
  const kept = Object.entries(plugin as unknown as JsonObject).filter(
    ([name, value]) => DEFAULTS[name] === undefined || DEFAULTS[name] !== value,
  );
  return dropNulls(Object.fromEntries(kept)) as JsonObject;
}

/** Default extension of the stored file of a FILE input. */
export const FILE_EXTENSION = '.upl';

/** Properties of inputs that are shown even where the flow does not say them (rest-api.md §15). */
const INPUT_DEFAULTS: Readonly<Partial<Record<InputType, JsonObject>>> = {
  FILE: { extension: FILE_EXTENSION },
  SELECT: { allowCustomValue: false, isRadio: false },
  MULTISELECT: { itemType: 'STRING', allowCustomValue: false },
};

/** An input with its defaults filled in; one that was declared with the older `name` has both. */
export const inputToJson = (input: FlowInput): JsonObject =>
  dropNulls({
    ...INPUT_DEFAULTS[input.type],
    ...(input as unknown as JsonObject),
    required: input.required ?? true,
  }) as JsonObject;

const listed = <T>(
  name: string,
  items: readonly T[],
  map: (item: T) => JsonObject,
): Readonly<Record<string, readonly JsonObject[]>> => (items.length === 0 ? {} : { [name]: items.map(map) });

const given = (name: string, value: unknown): Readonly<Record<string, JsonObject>> =>
  value === undefined ? {} : { [name]: asJson(value) };

const listenerToJson = ({ tasks, ...rest }: FlowListener): JsonObject =>
  asJson({ ...rest, tasks: tasks.map(pluginToJson) });

/** A retry with its defaults filled in, as the reference shows it. */
export const retryToJson = (retry: JsonObject): JsonObject => ({
  warningOnRetry: false,
  behavior: 'RETRY_FAILED_TASK',
  ...retry,
});

const asJson = (value: unknown): JsonObject => dropNulls(value as JsonObject) as JsonObject;

const identityOf = (stored: StoredFlowParts): Pick<FlowJson, 'id' | 'tenantId' | 'namespace' | 'revision'> => ({
  id: stored.id,
  ...(stored.tenant === DEFAULT_TENANT ? {} : { tenantId: stored.tenant }),
  namespace: stored.namespace,
  revision: stored.revision,
});

/** Maps a flow; with its source when asked for. */
export function flowToJson(flow: Flow, stored: StoredFlowParts, options: { readonly source?: boolean } = {}): FlowJson {
  return {
    ...identityOf(stored),
    ...(flow.description === undefined ? {} : { description: flow.description }),
    ...(flow.labels.length === 0 ? {} : { labels: flow.labels }),
    ...listed('inputs', flow.inputs, inputToJson),
    ...listed('outputs', flow.outputs, asJson),
    ...(flow.variables === undefined ? {} : { variables: asJson(flow.variables) }),
    tasks: flow.tasks.map(pluginToJson),
    ...listed('errors', flow.errors, pluginToJson),
    ...listed('finally', flow.finally ?? [], pluginToJson),
    ...listed('afterExecution', flow.afterExecution ?? [], pluginToJson),
    ...listed('listeners', flow.listeners ?? [], listenerToJson),
    ...listed('pluginDefaults', flow.pluginDefaults ?? [], asJson),
    ...listed('sla', flow.sla ?? [], asJson),
    ...given('concurrency', flow.concurrency),
    ...given('retry', flow.retry === undefined ? undefined : retryToJson(flow.retry)),
    ...given('workerGroup', flow.workerGroup),
    ...listed('triggers', flow.triggers, pluginToJson),
    disabled: stored.disabled,
    deleted: stored.deleted,
    ...(options.source === true ? { source: stored.source } : {}),
  };
}

/** Maps a stored flow that does not parse: its identity, its source, and why (rest-api.md §15). */
export const invalidFlowToJson = (stored: StoredFlowParts, exception: string): FlowJson => ({
  ...identityOf(stored),
  ...(stored.description === undefined ? {} : { description: stored.description }),
  ...(stored.labels.length === 0 ? {} : { labels: stored.labels }),
  tasks: [],
  disabled: stored.disabled,
  deleted: stored.deleted,
  source: stored.source,
  exception,
});
