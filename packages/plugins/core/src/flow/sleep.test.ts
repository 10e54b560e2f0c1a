import { createHarness } from '@tiercel/plugin-kit/harness';
import { expect, test } from 'vitest';
import { sleep } from './sleep.ts';

test('a duration that is over ends the task', async () => {
  expect(await createHarness().run(sleep, { duration: 'PT0.001S' })).toBeUndefined();
});

test('a kill ends it at once', async () => {
  const controller = new AbortController();
  const run = createHarness({ signal: controller.signal }).run(sleep, { duration: 'P1000D' });
  controller.abort();
  await expect(run).rejects.toThrow('aborted');
});

test('an expression that gives nothing is told', async () => {
  await expect(createHarness({ render: () => '' }).run(sleep, { duration: '{{ x }}' })).rejects.toThrow('`duration`');
});

test('what is no duration is refused', () => {
  expect(sleep.properties.safeParse({ duration: 'a while' }).success).toBe(false);
});
