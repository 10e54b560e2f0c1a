import { expect, test } from 'vitest';
import { namespacePattern, namespaceSelection, outputSelection } from './globs.ts';

test.each([
  ['main.py', '/main.py', true],
  ['main.py', '/a/b/main.py', true],
  ['*.py', '/b.py', true],
  ['*.py', '/a/b.py', false],
  ['**/*.py', '/b.py', true],
  ['/main.py', '/main.py', true],
  ['/main.py', '/a/main.py', false],
  ['/a/*', '/a/b', true],
  ['/a/*', '/a/b/c', false],
  ['/a/**', '/a/b/c', true],
  ['**', '/.hidden/x', true],
  ['**/{a,b}.txt', '/x/b.txt', true],
  ['glob:/a/*', '/a/b', true],
  ['glob:**/*.py', '/a/b.py', true],
  ['regex:/a/\\d+', '/a/12', true],
  ['regex:/a/\\d+', '/a/12x', false],
])('the pattern %s on %s: %s', (pattern, path, matches) => {
  expect(namespacePattern(pattern)(path)).toBe(matches);
});

test('include and exclude', () => {
  expect(namespaceSelection()('/any')).toBe(true);
  expect(namespaceSelection([], ['*.txt'])('/a.txt')).toBe(false);
  expect(namespaceSelection(['*.txt'], ['secret.txt'])('/a.txt')).toBe(true);
  expect(namespaceSelection(['*.txt'], ['secret.txt'])('/secret.txt')).toBe(false);
  expect(namespaceSelection(['*.txt'])('/a.py')).toBe(false);
});

test('output globs are relative; what leads into the working directory is taken too', () => {
  const matches = outputSelection(['out.txt', './sub/*.csv', '/job/abs.txt', 'deep/**'], '/job');
  for (const path of ['out.txt', 'sub/a.csv', 'abs.txt', 'deep/a/b', 'deep/.hidden']) expect(matches(path)).toBe(true);
  for (const path of ['a/out.txt', 'sub/a/b.csv', 'other']) expect(matches(path)).toBe(false);
});
