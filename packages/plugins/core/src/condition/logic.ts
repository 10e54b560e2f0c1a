import { defineCondition, duration, timeWindow } from '@tiercel/plugin-kit';
import { z } from 'zod';
import { aliasesOf, nameOf, oldName } from './names.ts';

const nested = (title: string) => z.array(z.record(z.string(), z.unknown())).min(1).meta({ title, $dynamic: false });

export const expression = defineCondition({
  type: nameOf('Expression'),
  aliases: aliasesOf('Expression', 'old', 'Variable'),
  title: 'An expression holds.',
  description: 'Blank and `false` are false, all else is true.',
  properties: z.object({ expression: z.string().min(1).meta({ title: 'The expression.', $dynamic: true }) }),
});

export const not = defineCondition({
  type: nameOf('Not'),
  aliases: aliasesOf('Not', 'old'),
  title: 'None of some conditions holds.',
  properties: z.object({ conditions: nested('The conditions.') }),
});

export const or = defineCondition({
  type: nameOf('Or'),
  aliases: aliasesOf('Or', 'old'),
  title: 'At least one of some conditions holds.',
  properties: z.object({ conditions: nested('The conditions.') }),
});

export const multipleCondition = defineCondition({
  type: nameOf('MultipleCondition'),
  aliases: oldName('MultipleCondition'),
  title: 'Several conditions hold within a time window, each perhaps for another execution.',
  description: 'Replaced by `preconditions` of the Flow trigger.',
  deprecated: true,
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
      .meta({ deprecated: true }),
    windowAdvance: duration('What is added to the start of the window.', 'Older form.')
      .optional()
      .meta({ deprecated: true }),
    conditions: z
      .record(z.string(), z.record(z.string(), z.unknown()))
      .refine((map) => Object.keys(map).length > 0, { message: 'must not be empty' })
      .meta({ title: 'The conditions, by names.', $dynamic: false }),
  }),
});
