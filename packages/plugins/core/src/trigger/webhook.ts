import { conditionList, defineTrigger, dynamicText } from '@tiercel/plugin-kit';
import { z } from 'zod';
import { triggerLabels, triggerStopAfter } from './properties.ts';

/** Of the text as written, before it is rendered. */
const MAX_KEY = 256;

/** `io.kestra.plugin.core.trigger.Webhook` (execution-semantics.md §11.5): evaluated by the webhook service. */
export const webhook = defineTrigger({
  type: 'io.kestra.plugin.core.trigger.Webhook',
  aliases: ['io.kestra.core.models.triggers.types.Webhook'],
  title: 'Start the flow by a call of a URL.',
  description: 'The URL is `/api/v1/executions/webhook/{namespace}/{flowId}/{key}`; GET, POST and PUT are answered.',
  examples: [
    {
      title: 'A call with JSON',
      code: `id: example
namespace: company.team

tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: "Order {{ trigger.body.order }}"

triggers:
  - id: hook
    type: io.kestra.plugin.core.trigger.Webhook
    key: a-secret-of-your-own
`,
    },
  ],
  outputs: z.object({
    body: z.unknown().meta({ title: 'Body of the call; JSON as its value.' }),
    headers: z.record(z.string(), z.array(z.string())).meta({ title: 'Headers of the call.' }),
    parameters: z.record(z.string(), z.array(z.string())).meta({ title: 'Parameters of its query.' }),
  }),
  properties: z.object({
    key: dynamicText('Secret part of the URL, at most 256 characters.')
      .refine((key) => key !== '', { message: 'must not be blank' })
      .refine((key) => key.length <= MAX_KEY, { message: `has more than ${MAX_KEY} characters` }),
    conditions: conditionList('Conditions that must all hold for an execution to start.').optional(),
    stopAfter: triggerStopAfter,
    labels: triggerLabels,
  }),
});
