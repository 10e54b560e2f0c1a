import { dateTime, defineCondition, dynamicText, offsetTime } from '@tiercel/plugin-kit';
import { z } from 'zod';
import { aliasesOf, nameOf, onSchedule } from './names.ts';

export const DAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'] as const;

const date = dynamicText('The date to judge.', 'By default the date for which the trigger is evaluated.').prefault(
  '{{ trigger.date }}',
);
const dayOfWeek = z.enum(DAYS).meta({ title: 'Day of the week.', $dynamic: false });

const oneBound = (bounds: { readonly after?: unknown; readonly before?: unknown }): boolean =>
  bounds.after !== undefined || bounds.before !== undefined;
const NO_BOUND = { message: 'needs `after`, `before` or both' };

export const dateTimeBetween = defineCondition({
  type: nameOf('DateTimeBetween'),
  aliases: aliasesOf('DateTimeBetween', 'old'),
  title: 'A date lies between two moments.',
  description: 'Both bounds are exclusive; at least one is needed.',
  examples: [
    onSchedule(
      'Only in the first quarter of 2030',
      'DateTimeBetween',
      `after: "2029-12-31T23:59:59Z"
before: "2030-04-01T00:00:00Z"`,
    ),
  ],
  properties: z
    .object({
      date,
      after: dateTime('The date must be after this moment.').optional(),
      before: dateTime('The date must be before this moment.').optional(),
    })
    .refine(oneBound, NO_BOUND),
});

export const timeBetween = defineCondition({
  type: nameOf('TimeBetween'),
  aliases: aliasesOf('TimeBetween', 'old'),
  title: 'The time of day of a date lies between two times.',
  description: 'Both bounds are exclusive; at least one is needed.',
  examples: [
    onSchedule(
      'Only in the morning, in the time of that offset',
      'TimeBetween',
      `after: "06:00:00+02:00"
before: "12:00:00+02:00"`,
    ),
  ],
  properties: z
    .object({
      date,
      after: offsetTime('The time must be after this one.').optional(),
      before: offsetTime('The time must be before this one.').optional(),
    })
    .refine(oneBound, NO_BOUND),
});

export const dayWeek = defineCondition({
  type: nameOf('DayWeek'),
  aliases: aliasesOf('DayWeek', 'old'),
  title: 'A date is a given day of the week.',
  examples: [onSchedule('Only on Mondays', 'DayWeek', `dayOfWeek: MONDAY`)],
  properties: z.object({ date, dayOfWeek }),
});

export const dayWeekInMonth = defineCondition({
  type: nameOf('DayWeekInMonth'),
  aliases: aliasesOf('DayWeekInMonth', 'old'),
  title: 'A date is the first, second, third, fourth or last of a day of the week in its month.',
  examples: [
    onSchedule(
      'Only on the last Friday of a month',
      'DayWeekInMonth',
      `dayOfWeek: FRIDAY
dayInMonth: LAST`,
    ),
  ],
  properties: z.object({
    date,
    dayOfWeek,
    dayInMonth: z
      .enum(['FIRST', 'SECOND', 'THIRD', 'FOURTH', 'LAST'])
      .meta({ title: 'Which of these days of the month.', $dynamic: false }),
  }),
});

export const weekend = defineCondition({
  type: nameOf('Weekend'),
  aliases: aliasesOf('Weekend', 'old'),
  title: 'A date is a Saturday or a Sunday.',
  examples: [onSchedule('Only on Saturdays and Sundays', 'Weekend', `date: "{{ trigger.date }}"`)],
  properties: z.object({ date }),
});

export const publicHoliday = defineCondition({
  type: nameOf('PublicHoliday'),
  aliases: aliasesOf('PublicHoliday', 'old'),
  title: 'A date is a public holiday.',
  examples: [onSchedule('Only on public holidays in France', 'PublicHoliday', `country: FR`)],
  properties: z.object({
    date,
    country: dynamicText('ISO 3166 code of the country, such as FR; by default that of the server.').optional(),
    subDivision: dynamicText('ISO 3166-2 code of the part of the country, without the country.').optional(),
  }),
});
