import { createHarness } from '@tiercel/plugin-kit/harness';
import { expect, test } from 'vitest';
import { kvGet } from './get.ts';
import { kvSet } from './set.ts';

const render = (template: string): unknown => {
  if (template === '{{ flow.namespace }}') return 'company.team';
  if (template === '{{ map }}') return { a: [1] };
  if (template === '{{ none }}') return null;
  return template;
};

test('set and get keep the type of the value', async () => {
  const harness = createHarness({ render });
  const values: [unknown, string][] = [
    ['text', 'STRING'],
    [42, 'NUMBER'],
    [true, 'BOOLEAN'],
    ['PT5M', 'DURATION'],
    [[1, 'a'], 'JSON'],
    [{ a: null }, 'JSON'],
  ];
  for (const [value, type] of values) {
    await harness.run(kvSet, { key: 'k', value });
    expect(harness.kv.get('company.team:k')).toEqual({ type, value });
    expect(await harness.run(kvGet, { key: 'k' })).toEqual({ outputs: { value } });
  }
  await harness.run(kvSet, { key: 'k', value: '{{ map }}' });
  expect(harness.kv.get('company.team:k')).toEqual({ type: 'JSON', value: { a: [1] } });
});

test.each([
  ['NUMBER', '4.5', 4.5],
  ['BOOLEAN', 'True', true],
  ['DATETIME', '2025-01-31T10:20:30Z', '2025-01-31T10:20:30Z'],
  ['DATE', '2025-01-31', '2025-01-31'],
  ['DATE', '2025-01-31T23:30:00-02:00', '2025-02-01'],
  ['DURATION', 'PT1H', 'PT1H'],
  ['JSON', '{"a":[1]}', { a: [1] }],
  ['STRING', 42, '42'],
])('kvType %s converts %j', async (kvType, value, stored) => {
  const harness = createHarness({ render: (t) => t });
  await harness.run(kvSet, { key: 'k', value, kvType, namespace: 'n' });
  expect(harness.kv.get('n:k')).toEqual({ type: kvType, value: stored });
});

test.each([
  ['NUMBER', 'abc'],
  ['BOOLEAN', 'yes'],
  ['DATETIME', '2025-01-31'],
  ['DATE', 'tomorrow'],
  ['DURATION', '5 minutes'],
  ['JSON', '{a'],
])('kvType %s refuses %j, naming the property', async (kvType, value) => {
  await expect(createHarness().run(kvSet, { key: 'k', value, kvType })).rejects.toThrow('`value`');
});

test('ttl, overwrite, a value that is nothing', async () => {
  const harness = createHarness({ render });
  await harness.run(kvSet, { key: 'k', value: 'x', ttl: 'PT5M' });
  expect(harness.kv.get('company.team:k')).toMatchObject({ ttl: 300_000 });
  await expect(harness.run(kvSet, { key: 'k', value: 'y', overwrite: false })).rejects.toThrow('exists');
  await expect(harness.run(kvSet, { key: 'k', value: '{{ none }}' })).rejects.toThrow('rendered to nothing');
});

test('a missing key', async () => {
  const harness = createHarness({ render });
  expect(await harness.run(kvGet, { key: 'none' })).toBeUndefined();
  await expect(harness.run(kvGet, { key: 'none', errorOnMissing: true })).rejects.toThrow(
    "No value found for key 'none' in namespace 'company.team' and `errorOnMissing` is set to true",
  );
});
