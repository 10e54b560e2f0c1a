import { conditionList, defineTrigger, timeWindow } from '@tiercel/plugin-kit';
import { z } from 'zod';
import { anything, states, triggerInputs, triggerLabels, triggerStopAfter } from './properties.ts';

const ID = /^[a-zA-Z0-9][a-zA-Z0-9_-]*$/;

const upstreamFlow = z.strictObject({
  namespace: z.string().min(1).meta({ title: 'Namespace of the flow.', $dynamic: false }),
  flowId: z.string().optional().meta({ title: 'Id of the flow; any of the namespace without it.', $dynamic: false }),
  states: states('States of its execution that do; any that ends it without them.').optional(),
  labels: anything.optional().meta({ title: 'Labels that its execution must have.', $dynamic: false }),
});

const TYPES = [
  'EQUAL_TO',
  'NOT_EQUAL_TO',
  'IN',
  'NOT_IN',
  'IS_TRUE',
  'IS_FALSE',
  'IS_NULL',
  'IS_NOT_NULL',
  'STARTS_WITH',
  'ENDS_WITH',
  'REGEX',
  'CONTAINS',
] as const;

const filter = z
  .strictObject({
    field: z.enum(['FLOW_ID', 'NAMESPACE', 'STATE', 'EXPRESSION']).meta({ title: 'What is compared.' }),
    type: z.enum(TYPES).meta({ title: 'How it is compared.' }),
    value: z.string().optional().meta({ title: 'What it is compared with.', $dynamic: true }),
    values: z.array(z.string()).optional().meta({ title: 'What it is compared with, for IN and NOT_IN.' }),
  })
  .superRefine(({ type, value, values }, context) => {
    const many = type === 'IN' || type === 'NOT_IN';
    const [needed, other] = many ? (['values', 'value'] as const) : (['value', 'values'] as const);
    const given = { value, values };
    if (given[needed] === undefined)
      context.addIssue({ code: 'custom', path: [needed], message: `is required by a filter of type ${type}` });
    if (given[other] !== undefined)
      context.addIssue({ code: 'custom', path: [other], message: `does not belong to a filter of type ${type}` });
  });

const executionFilter = z.strictObject({
  id: z.string().regex(ID).meta({ title: 'Id, unique within the preconditions.' }),
  operand: z.enum(['AND', 'OR']).default('AND').meta({ title: 'How the filters are joined.' }),
  filters: z.array(filter).min(1).meta({ title: 'Filters on an execution.' }),
});

/** `io.kestra.plugin.core.trigger.Flow` (execution-semantics.md §11.6). */
export const flowTrigger = defineTrigger({
  type: 'io.kestra.plugin.core.trigger.Flow',
  aliases: ['io.kestra.core.models.triggers.types.Flow'],
  title: 'Start the flow when executions of other flows reach a state.',
  examples: [
    {
      title: 'When two flows have succeeded',
      code: `id: example
namespace: company.team

tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: Both are done.

triggers:
  - id: after
    type: io.kestra.plugin.core.trigger.Flow
    preconditions:
      id: both
      flows:
        - namespace: company.team
          flowId: first
          states: [SUCCESS]
        - namespace: company.team
          flowId: second
          states: [SUCCESS]
`,
    },
  ],
  properties: z.object({
    states: states('States that count; by default all that end an execution.').optional(),
    conditions: conditionList('Conditions on the execution that must all hold.').optional(),
    preconditions: z
      .strictObject({
        id: z.string().regex(ID).meta({ title: 'Id, unique within the flow.' }),
        timeWindow: timeWindow('Within which all must come true.').optional(),
        resetOnSuccess: z.boolean().default(true).meta({ title: 'Whether all must come true anew after it fired.' }),
        flows: z.array(upstreamFlow).optional().meta({ title: 'Flows whose executions must have come.' }),
        where: z.array(executionFilter).optional().meta({ title: 'What else must have come.' }),
      })
      .optional()
      .meta({ title: 'Executions of several flows that must have come within a time window.', $dynamic: false }),
    inputs: triggerInputs,
    stopAfter: triggerStopAfter,
    labels: triggerLabels,
  }),
});
