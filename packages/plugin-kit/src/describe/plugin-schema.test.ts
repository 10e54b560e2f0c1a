import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineTask } from '../define.ts';
import { conditionList, duration, dynamicMap, dynamicText, fixedBoolean } from '../properties.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { markdownOf } from './markdown.ts';
import { pluginSchema } from './plugin-schema.ts';

const task = defineTask({
  type: 'com.example.Task',
  title: 'Do something.',
  lane: 'inline',
  metrics: [{ name: 'rows', type: 'counter', unit: 'rows' }],
  examples: [{ title: 'A flow', code: 'id: a\n' }],
  properties: z.object({
    text: dynamicText('A text.', 'More about it.').prefault('x'),
    name: dynamicText('A name.'),
    wait: duration('A time.').optional(),
    flag: fixedBoolean(false, 'A flag.'),
    level: z.enum(['LOW', 'HIGH']).meta({ title: 'A level.', $dynamic: false }),
    old: z.string().optional().meta({ title: 'Older.', deprecated: true }),
    many: z.union([z.string(), z.array(z.string())]).optional(),
    shown: dynamicText('Shown.').optional().meta({ title: 'Shown.', default: '{{ flow.id }}' }),
    count: z.int().min(1).optional(),
    env: dynamicMap('A map.').optional(),
    conditions: conditionList('Conditions.').optional(),
  }),
  outputs: z.object({ size: z.int().meta({ title: 'A size.' }) }),
  run: async () => undefined,
});

test('a definition is enough for the schema that clients know', () => {
  const { properties, outputs } = pluginSchema(task);
  expect(properties.properties).toEqual({
    text: {
      type: 'string',
      title: 'A text.',
      description: 'More about it.',
      default: 'x',
      $dynamic: true,
      $required: false,
    },
    name: { type: 'string', title: 'A name.', $dynamic: true, $required: true },
    wait: { type: 'string', title: 'A time.', format: 'duration', $dynamic: true, $required: false },
    flag: { type: 'boolean', title: 'A flag.', default: false, $dynamic: false, $required: false },
    level: { type: 'string', enum: ['LOW', 'HIGH'], title: 'A level.', $dynamic: false, $required: true },
    old: { type: 'string', title: 'Older.', $deprecated: true, $required: false },
    many: { oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }], $required: false },
    shown: { type: 'string', title: 'Shown.', default: '{{ flow.id }}', $dynamic: true, $required: false },
    count: { type: 'integer', minimum: 1, $required: false },
    env: { type: 'object', title: 'A map.', $dynamic: true, $required: false },
    conditions: {
      type: 'array',
      items: { type: 'object' },
      title: 'Conditions.',
      $dynamic: false,
      $holds: 'condition',
      $required: false,
    },
  });
  expect(properties).toMatchObject({
    required: ['name', 'level'],
    title: 'Do something.',
    $examples: [{ full: true, lang: 'yaml', title: 'A flow', code: 'id: a\n' }],
    $metrics: [{ name: 'rows', type: 'counter', unit: 'rows', description: '' }],
  });
  expect(outputs?.properties).toEqual({ size: { type: 'integer', title: 'A size.', $required: true } });
});

test('a schema is made once, with common properties and without', () => {
  const common = z.object({ id: z.string(), flag: z.string() });
  expect(pluginSchema(task)).toBe(pluginSchema(task));
  expect(pluginSchema(task, common)).toBe(pluginSchema(task, common));
  expect(Object.keys(pluginSchema(task, common).properties.properties).slice(0, 2)).toEqual(['id', 'flag']);
  expect(pluginSchema(task, common).properties.properties['flag']).toMatchObject({ type: 'boolean' });
});

test('what has no JSON Schema is described by its documentation', () => {
  interface Tree {
    readonly children: readonly Tree[];
  }
  const tree: z.ZodType<Tree> = z.lazy(() => z.object({ children: z.array(tree) }));
  expect(jsonSchemaOf(z.array(tree).meta({ title: 'Trees.' }))).toEqual({ title: 'Trees.' });
});

test('the page of a type has all of it', () => {
  const page = markdownOf({ type: task.type, aliases: ['com.example.Older'], schema: pluginSchema(task) });
  for (const part of [
    '# Task\n',
    'type: com.example.Task',
    'Older names: `com.example.Older`.',
    '## Examples',
    '### `level`\n\n- Type: string\n- Required\n- One of `LOW`, `HIGH`',
    '- Type: list of conditions',
    '- Type: string or list of string',
    '- Default: `"x"`',
    '## Outputs\n\n### `size`',
    '- `rows` (counter, rows)',
  ]) {
    expect(page).toContain(part);
  }
});
