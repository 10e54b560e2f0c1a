import { createHash, timingSafeEqual } from 'node:crypto';
import { newId, type Execution, type Flow, type Json, type JsonObject, type Trigger } from '@tiercel/model';
import type { CreateOutcome, NewExecution } from '@tiercel/store';
import { allHold } from './conditions.ts';
import type { IntakeDeps, IntakeLimits } from './deps.ts';
import { IntakeError } from './errors.ts';
import { lookUp, whyInvalid } from './find-flow.ts';
import type { InputResolver } from './inputs/resolve.ts';
import { inputsOf } from './inputs/verdict.ts';
import { flowLabels } from './labels.ts';
import { newExecution } from './new-execution.ts';
import { renderFor } from './render.ts';
import { executionVariables, triggerVariables, type ServerVariables } from './variables.ts';
import {
  bodyValue,
  deliveryKey,
  inputsParameter,
  withoutSecretInputs,
  type WebhookRequest,
} from './webhook-request.ts';

/** How a webhook call ended, when it was not refused. */
export type WebhookOutcome =
  /** The execution is durable. */
  | { readonly kind: 'accepted'; readonly execution: Execution }
  /** The sender's repeat of a delivery that became this execution. */
  | { readonly kind: 'repeat'; readonly executionId: string }
  /** The trigger's conditions say no: nothing was created. */
  | { readonly kind: 'conditions-false' };

const TYPES: ReadonlySet<string> = new Set([
  'io.kestra.plugin.core.trigger.Webhook',
  'io.kestra.core.models.triggers.types.Webhook',
]);

/** A webhook trigger with what can be computed once. */
interface Hook {
  readonly trigger: Trigger;
  /** Of a key without expressions. */
  readonly digest?: Buffer;
  readonly conditions: readonly unknown[];
}

type WebhookDeps = Pick<IntakeDeps, 'flows' | 'now' | 'perform' | 'rendering' | 'onError'> & {
  readonly variables: ServerVariables;
  readonly limits: IntakeLimits;
  readonly resolverOf: (flow: Flow) => InputResolver;
  readonly submit: (rows: readonly NewExecution[]) => Promise<readonly CreateOutcome[]>;
};

/** Same length whatever the key, so that a comparison tells nothing about it. */
const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Makes the handler of webhook calls (execution-semantics.md §11.5): finds the flow's trigger by its key, judges its conditions, makes
 * delivery and execution durable. Throws `flow-not-found`, `flow-disabled`, `flow-invalid`, `webhook-not-found`, `too-large`,
 * `invalid-request`, `invalid-inputs`, and what the store throws.
 */
export function createWebhookHandler(deps: WebhookDeps): (request: WebhookRequest) => Promise<WebhookOutcome> {
  const prepared = new WeakMap<Flow, readonly Hook[]>();

  const hooksOf = (flow: Flow): readonly Hook[] => {
    let hooks = prepared.get(flow);
    if (hooks === undefined) {
      const triggers = flow.triggers.filter(({ type, disabled }) => TYPES.has(type) && disabled !== true);
      prepared.set(flow, (hooks = triggers.map(hookOf)));
    }
    return hooks;
  };

  const flowOf = async (request: WebhookRequest): Promise<Flow> => {
    const cached = await lookUp(deps.flows, request.tenant, request.namespace, request.flowId, undefined);
    if (cached === undefined) throw new IntakeError('flow-not-found', 'Flow not found');
    if (cached.flow === undefined)
      throw new IntakeError('flow-invalid', `Cannot execute an invalid flow: ${whyInvalid(cached)}`);
    if (cached.flow.disabled) throw new IntakeError('flow-disabled', 'Cannot execute a disabled flow');
    return cached.flow;
  };

  /** A key that cannot be rendered just does not match. */
  const renderedDigest = async (flow: Flow, { trigger }: Hook): Promise<Buffer | undefined> => {
    try {
      const key = await renderFor(deps, flow, String(trigger['key']), triggerVariables(flow, trigger, deps.variables));
      return digestOf(key.trim());
    } catch (error) {
      deps.onError?.(`the key of the webhook trigger ${trigger.id} could not be rendered`, error, { flowId: flow.id });
      return undefined;
    }
  };

  const hookFor = async (flow: Flow, key: string): Promise<Hook> => {
    const given = digestOf(key);
    for (const hook of hooksOf(flow)) {
      const digest = hook.digest ?? (await renderedDigest(flow, hook));
      if (digest !== undefined && timingSafeEqual(digest, given)) return hook;
    }
    throw new IntakeError('webhook-not-found', 'Webhook not found');
  };

  /** False, too, when a condition cannot be judged (execution-semantics.md §11.5). */
  const conditionsHold = async (flow: Flow, hook: Hook, execution: Execution): Promise<boolean> => {
    if (hook.conditions.length === 0) return true;
    const variables = executionVariables(flow, execution, deps.variables);
    try {
      return await allHold(hook.conditions, {
        execution,
        render: (template) => renderFor(deps, flow, template, variables),
      });
    } catch (error) {
      deps.onError?.(`a condition of the webhook trigger ${hook.trigger.id} could not be judged`, error, {
        flowId: flow.id,
      });
      return false;
    }
  };

  return async (request) => {
    const flow = await flowOf(request);
    const hook = await hookFor(flow, request.key);
    const bytes = await request.body();
    if (bytes.length > deps.limits.maxBodyBytes) {
      throw new IntakeError('too-large', `the body has more than ${deps.limits.maxBodyBytes} bytes`);
    }
    const row = await rowOf(deps, flow, hook.trigger, request, bodyValue(bytes));
    if (!(await conditionsHold(flow, hook, row.execution))) return { kind: 'conditions-false' };
    const [outcome] = await deps.submit([row]);
    if (outcome?.kind === 'exists') return { kind: 'repeat', executionId: outcome.executionId };
    return { kind: 'accepted', execution: row.execution };
  };
}

function hookOf(trigger: Trigger): Hook {
  const key = typeof trigger['key'] === 'string' ? trigger['key'] : '';
  const conditions = Array.isArray(trigger['conditions']) ? (trigger['conditions'] as readonly unknown[]) : [];
  return { trigger, conditions, ...(key.includes('{') ? {} : { digest: digestOf(key.trim()) }) };
}

/**
 * The row of a call. Inputs are there only when the sender fills some: then they are typed and validated as anywhere; without that,
 * expressions see the defaults, and those that are expressions themselves are rendered now.
 */
async function rowOf(
  deps: WebhookDeps,
  flow: Flow,
  trigger: Trigger,
  request: WebhookRequest,
  body: Json | undefined,
): Promise<NewExecution> {
  const { headers, parameters } = request;
  const resolver = deps.resolverOf(flow);
  const given = inputsParameter(parameters);
  const now = deps.now();
  const key = deliveryKey(flow, trigger.id, headers);
  const shown = given === undefined ? parameters : withoutSecretInputs(flow, given, parameters);
  const variables = { ...(body === undefined ? {} : { body }), headers, parameters: shown } as unknown as JsonObject;
  return newExecution({
    flow,
    id: newId(now),
    now,
    labels: flowLabels(flow),
    inputs: given === undefined ? await resolver.defaults() : inputsOf(await resolver.resolve(given)),
    trigger: { id: trigger.id, type: trigger.type, variables },
    ...(key === undefined ? {} : { delivery: { key, ttlMs: deps.limits.deliveryTtlMs } }),
  });
}
