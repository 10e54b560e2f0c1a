import { conditionList, defineTrigger, duration, dynamicMap, timeZone } from '@tiercel/plugin-kit';
import { z } from 'zod';
import { cronProblem } from './cron.ts';
import { anything, triggerInputs, triggerLabels, triggerStopAfter } from './properties.ts';

const NO_DATE = { message: 'must be a date with its time, such as 2030-01-01T09:00:00+01:00' };
const DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?(?:\[[\w/+-]+\])?$/;

const isRendered = (text: string): boolean => text.includes('{{');

/** A date as ISO 8601 has it, one that the calendar has; a zone may stand after it, in brackets. */
const isDate = (text: string): boolean =>
  isRendered(text) || (DATE.test(text) && !Number.isNaN(Date.parse(`${text.slice(0, 10)}T00:00:00Z`)));

const recoverMissedSchedules = z
  .enum(['ALL', 'LAST', 'NONE'])
  .optional()
  .meta({ title: 'Which dates are made up for that passed while no scheduler ran; default ALL.', $dynamic: false });

const common = {
  conditions: conditionList('Conditions on the date that must all hold for an execution to start.').optional(),
  inputs: triggerInputs,
  stopAfter: triggerStopAfter,
  labels: triggerLabels,
  recoverMissedSchedules,
};

/** `io.kestra.plugin.core.trigger.Schedule` (execution-semantics.md §11.3). */
export const schedule = defineTrigger({
  type: 'io.kestra.plugin.core.trigger.Schedule',
  aliases: ['io.kestra.core.models.triggers.types.Schedule'],
  title: 'Start the flow at dates that a cron expression gives.',
  examples: [
    {
      title: 'Working days at nine',
      code: `id: example
namespace: company.team

tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: Good morning.

triggers:
  - id: daily
    type: io.kestra.plugin.core.trigger.Schedule
    cron: "0 9 * * 1-5"
    timezone: Europe/Paris
`,
    },
  ],
  properties: z
    .object({
      cron: z.string().meta({
        title: 'Cron expression.',
        description:
          'Minute, hour, day of the month, month, day of the week (0 and 7 are Sunday); or `@hourly`, `@daily` (`@midnight`), ' +
          '`@weekly`, `@monthly`, `@yearly` (`@annually`).',
        $dynamic: false,
      }),
      withSeconds: z
        .boolean()
        .default(false)
        .meta({ title: 'Whether the expression begins with a field for seconds.', $dynamic: false }),
      timezone: timeZone('Time zone of the dates; default is that of the server.', false).optional(),
      lateMaximumDelay: duration('Dates that are later than that are left out.').optional().meta({ $dynamic: false }),
      scheduleConditions: conditionList('Older name of `conditions`.').optional().meta({ deprecated: true }),
      backfill: anything.optional().meta({ title: 'Accepted and without effect.', $dynamic: false, deprecated: true }),
      ...common,
    })
    .superRefine(({ cron, withSeconds }, context) => {
      const problem = cronProblem(cron, withSeconds);
      if (problem !== undefined)
        context.addIssue({ code: 'custom', path: ['cron'], message: `invalid cron expression '${cron}': ${problem}` });
    }),
});

/** `io.kestra.plugin.core.trigger.ScheduleOnDates` (execution-semantics.md §11.4). */
export const scheduleOnDates = defineTrigger({
  type: 'io.kestra.plugin.core.trigger.ScheduleOnDates',
  title: 'Start the flow at given dates.',
  examples: [
    {
      title: 'Two dates',
      code: `id: example
namespace: company.team

tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: It is time.

triggers:
  - id: dates
    type: io.kestra.plugin.core.trigger.ScheduleOnDates
    timezone: Europe/Paris
    dates:
      - "2030-01-01T09:00:00+01:00"
      - "2030-07-01T09:00:00+02:00"
`,
    },
  ],
  properties: z.object({
    dates: z
      .union([z.string().refine(isRendered, NO_DATE), z.array(z.string().refine(isDate, NO_DATE))])
      .meta({ title: 'The dates, each with an offset, or an expression for them.', $dynamic: true }),
    timezone: timeZone('Time zone of the dates; default is that of the server.', true).optional(),
    ...common,
    inputs: dynamicMap('Values for inputs of the flow.').optional(),
  }),
});
