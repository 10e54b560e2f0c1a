import { createHarness } from '@tiercel/plugin-kit/harness';
import { expect, test } from 'vitest';
import { fail } from './fail.ts';

test('without condition it always fails, with the message', async () => {
  const harness = createHarness({ render: () => 'rendered' });
  await expect(harness.run(fail, {})).rejects.toThrow('Task failure');
  await expect(harness.run(fail, { errorMessage: '{{ x }}' })).rejects.toThrow('rendered');
  expect(harness.logs).toEqual([]);
});

test.each(['', 'false', '0', '-0'])('the condition %j is false', async (condition) => {
  expect(await createHarness().run(fail, { condition })).toBeUndefined();
});

test.each(['true', 'False', ' ', 'x', '00'])('the condition %j is true: the message is logged', async (condition) => {
  const harness = createHarness();
  await expect(harness.run(fail, { condition, errorMessage: 'why' })).rejects.toThrow('Fail on a condition');
  expect(harness.logs).toEqual([{ level: 'ERROR', message: 'why' }]);
});
