import { expect, test } from 'vitest';
import * as layout from './layout.ts';

const place = { namespace: 'company.team', flowId: 'My_Flow', executionId: 'abc' };

test('paths of execution-semantics.md §13.2', () => {
  expect(layout.executionRoot(place)).toBe('/company/team/my-flow/executions/abc');
  expect(layout.inputFile(place, 'file', 'a.csv')).toBe('/company/team/my-flow/executions/abc/inputs/file/a.csv');
  expect(layout.taskRunFolder(place, 'my_task', 'run')).toBe('/company/team/my-flow/executions/abc/tasks/my-task/run');
  expect(layout.triggerFolder(place, 'watch')).toBe('/company/team/my-flow/executions/abc/trigger/watch');
  expect(layout.namespaceFile('company.team', 'a/b.py')).toBe('/company/team/_files/a/b.py');
  expect(layout.namespaceFile('company.team', '/a/b.py')).toBe('/company/team/_files/a/b.py');
});

test('addresses and paths', () => {
  expect(layout.toUri('/a/b')).toBe('kestra:///a/b');
  expect(layout.fromUri('kestra:///a/b')).toBe('/a/b');
  for (const bad of ['/a', 'file:///a', 'kestra://host/a', 'kestra:///a/../b', 'kestra:///a\\b', '']) {
    expect(() => layout.fromUri(bad)).toThrow(expect.objectContaining({ code: 'bad-path' }));
  }
});

test('a folder of one execution does not hold that of another with a longer id', () => {
  expect(layout.isBelow('/a/b', '/a/b')).toBe(true);
  expect(layout.isBelow('/a/b/c', '/a/b')).toBe(true);
  expect(layout.isBelow('/a/bc', '/a/b')).toBe(false);
});

test('file names that cannot stand in a path are made safe', () => {
  expect(layout.safeFileName('a b/c?.txt')).toBe('a_b_c_.txt');
  expect(layout.safeFileName('..')).toBe('_');
  expect(layout.safeFileName('')).toBe('_');
  expect(layout.safeFileName('été_2024-01.csv')).toBe('été_2024-01.csv');
});
