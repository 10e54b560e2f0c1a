import { z } from 'zod';
import { localTime } from './dates.ts';
import { duration } from './properties.ts';

const TYPES = ['DURATION_WINDOW', 'SLIDING_WINDOW', 'DAILY_TIME_WINDOW', 'DAILY_TIME_DEADLINE'] as const;
type WindowType = (typeof TYPES)[number];

/** Which properties each type of window has, and which of them it needs (execution-semantics.md §11.6.3). */
const RULES: Readonly<Record<WindowType, { readonly may: readonly string[]; readonly must: readonly string[] }>> = {
  DURATION_WINDOW: { may: ['window', 'windowAdvance'], must: [] },
  SLIDING_WINDOW: { may: ['window'], must: [] },
  DAILY_TIME_WINDOW: { may: ['startTime', 'endTime'], must: ['startTime', 'endTime'] },
  DAILY_TIME_DEADLINE: { may: ['deadline'], must: ['deadline'] },
};

const fixed = (schema: ReturnType<typeof duration>) => schema.optional().meta({ $dynamic: false });

/** A time window within which several conditions must come true. */
export const timeWindow = (title: string) =>
  z
    .strictObject({
      type: z.enum(TYPES).default('DURATION_WINDOW').meta({ title: 'Kind of window.', $dynamic: false }),
      window: fixed(duration('Length of the window; default is one day.')),
      windowAdvance: fixed(duration('What is added to the start of the window.')),
      startTime: localTime('When a daily window begins.').optional(),
      endTime: localTime('When a daily window ends.').optional(),
      deadline: localTime('Until when all must hold on a day.').optional(),
    })
    .superRefine((window, context) => {
      const { may, must } = RULES[window.type];
      const given = Object.entries(window).flatMap(([name, value]) =>
        name === 'type' || value === undefined ? [] : [name],
      );
      for (const name of given) {
        if (!may.includes(name))
          context.addIssue({
            code: 'custom',
            path: [name],
            message: `does not belong to a time window of type ${window.type}`,
          });
      }
      for (const name of must) {
        if (!given.includes(name))
          context.addIssue({
            code: 'custom',
            path: [name],
            message: `is required by a time window of type ${window.type}`,
          });
      }
    })
    .meta({ title, $dynamic: false });
