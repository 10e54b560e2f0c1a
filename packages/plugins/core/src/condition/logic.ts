import { conditionList, defineCondition, duration, timeWindow } from '@tiercel/plugin-kit';
import { z } from 'zod';
import { aliasesOf, nameOf, oldName, onFlow, onSchedule } from './names.ts';

export const expression = defineCondition({
  type: nameOf('Expression'),
  aliases: aliasesOf('Expression', 'old', 'Variable'),
  title: 'An expression holds.',
  description: 'Blank and `false` are false, all else is true.',
  examples: [
    onFlow(
      'After executions of flows whose id begins with `load`',
      'Expression',
      `expression: "{{ trigger.flowId | startsWith('load') }}"`,
    ),
  ],
  properties: z.object({ expression: z.string().min(1).meta({ title: 'The expression.', $dynamic: true }) }),
});

export const not = defineCondition({
  type: nameOf('Not'),
  aliases: aliasesOf('Not', 'old'),
  title: 'None of some conditions holds.',
  examples: [
    onSchedule(
      'On working days only',
      'Not',
      `conditions:
  - type: io.kestra.plugin.core.condition.Weekend`,
    ),
  ],
  properties: z.object({ conditions: conditionList('The conditions.', 1) }),
});

export const or = defineCondition({
  type: nameOf('Or'),
  aliases: aliasesOf('Or', 'old'),
  title: 'At least one of some conditions holds.',
  examples: [
    onSchedule(
      'On Mondays and Thursdays',
      'Or',
      `conditions:
  - type: io.kestra.plugin.core.condition.DayWeek
    dayOfWeek: MONDAY
  - type: io.kestra.plugin.core.condition.DayWeek
    dayOfWeek: THURSDAY`,
    ),
  ],
  properties: z.object({ conditions: conditionList('The conditions.', 1) }),
});

export const multipleCondition = defineCondition({
  type: nameOf('MultipleCondition'),
  aliases: oldName('MultipleCondition'),
  title: 'Several conditions hold within a time window, each perhaps for another execution.',
  description: 'Replaced by `preconditions` of the Flow trigger.',
  deprecated: true,
  examples: [
    onFlow(
      'When two flows have both succeeded',
      'MultipleCondition',
      `id: both
conditions:
  first:
    type: io.kestra.plugin.core.condition.ExecutionFlow
    namespace: company.team
    flowId: first
  second:
    type: io.kestra.plugin.core.condition.ExecutionFlow
    namespace: company.team
    flowId: second`,
    ),
  ],
  properties: z.object({
    id: z
      .string()
      .regex(/^[a-zA-Z0-9][a-zA-Z0-9_-]*$/)
      .meta({ title: 'Id, unique within the flow.', $dynamic: false }),
    timeWindow: timeWindow('The time window.').optional(),
    resetOnSuccess: z
      .boolean()
      .default(true)
      .meta({ title: 'Whether all must hold anew after the trigger has fired.', $dynamic: false }),
    window: duration('Length of the window.', 'Older form of `timeWindow.window`.')
      .optional()
      .meta({ deprecated: true, $dynamic: false }),
    windowAdvance: duration('What is added to the start of the window.', 'Older form.')
      .optional()
      .meta({ deprecated: true, $dynamic: false }),
    conditions: z
      .record(z.string(), z.record(z.string(), z.unknown()))
      .refine((map) => Object.keys(map).length > 0, { message: 'must not be empty' })
      .meta({ title: 'The conditions, by names.', $dynamic: false, $holds: 'condition' }),
  }),
});
