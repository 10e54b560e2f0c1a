import { commonProperties } from '@tiercel/flow-source';
import type { PluginDefinition } from '@tiercel/plugin-kit';
import { z } from 'zod';

const TYPE = z
  .string()
  .regex(/^[a-zA-Z][\w-]*(?:\.[\w-]+)+$/, 'must be a name with dots, such as com.example.files.Count');
const work = (name: string) => z.custom((value) => typeof value === 'function', `must be a function: ${name}(…)`);

/** Schemas of zod 4, be it the server's copy or another one. */
const isObjectSchema = (value: unknown): boolean => {
  const { shape } = (value ?? {}) as { readonly shape?: unknown };
  if (typeof shape !== 'object' || shape === null) return false;
  return Object.values(shape).every(
    (property) => typeof property === 'object' && property !== null && '_zod' in property,
  );
};
const objectSchema = z.custom(isObjectSchema, 'must be z.object({ … }) of zod 4');

const COMMON = {
  type: TYPE,
  aliases: z.array(TYPE).optional(),
  title: z.string().min(1),
  description: z.string().optional(),
  deprecated: z.boolean().optional(),
  icon: z.string().startsWith('<svg').optional(),
  examples: z.array(z.object({ title: z.string(), code: z.string() })).optional(),
  metrics: z
    .array(
      z.object({
        name: z.string(),
        type: z.enum(['counter', 'timer']),
        unit: z.string().optional(),
        description: z.string().optional(),
      }),
    )
    .optional(),
  properties: objectSchema,
  outputs: objectSchema.optional(),
};

/** Triggers, conditions and flowables need the server's own code: it would take them and never act on them. */
const DEFINITION = z.discriminatedUnion(
  'kind',
  [
    z.object({ ...COMMON, kind: z.literal('task'), lane: z.enum(['inline', 'worker']), run: work('run') }),
    z.object({ ...COMMON, kind: z.literal('task-runner'), bind: work('bind') }),
  ],
  { error: 'must be made by defineTask or defineTaskRunner; other kinds cannot come from outside' },
);

/** What is wrong with what a plugin gave as a definition; undefined when nothing is. */
export function definitionMistake(value: unknown, index: number): string | undefined {
  const judged = DEFINITION.safeParse(value);
  const type = (value as { readonly type?: unknown } | null | undefined)?.type;
  const name = typeof type === 'string' ? type : `definition ${index + 1}`;
  if (!judged.success) {
    const [issue] = judged.error.issues;
    return `${name}: ${issue!.path.map(String).join('.')} ${issue!.message}`.replace(/: +/, ': ');
  }
  const { kind, properties } = value as PluginDefinition;
  const own = Object.keys(properties.shape);
  const taken = Object.keys(commonProperties(kind).shape).find((common) => own.includes(common));
  return taken === undefined ? undefined : `${name}: the property ${taken} is one that every ${kind} has`;
}
