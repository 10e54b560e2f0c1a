import { expect, test } from 'vitest';
import { slugify } from './slugify.ts';

test.each([
  ['my_task', 'my-task'],
  ['My Task', 'my-task'],
  ['été à Paris', 'ete-a-paris'],
  ['a__b--c', 'a-b-c'],
  ['-x-', 'x'],
  ['a.b/c', 'abc'],
  ['', ''],
])('%j becomes %j', (text, slug) => {
  expect(slugify(text)).toBe(slug);
});
