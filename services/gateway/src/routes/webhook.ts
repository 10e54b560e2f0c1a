import { answerWebhook, type Intake } from '@tiercel/intake';
import type { RouteFactory } from '../deps.ts';
import { param, sendEmpty, sendJson } from '../http/answers.ts';
import { route } from '../http/routing.ts';

const PATH = '/executions/webhook/:namespace/:flowId/:key';

/** The door for webhooks on the API's own port; the webhook service serves the same handler on a port of its own. */
export const webhookRoutes =
  ({ intake }: { readonly intake: Intake }): RouteFactory =>
  (deps) => {
    const door = { intake, executions: deps.executions, clock: deps.clock };
    return (['GET', 'POST', 'PUT'] as const).map((method) =>
      route(method, PATH, async (req, res) => {
        const answer = await answerWebhook(door, req, {
          tenant: deps.tenant,
          namespace: param(req, 'namespace'),
          flowId: param(req, 'flowId'),
          key: param(req, 'key'),
        });
        return answer === undefined ? sendEmpty(res, 204) : sendJson(res, answer);
      }),
    );
  };
