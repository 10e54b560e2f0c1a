import { expect, test } from 'vitest';
import { z } from 'zod';
import { webhook } from './webhook.ts';

test('a key is enough; it has at most 256 characters', () => {
  expect(webhook.properties.strict().parse({ key: 'secret' })).toEqual({ key: 'secret' });
  expect(webhook.properties.safeParse({}).success).toBe(false);
  expect(webhook.properties.safeParse({ key: 'x'.repeat(257) }).success).toBe(false);
});

test('conditions are a list of typed objects', () => {
  const condition = { type: 'io.kestra.plugin.core.condition.Expression', expression: "{{ trigger.body.x == 'a' }}" };
  expect(webhook.properties.safeParse({ key: 'k', conditions: [condition], stopAfter: ['FAILED'] }).success).toBe(true);
  expect(webhook.properties.safeParse({ key: 'k', conditions: 'x' }).success).toBe(false);
});

test('its JSON Schema demands the key', () => {
  expect(z.toJSONSchema(webhook.properties, { io: 'input' })).toMatchObject({
    properties: { key: { type: 'string' } },
    required: ['key'],
  });
});
