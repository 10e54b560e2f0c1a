import { expect, it } from 'vitest';
import { splitDocuments } from './documents.ts';

it.each([
  ['a: 1', ['a: 1']],
  ['a: 1\n---\nb: 2\n', ['a: 1\n', 'b: 2\n']],
  ['---\na: 1\n--- \r\nb: 2', ['a: 1\n', 'b: 2']],
  ['# licence\n\n---\na: 1\n---\nb: 2', ['# licence\n\n---\na: 1\n', 'b: 2']],
  ['%YAML 1.2\n---\na: 1', ['%YAML 1.2\n---\na: 1']],
  ['# only a comment', ['# only a comment']],
  ['a: 1\n---\n# licence\n---\nb: 2\n', ['a: 1\n', '# licence\n---\nb: 2\n']],
  ['a: 1\n---\n%YAML 1.1\n--- \r\nb: 2\n---\nc: 3', ['a: 1\n', '%YAML 1.1\n--- \r\nb: 2\n', 'c: 3']],
  ['a: 1\n---\n# the end', ['a: 1\n', '# the end']],
  ['a: |\n  text\n  ---\nb: 2', ['a: |\n  text\n  ---\nb: 2']],
  ['---\n---\n', []],
])('%j', (source, documents) => {
  expect(splitDocuments(source)).toEqual(documents);
});
