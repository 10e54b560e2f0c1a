import { STATES } from '@tiercel/model';
import { defineTrigger, dynamicText } from '@tiercel/plugin-kit';
import { z } from 'zod';

/** Of the text as written, before it is rendered. */
const MAX_KEY = 256;

const anything = z.record(z.string(), z.unknown());

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
    conditions: z
      .array(anything)
      .optional()
      .meta({ title: 'Conditions that must all hold for an execution to start.', $dynamic: false }),
    stopAfter: z
      .array(z.enum(STATES))
      .optional()
      .meta({ title: 'States of an execution after which the trigger is disabled.', $dynamic: false }),
    labels: z
      .union([z.array(anything), anything])
      .optional()
      .meta({ title: 'Labels of the executions that it starts.' }),
  }),
});
