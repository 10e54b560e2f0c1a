import { defineTrigger, dynamicText } from '@tiercel/plugin-kit';
import { z } from 'zod';
import { conditionList, triggerLabels, triggerStopAfter } from './properties.ts';

/** Of the text as written, before it is rendered. */
const MAX_KEY = 256;

/** `io.kestra.plugin.core.trigger.Webhook` (execution-semantics.md §11.5): evaluated by the webhook service. */
export const webhook = defineTrigger({
  type: 'io.kestra.plugin.core.trigger.Webhook',
  aliases: ['io.kestra.core.models.triggers.types.Webhook'],
  title: 'Start the flow by a call of a URL.',
  description: 'The URL is `/api/v1/executions/webhook/{namespace}/{flowId}/{key}`; GET, POST and PUT are answered.',
  properties: z.object({
    key: dynamicText('Secret part of the URL, at most 256 characters.').refine((key) => key.length <= MAX_KEY, {
      message: `has more than ${MAX_KEY} characters`,
    }),
    conditions: conditionList('Conditions that must all hold for an execution to start.').optional(),
    stopAfter: triggerStopAfter,
    labels: triggerLabels,
  }),
});
