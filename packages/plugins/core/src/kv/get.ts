import type { Json } from '@tiercel/model';
import { defineTask, dynamicText, fixedBoolean, TaskFailure } from '@tiercel/plugin-kit';
import { z } from 'zod';
import { ownNamespace } from './values.ts';

const properties = z.object({
  key: dynamicText('Key of the entry.'),
  namespace: ownNamespace,
  errorOnMissing: fixedBoolean(false, 'Whether the task fails when there is no such entry.'),
});

/** `io.kestra.plugin.core.kv.Get` (execution-semantics.md §14, §13.5). */
export const kvGet = defineTask({
  type: 'io.kestra.plugin.core.kv.Get',
  title: 'Read an entry of the key-value store.',
  examples: [
    {
      title: 'Go on from the last run',
      code: `id: example
namespace: company.team

tasks:
  - id: last
    type: io.kestra.plugin.core.kv.Get
    key: last_id
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: "From {{ outputs.last.value ?? 0 }}"
`,
    },
  ],
  lane: 'worker',
  properties,
  outputs: z.object({
    value: z.unknown().optional().meta({ title: 'The value, in its type; absent when there is none.' }),
  }),
  run: async (context, { key, namespace, errorOnMissing }) => {
    const name = (await context.text(key)) ?? '';
    const target = await context.text(namespace);
    const entry = await context.kv.get(name, target);
    if (entry !== undefined) return { outputs: { value: entry.value as Json } };
    if (!errorOnMissing) return undefined;
    const where = target ?? context.execution.namespace;
    throw new TaskFailure(
      `No value found for key '${name}' in namespace '${where}' and \`errorOnMissing\` is set to true`,
    );
  },
});
