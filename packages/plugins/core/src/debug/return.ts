import { defineTask, dynamicText } from '@tiercel/plugin-kit';
import { z } from 'zod';

const properties = z.object({
  format: dynamicText('Text to render; the result is the output `value`.').optional(),
});

/** `io.kestra.plugin.core.debug.Return` (execution-semantics.md §14). */
export const returnTask = defineTask({
  type: 'io.kestra.plugin.core.debug.Return',
  aliases: ['io.kestra.core.tasks.debugs.Return'],
  title: 'Return a rendered text as output, to look at values while a flow is made.',
  examples: [
    {
      title: 'Look at a value',
      code: `id: example
namespace: company.team

inputs:
  - id: name
    type: STRING
    defaults: Ann

tasks:
  - id: look
    type: io.kestra.plugin.core.debug.Return
    format: "{{ inputs.name | upper }}"
  - id: use
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.look.value }}"
`,
    },
  ],
  metrics: [
    { name: 'length', type: 'counter', unit: 'characters', description: 'Length of the text, tagged with `format`.' },
    { name: 'duration', type: 'timer', unit: 'ms', description: 'Time to render it, tagged with `format`.' },
  ],
  lane: 'inline',
  properties,
  outputs: z.object({ value: z.string().optional().meta({ title: 'The rendered text.' }) }),
  run: async (context, { format }) => {
    const started = context.now();
    const value = await context.text(format);
    const tags = { format: format ?? 'null' };
    context.metric({ type: 'counter', name: 'length', value: value?.length ?? 0, tags });
    context.metric({ type: 'timer', name: 'duration', value: context.now() - started, tags });
    return value === undefined ? undefined : { outputs: { value } };
  },
});
