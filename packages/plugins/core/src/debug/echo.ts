import { LOG_LEVELS } from '@tiercel/model';
import { defineTask, dynamicText } from '@tiercel/plugin-kit';
import { z } from 'zod';

/** `io.kestra.plugin.core.debug.Echo` (execution-semantics.md §14). */
export const echo = defineTask({
  type: 'io.kestra.plugin.core.debug.Echo',
  aliases: ['io.kestra.core.tasks.debugs.Echo'],
  title: 'Write a text to the log of the execution.',
  description: 'Replaced by `io.kestra.plugin.core.log.Log`.',
  deprecated: true,
  examples: [
    {
      title: 'Write a text',
      code: `id: example
namespace: company.team

tasks:
  - id: say
    type: io.kestra.plugin.core.debug.Echo
    format: "Started at {{ execution.startDate }}"
`,
    },
  ],
  lane: 'inline',
  properties: z.object({
    format: dynamicText('The text.'),
    level: z.enum(LOG_LEVELS).default('INFO').meta({ title: 'Level of the log entry.', $dynamic: false }),
  }),
  run: async (context, { format, level }) => {
    const rendered = await context.text(format);
    if (rendered !== undefined) context.logger.log(level, rendered);
    return undefined;
  },
});
