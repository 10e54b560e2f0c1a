import { definitions } from '@tiercel/plugin-core';
import { createRegistry } from '@tiercel/plugin-kit';
import { expect, test } from 'vitest';
import { languageSchema } from './language-schema.ts';
import { commonProperties } from './common-properties.ts';

test('the definitions of the language are made once a registry, and fit into an answer', () => {
  const registry = createRegistry(definitions);
  const flow = languageSchema(registry, 'flow');
  expect(languageSchema(registry, 'task')['definitions']).toBe(flow['definitions']);
  expect(JSON.stringify(flow).length).toBeLessThan(400_000);
});

test('every common property says what it is for, and whether it takes expressions', () => {
  for (const kind of ['task', 'trigger', 'condition', 'task-runner'] as const) {
    for (const [name, schema] of Object.entries(commonProperties(kind).shape)) {
      expect((schema as { meta(): object | undefined }).meta(), `${kind} ${name}`).toMatchObject({
        title: expect.any(String),
        $dynamic: expect.any(Boolean),
      });
    }
  }
});
