import { parseFlow, describeProblem } from '@tiercel/flow-source';
import { pluginSchema } from '@tiercel/plugin-kit';
import { expect, test } from 'vitest';
import { builtInRegistry } from './registry.ts';

const registry = builtInRegistry();
const types = registry.all().map((definition) => [definition.type, definition] as const);

test.each(types)('%s has examples, and they are sound flows', (type, { examples = [] }) => {
  expect(examples.length).toBeGreaterThan(0);
  for (const { code, title } of examples) {
    expect(title).not.toBe('');
    expect(code).toContain(`type: ${type}`);
    const { problems } = parseFlow(code, { registry, tenant: 'main' });
    expect(problems.map(describeProblem)).toEqual([]);
  }
});

test.each(types)('%s says of each property what it is and whether it takes expressions', (_type, definition) => {
  const { properties, outputs } = pluginSchema(definition);
  for (const [name, schema] of Object.entries(properties.properties))
    expect(schema, name).toMatchObject({ title: expect.any(String), $dynamic: expect.any(Boolean) });
  for (const [name, schema] of Object.entries(outputs?.properties ?? {}))
    expect(schema, name).toMatchObject({ title: expect.any(String) });
});

test('every type is in one package', () => {
  expect(registry.packages().flatMap(({ definitions }) => definitions)).toEqual(registry.all());
});
