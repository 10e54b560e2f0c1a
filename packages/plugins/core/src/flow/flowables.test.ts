/* oxlint-disable unicorn/no-thenable -- the flow language has a property of that name */
import { expect, test } from 'vitest';
import { forEach, ifTask, sequential } from './flowables.ts';

const task = { id: 't', type: 'io.kestra.plugin.core.log.Log', message: 'x' };

test('defaults and shapes', () => {
  expect(forEach.properties.parse({ values: ['a', 1, { b: 2 }], tasks: [task] })).toMatchObject({
    concurrencyLimit: 1,
  });
  expect(forEach.properties.parse({ values: '{{ inputs.list }}', concurrencyLimit: 0 })).toBeDefined();
  expect(ifTask.properties.parse({ condition: true, then: [task] })).toMatchObject({ condition: 'true' });
  expect(sequential.properties.parse({ tasks: [task], errors: [task] })).toBeDefined();
});

test.each([
  [forEach, { tasks: [task] }, 'values'],
  [forEach, { values: [], concurrencyLimit: -1 }, 'concurrencyLimit'],
  [ifTask, { condition: 'x' }, 'then'],
  [ifTask, { condition: 'x', then: [] }, 'then'],
  [sequential, { tasks: 'x' }, 'tasks'],
])('$0.type refuses %j', (definition, properties, path) => {
  expect(definition.properties.safeParse(properties).error?.issues[0]?.path).toEqual([path]);
});
