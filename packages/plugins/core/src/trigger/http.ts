import { conditionList, defineTrigger, duration, dynamicText, fixedBoolean } from '@tiercel/plugin-kit';
import { z } from 'zod';
import { httpProperties } from '../http/properties.ts';
import { triggerLabels, triggerStopAfter } from './properties.ts';

const { allowFailed: _, ...request } = httpProperties;

/** `io.kestra.plugin.core.http.Trigger` (execution-semantics.md §11.8). */
export const httpTrigger = defineTrigger({
  type: 'io.kestra.plugin.core.http.Trigger',
  aliases: ['io.kestra.plugin.fs.http.Trigger'],
  title: 'Start the flow when an address gives a certain answer.',
  examples: [
    {
      title: 'When a service does not answer as it should',
      code: `id: example
namespace: company.team

tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: The service is down.

triggers:
  - id: watch
    type: io.kestra.plugin.core.http.Trigger
    uri: https://example.com/health
    interval: PT5M
    responseCondition: "{{ response.statusCode != 200 }}"
`,
    },
  ],
  properties: z.object({
    ...request,
    interval: duration('Time between two calls.').prefault('PT60S').meta({ $dynamic: false }),
    responseCondition: dynamicText(
      'Condition on the answer.',
      'It sees `response.statusCode`, `response.body` and `response.headers`.',
    ).prefault('{{ response.statusCode < 400 }}'),
    encryptBody: fixedBoolean(false, 'Whether the body of the answer is encrypted.'),
    conditions: conditionList('Conditions that must all hold for an execution to start.').optional(),
    stopAfter: triggerStopAfter,
    labels: triggerLabels,
  }),
});
