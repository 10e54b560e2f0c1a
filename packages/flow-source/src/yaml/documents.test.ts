import { expect, it } from 'vitest';
import { splitDocuments } from './documents.ts';

it.each([
  ['a: 1', ['a: 1']],
  ['a: 1\n---\nb: 2\n', ['a: 1\n', 'b: 2\n']],
  ['---\na: 1\n--- \r\nb: 2', ['a: 1\n', 'b: 2']],
  ['# licence\n\n---\na: 1\n---\nb: 2', ['# licence\n\n---\na: 1\n', 'b: 2']],
  ['%YAML 1.2\n---\na: 1', ['%YAML 1.2\n---\na: 1']],
  ['# only a comment', ['# only a comment']],
  ['a: |\n  text\n  ---\nb: 2', ['a: |\n  text\n  ---\nb: 2']],
  ['---\n---\n', []],
])('%j', (source, documents) => {
  expect(splitDocuments(source)).toEqual(documents);
});
