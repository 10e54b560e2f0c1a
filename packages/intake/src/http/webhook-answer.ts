import type { IncomingMessage } from 'node:http';
import { ApiError, executionToJson, type ExecutionJson } from '@tiercel/contracts';
import type { ExecutionQueries } from '@tiercel/store';
import type { Intake } from '../intake.ts';
import { asApi } from './api-error.ts';
import { webhookRequestOf, type WebhookPlace } from './webhook-call.ts';

/** What the door needs beside intake: the execution of an earlier delivery. */
export interface WebhookDoor {
  readonly intake: Intake;
  readonly executions: Pick<ExecutionQueries, 'get'>;
  /** ms since 1970. */
  readonly clock: () => number;
}

/**
 * Handles one call of a webhook, whoever listens (rest-api.md §7.1): never waits for the execution. Answers the execution, or undefined for
 * 204: the trigger's conditions say no. Throws ApiError, and what the store throws.
 */
export async function answerWebhook(
  door: WebhookDoor,
  req: IncomingMessage,
  place: WebhookPlace,
): Promise<ExecutionJson | undefined> {
  const request = webhookRequestOf(req, place, door.intake.limits.maxBodyBytes);
  const outcome = await asApi(() => door.intake.handleWebhook(request));
  if (outcome.kind === 'conditions-false') return undefined;
  const execution =
    outcome.kind === 'accepted' ? outcome.execution : await firstOf(door, place.tenant, outcome.executionId);
  return executionToJson({ execution, taskRuns: [] }, { now: door.clock() });
}

/** A repeat is answered with the execution that the first delivery became. */
async function firstOf(
  { executions }: WebhookDoor,
  tenant: string,
  id: string,
): Promise<Parameters<typeof executionToJson>[0]['execution']> {
  const view = await executions.get(tenant, id, 0);
  // Deleted since then: the delivery was accepted all the same, and must not come again.
  if (view === undefined) throw new ApiError('gone', `the execution ${id} of this delivery was deleted`);
  return view.execution;
}
