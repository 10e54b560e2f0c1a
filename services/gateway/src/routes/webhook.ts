import type { Request, Response } from 'express';
import { ApiError, executionToJson } from '@tiercel/contracts';
import { asApi, webhookRequestOf, type Intake } from '@tiercel/intake';
import type { RouteDeps, RouteFactory } from '../deps.ts';
import { param, sendEmpty, sendJson } from '../http/answers.ts';
import { route } from '../http/routing.ts';

const PATH = '/executions/webhook/:namespace/:flowId/:key';

/** The door for webhooks (rest-api.md §7.1): open, never waits. The meaning is intake's. */
export const webhookRoutes =
  ({ intake }: { readonly intake: Intake }): RouteFactory =>
  (deps) =>
    (['GET', 'POST', 'PUT'] as const).map((method) =>
      route(method, PATH, (req, res) => answer(intake, deps, req, res)),
    );

async function answer(intake: Intake, deps: RouteDeps, req: Request, res: Response): Promise<void> {
  const place = {
    tenant: deps.tenant,
    namespace: param(req, 'namespace'),
    flowId: param(req, 'flowId'),
    key: param(req, 'key'),
  };
  const request = webhookRequestOf(req, place, intake.limits.maxBodyBytes);
  const outcome = await asApi(() => intake.handleWebhook(request));
  switch (outcome.kind) {
    case 'accepted':
      return sendJson(res, executionToJson({ execution: outcome.execution, taskRuns: [] }, { now: deps.clock() }));
    case 'conditions-false':
      return sendEmpty(res, 204);
    case 'repeat':
      return answerRepeat(deps, res, outcome.executionId);
  }
}

/** A repeat is answered with the execution that the first delivery became. */
async function answerRepeat({ executions, tenant, clock }: RouteDeps, res: Response, id: string): Promise<void> {
  const view = await executions.get(tenant, id, 0);
  // Deleted since then: the delivery was accepted all the same, and must not come again.
  if (view === undefined) throw new ApiError('gone', `the execution ${id} of this delivery was deleted`);
  sendJson(res, executionToJson({ execution: view.execution, taskRuns: [] }, { now: clock() }));
}
