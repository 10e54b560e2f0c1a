import { createHarness } from '@tiercel/plugin-kit/harness';
import { expect, test } from 'vitest';
import { outputValues } from './output-values.ts';

test('texts inside the structure are rendered, other values stay', async () => {
  const harness = createHarness({ render: (t) => t.replace('{{ x }}', 'value') });
  const values = { text: '{{ x }}', list: ['{{ x }}', 1], map: { '{{ x }}': true }, none: null };
  expect(await harness.run(outputValues, { values })).toEqual({
    outputs: { values: { text: 'value', list: ['value', 1], map: { value: true }, none: null } },
  });
});

test('without values there is no output', async () => {
  expect(await createHarness().run(outputValues, {})).toBeUndefined();
});
