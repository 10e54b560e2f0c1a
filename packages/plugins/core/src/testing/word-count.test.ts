import { createHarness } from '@tiercel/plugin-kit/harness';
import { expect, test } from 'vitest';
import { wordCount } from './word-count.ts';

test('words are counted in the rendered text', async () => {
  const harness = createHarness({ render: () => 'to be or not' });
  expect(await harness.run(wordCount, { text: '{{ inputs.text }}' })).toEqual({ outputs: { words: 4 } });
  expect(harness.metrics).toEqual([{ type: 'counter', name: 'words', value: 4 }]);
});

test('too few words fail the task, and stay visible', async () => {
  const failing = createHarness().run(wordCount, { text: 'one two', least: 3 });
  await expect(failing).rejects.toMatchObject({ outputs: { words: 2 } });
});

test('a flow with a wrong property is refused', () => {
  expect(wordCount.properties.safeParse({ text: 'a', least: -1 }).success).toBe(false);
});
