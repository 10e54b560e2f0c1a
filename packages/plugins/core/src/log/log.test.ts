import { createHarness } from '@tiercel/plugin-kit/harness';
import { expect, test } from 'vitest';
import { log } from './log.ts';

const render = (template: string): string => template.replace('{{ flow.id }}', 'my-flow');

test('a text makes one entry at the given level', async () => {
  const harness = createHarness({ render });
  expect(await harness.run(log, { message: 'from {{ flow.id }}' })).toBeUndefined();
  await harness.run(log, { message: 42, level: 'WARN' });
  expect(harness.logs).toEqual([
    { level: 'INFO', message: 'from my-flow' },
    { level: 'WARN', message: '42' },
  ]);
});

test('a list makes one entry for each element', async () => {
  const harness = createHarness({ render });
  await harness.run(log, { message: ['first {{ flow.id }}', 'second'] });
  expect(harness.logs.map((entry) => entry.message)).toEqual(['first my-flow', 'second']);
});

test.each([
  {},
  { message: { a: 1 } },
  { message: [['x']] },
  { message: 'x', level: 'LOUD' },
  { message: 'x', mesage: 1 },
])('properties %j are refused', (properties) => {
  expect(log.properties.strict().safeParse(properties).success).toBe(false);
});
