import { defineTask, dynamicText, TaskFailure } from '@tiercel/plugin-kit';
import { z } from 'zod';

const properties = z.object({
  text: dynamicText('Text whose words are counted.'),
  least: z.int().min(0).default(0).meta({ title: 'With fewer words the task fails.', $dynamic: false }),
});

export const wordCount = defineTask({
  type: 'io.kestra.plugin.core.debug.WordCount',
  title: 'Count the words of a text.',
  examples: [
    {
      title: 'The words of an input',
      code: `id: words
namespace: company.team

inputs:
  - id: text
    type: STRING

tasks:
  - id: count
    type: io.kestra.plugin.core.debug.WordCount
    text: "{{ inputs.text }}"
`,
    },
  ],
  metrics: [{ name: 'words', type: 'counter', unit: 'words' }],
  lane: 'inline',
  properties,
  outputs: z.object({ words: z.int().meta({ title: 'How many words there are.' }) }),
  run: async (context, { text, least }) => {
    const rendered = (await context.text(text)) ?? '';
    const words = rendered.split(/\s+/).filter((word) => word !== '').length;
    context.metric({ type: 'counter', name: 'words', value: words });
    if (words < least) throw new TaskFailure(`There are ${words} words instead of ${least}`, { outputs: { words } });
    return { outputs: { words } };
  },
});
