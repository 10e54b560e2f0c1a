import { LOG_LEVELS } from '@tiercel/model';
import { defineTask } from '@tiercel/plugin-kit';
import { z } from 'zod';

const properties = z.object({
  message: z
    .union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number(), z.boolean()]))])
    .meta({ title: 'One message or a list of messages.', $dynamic: true }),
  level: z.enum(LOG_LEVELS).default('INFO').meta({ title: 'Level of the log entries.', $dynamic: false }),
});

/** `io.kestra.plugin.core.log.Log` (execution-semantics.md §14). */
export const log = defineTask({
  type: 'io.kestra.plugin.core.log.Log',
  aliases: ['io.kestra.core.tasks.log.Log'],
  title: 'Write messages to the log of the execution.',
  description: 'A text makes one entry, a list one for each element; elements that render to nothing make none.',
  examples: [
    {
      title: 'Two entries',
      code: `id: example
namespace: company.team

tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    level: WARN
    message:
      - "This is {{ flow.id }}"
      - "and this its execution {{ execution.id }}"
`,
    },
  ],
  lane: 'inline',
  properties,
  run: async (context, { message, level }) => {
    const messages = Array.isArray(message) ? message : [message];
    for (const item of messages) {
      const rendered = await context.text(item);
      if (rendered !== undefined) context.logger.log(level, rendered);
    }
    return undefined;
  },
});
