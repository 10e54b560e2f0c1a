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
  description: 'Metrics: counter `length` (characters of the text) and timer `duration`, both tagged with `format`.',
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
