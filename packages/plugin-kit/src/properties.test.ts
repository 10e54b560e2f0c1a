import { expect, test } from 'vitest';
import { z } from 'zod';
import { duration, dynamicText, dynamicTexts, taskList } from './properties.ts';

test('texts take scalars of the YAML as their text and nothing else', () => {
  expect(dynamicText('t').parse(42)).toBe('42');
  expect(dynamicText('t').parse(false)).toBe('false');
  expect(dynamicTexts('t').parse(['a', 1])).toEqual(['a', '1']);
  expect(dynamicText('t').safeParse({}).success).toBe(false);
  expect(dynamicText('t').safeParse(null).success).toBe(false);
  expect(dynamicTexts('t', undefined, 1).safeParse([]).success).toBe(false);
});

test.each(['PT10S', 'P1D', 'P1DT2H3M4.5S', 'PT0.5S', 10, '60.5', '{{ inputs.wait }}'])(
  '%j can be a duration',
  (value) => {
    expect(duration('d').safeParse(value).success).toBe(true);
  },
);

test.each(['10 minutes', 'P', 'PT', 'P1M', '', '-5'])('%j is refused as a duration', (value) => {
  expect(duration('d').safeParse(value).success).toBe(false);
});

test('every kind of property has a JSON Schema', () => {
  const schema = z.object({ a: dynamicText('A'), b: duration('B').optional(), c: taskList('C', 1) });
  expect(z.toJSONSchema(schema, { io: 'input' })).toMatchObject({
    properties: { a: { type: 'string', title: 'A', $dynamic: true }, b: { type: 'string', format: 'duration' } },
    required: ['a', 'c'],
  });
});
