import { newId, type Label } from '@tiercel/model';
import type { CreateOutcome, NewExecution } from '@tiercel/store';
import { DEFAULT_INTAKE_LIMITS, type IntakeDeps, type IntakeLimits } from './deps.ts';
import { findFlow, type FlowRequest } from './find-flow.ts';
import { createResolvers } from './inputs/resolve.ts';
import { inputsOf, type GivenInputs, type ResolvedInput } from './inputs/verdict.ts';
import { checkRequestLabels, requestedLabels } from './labels.ts';
import { newExecution } from './new-execution.ts';
import { createInputRenderer } from './render.ts';
import { createUploadSession, isAddressOf, type UploadSession } from './upload-session.ts';
import { createWebhookHandler, type WebhookOutcome } from './webhook.ts';
import type { WebhookRequest } from './webhook-request.ts';

/** A request for an execution, without its inputs. */
export interface ExecutionRequest extends FlowRequest {
  readonly labels?: readonly Label[];
  /** The start is delayed until then, ms since 1970. */
  readonly scheduleDate?: number;
}

/** The single way in which an execution is born: validates, does its I/O, and makes rows. */
export interface Intake {
  readonly limits: IntakeLimits;
  /**
   * Begins an execution whose inputs come part by part. Throws `flow-not-found`, `flow-disabled`, `flow-invalid`, `system-label`,
   * `duplicate-label`. `validateOnly`: stores nothing, a disabled flow will do.
   */
  begin(request: ExecutionRequest & { readonly validateOnly?: boolean }): Promise<UploadSession>;
  /** The row of an execution whose inputs are at hand. Throws as `begin`, and `invalid-inputs`. */
  prepare(request: ExecutionRequest & { readonly inputs?: GivenInputs }): Promise<NewExecution>;
  /** The verdict on each input of a flow, in the order of the flow. */
  validateInputs(request: FlowRequest & { readonly inputs?: GivenInputs }): Promise<readonly ResolvedInput[]>;
  /** Makes rows durable, then hints; never waits for a hint. Throws what the store throws. */
  submit(rows: readonly NewExecution[]): Promise<readonly CreateOutcome[]>;
  handleWebhook(request: WebhookRequest): Promise<WebhookOutcome>;
}

export function createIntake(deps: IntakeDeps): Intake {
  const limits: IntakeLimits = { ...DEFAULT_INTAKE_LIMITS, ...deps.limits };
  const submit = createSubmit(deps);
  const variables = deps.variables ?? { envs: {}, globals: {} };
  const render = createInputRenderer(deps, variables);
  const resolverOf = createResolvers({ isAddress: isAddressOf(deps.layout), seal: deps.seal, render });
  return {
    limits,
    submit,
    async begin(request) {
      const { validateOnly = false } = request;
      const flow = await findFlow(deps.flows, request, { allowDisabled: validateOnly });
      checkRequestLabels(request.labels ?? []);
      return createUploadSession({ ...deps, limits, submit, resolverOf }, flow, request);
    },
    async prepare(request) {
      const flow = await findFlow(deps.flows, request);
      checkRequestLabels(request.labels ?? []);
      const now = deps.now();
      const id = newId(now);
      const inputs = inputsOf(await resolverOf(flow).resolve(request.inputs ?? {}));
      const labels = requestedLabels(flow, request.labels ?? [], id);
      return newExecution({ flow, id, now, labels, inputs, scheduleDate: request.scheduleDate });
    },
    async validateInputs(request) {
      const flow = await findFlow(deps.flows, request, { allowDisabled: true });
      return resolverOf(flow).report(request.inputs ?? {});
    },
    handleWebhook: createWebhookHandler({ ...deps, variables, limits, submit, resolverOf }),
  };
}

/** A store that did not answer for so long is not asked again, ms. */
const PATIENCE_MS = 2_000;

/** The store did not answer: nothing was decided, or it cannot be known. */
const isUnavailable = (error: unknown): boolean =>
  (error as { readonly code?: unknown } | undefined)?.code === 'unavailable';

function createSubmit({ store, hint, onError }: IntakeDeps): Intake['submit'] {
  const create = async (rows: readonly NewExecution[]): Promise<readonly CreateOutcome[]> => {
    const began = performance.now();
    try {
      return await store.create(rows);
    } catch (error) {
      // Whoever has waited long already is told: the store is not there, and would be waited for as long again.
      if (!isUnavailable(error) || performance.now() - began > PATIENCE_MS) throw error;
      // A connection may break after the commit: the same ids again say which rows are there, and a client need not ask twice.
      const outcomes = await store.create(rows);
      return outcomes.map((outcome, index) =>
        outcome.kind === 'exists' && outcome.executionId === rows[index]?.execution.id ? { kind: 'created' } : outcome,
      );
    }
  };
  const tell = ({ execution }: NewExecution): void => {
    try {
      hint(execution);
    } catch (error) {
      // The row is durable; the reconciler finds it.
      onError?.('the executor could not be told of an execution', error, {
        flowId: execution.flowId,
        executionId: execution.id,
      });
    }
  };
  return async (rows) => {
    const outcomes = await create(rows);
    rows.forEach((row, index) => {
      if (outcomes[index]?.kind === 'created' && row.startAt === undefined) tell(row);
    });
    return outcomes;
  };
}
