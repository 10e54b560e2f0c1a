import { SYSTEM_LABEL_PREFIX } from '@tiercel/flow-source';
import { DEFAULT_TENANT, type Execution, type Flow, type JsonObject, type Label, type Trigger } from '@tiercel/model';

/** What expressions of a server see everywhere (execution-semantics.md §5). */
export interface ServerVariables {
  readonly envs: JsonObject;
  readonly globals: JsonObject;
}

/** What there is without an execution: the server and the flow itself. */
export const flowVariables = (flow: Flow, server: ServerVariables): Record<string, unknown> => ({
  envs: server.envs,
  globals: server.globals,
  flow: {
    id: flow.id,
    namespace: flow.namespace,
    revision: flow.revision,
    ...(flow.tenant === DEFAULT_TENANT ? {} : { tenantId: flow.tenant }),
  },
  ...(flow.variables === undefined ? {} : { vars: flow.variables }),
});

/** Variables while a trigger is looked at: no execution, no inputs (execution-semantics.md §11.1). */
export const triggerVariables = (
  flow: Flow,
  trigger: Trigger,
  server: ServerVariables,
): Readonly<Record<string, unknown>> => ({
  ...flowVariables(flow, server),
  trigger: { id: trigger.id, type: trigger.type },
});

/** Variables of an execution that is about to begin: for the conditions of its trigger. */
export function executionVariables(
  flow: Flow,
  execution: Execution,
  server: ServerVariables,
): Readonly<Record<string, unknown>> {
  const { trigger, inputs } = execution;
  return {
    ...flowVariables(flow, server),
    execution: {
      id: execution.id,
      startDate: new Date(execution.originalCreatedDate).toISOString(),
      originalId: execution.originalId,
    },
    labels: labelVariables(execution.labels),
    ...(trigger?.variables === undefined ? {} : { trigger: trigger.variables }),
    ...(inputs === undefined ? {} : { inputs }),
  };
}

/** Labels by key, the first of equal ones; system labels below `labels.system` (expressions.md §13.1). */
function labelVariables(labels: readonly Label[]): Readonly<Record<string, unknown>> {
  const own = new Map<string, unknown>();
  const system = new Map<string, string>();
  for (const { key, value } of labels) {
    const isSystem = key.startsWith(SYSTEM_LABEL_PREFIX);
    const target: Map<string, unknown> = isSystem ? system : own;
    const name = isSystem ? key.slice(SYSTEM_LABEL_PREFIX.length) : key;
    if (!target.has(name)) target.set(name, value);
  }
  if (system.size > 0) own.set('system', Object.fromEntries(system));
  return Object.fromEntries(own);
}
