import { defineTask, duration, dynamicText, fixedBoolean } from '@tiercel/plugin-kit';
import { z } from 'zod';
import { convertKv, inferKv, KV_TYPES, ownNamespace } from './values.ts';

const properties = z.object({
  key: dynamicText('Key of the entry.', 'Letters, digits, `.`, `_` and `-`; it begins with a letter or digit.'),
  value: z
    .unknown()
    .refine((value) => value !== undefined && value !== null, { message: 'a value is required' })
    .meta({
      title: 'Value of the entry.',
      description: 'An expression that stands alone keeps its type: a map stays a map, a number a number.',
      $dynamic: true,
    }),
  namespace: ownNamespace,
  overwrite: fixedBoolean(true, 'Whether an existing value is replaced; otherwise the task fails.'),
  ttl: duration('Time after which the entry expires; default is never.').optional(),
  kvType: z
    .enum(KV_TYPES)
    .optional()
    .meta({ title: 'Type to which a text is converted before it is stored.', $dynamic: false }),
});

/** `io.kestra.plugin.core.kv.Set` (execution-semantics.md §14, §13.5). */
export const kvSet = defineTask({
  type: 'io.kestra.plugin.core.kv.Set',
  title: 'Create or change an entry of the key-value store.',
  examples: [
    {
      title: 'Remember a value for a day',
      code: `id: example
namespace: company.team

tasks:
  - id: remember
    type: io.kestra.plugin.core.kv.Set
    key: last_run
    value: "{{ execution.startDate }}"
    ttl: P1D
`,
    },
  ],
  lane: 'worker',
  properties,
  run: async (context, { key, value, namespace, overwrite, ttl, kvType }) => {
    const name = (await context.text(key)) ?? '';
    const rendered = typeof value === 'string' ? await context.typed(value) : await context.structure(value);
    const entry = kvType === undefined ? inferKv(rendered) : convertKv(rendered, kvType);
    const target = await context.text(namespace);
    const expires = await context.duration(ttl);
    await context.kv.set(name, entry, {
      overwrite,
      ...(target === undefined ? {} : { namespace: target }),
      ...(expires === undefined ? {} : { ttl: expires }),
    });
    return undefined;
  },
});
