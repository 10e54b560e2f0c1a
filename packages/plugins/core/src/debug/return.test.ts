import { createHarness } from '@tiercel/plugin-kit/harness';
import { expect, test } from 'vitest';
import { returnTask } from './return.ts';

test('the rendered text is the output; its length and the time taken are metrics', async () => {
  let clock = 100;
  const harness = createHarness({ render: (t) => t.replace('{{ x }}', 'value'), now: () => (clock += 5) });
  expect(await harness.run(returnTask, { format: 'a {{ x }}' })).toEqual({ outputs: { value: 'a value' } });
  const tags = { format: 'a {{ x }}' };
  expect(harness.metrics).toEqual([
    { type: 'counter', name: 'length', value: 7, tags },
    { type: 'timer', name: 'duration', value: 5, tags },
  ]);
});

test('without format there is no output', async () => {
  const harness = createHarness();
  expect(await harness.run(returnTask, {})).toBeUndefined();
});
