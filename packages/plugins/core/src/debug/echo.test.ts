import { createHarness } from '@tiercel/plugin-kit/harness';
import { expect, test } from 'vitest';
import { echo } from './echo.ts';

test('writes the rendered text to the log', async () => {
  const harness = createHarness({ render: (t) => t.replace('{{ x }}', 'value') });
  expect(await harness.run(echo, { format: 'a {{ x }}', level: 'WARN' })).toBeUndefined();
  expect(harness.logs).toMatchObject([{ level: 'WARN', message: 'a value' }]);
});
