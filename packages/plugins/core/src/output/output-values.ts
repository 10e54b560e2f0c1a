import type { JsonObject } from '@tiercel/model';
import { defineTask, dynamicMap } from '@tiercel/plugin-kit';
import { z } from 'zod';

const properties = z.object({
  values: dynamicMap('Values to output; every text inside is rendered.').optional(),
});

/** `io.kestra.plugin.core.output.OutputValues` (execution-semantics.md §14). */
export const outputValues = defineTask({
  type: 'io.kestra.plugin.core.output.OutputValues',
  title: 'Output one or more values.',
  examples: [
    {
      title: 'Two values',
      code: `id: example
namespace: company.team

tasks:
  - id: values
    type: io.kestra.plugin.core.output.OutputValues
    values:
      total: "{{ 3 * 4 }}"
      words: [a, b]
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.values.values.total }}"
`,
    },
  ],
  lane: 'inline',
  properties,
  outputs: z.object({ values: z.record(z.string(), z.unknown()).optional().meta({ title: 'The rendered values.' }) }),
  run: async (context, { values }) =>
    values === undefined ? undefined : { outputs: { values: await context.structure<JsonObject>(values) } },
});
