import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { renderText } from './index.ts';
import { filters, functions } from './registry.ts';
import { testEnv } from './testing.ts';
import { tests } from './tests.ts';

const page = readFileSync(new URL('../../../docs/expressions.md', import.meta.url), 'utf8');

interface Row {
  readonly name: string;
  /** Undefined without brackets, null for any number of arguments. */
  readonly params: readonly string[] | null | undefined;
  readonly example: string;
  readonly gives: string;
}

const code = (cell = ''): string => cell.trim().replace(/^`|`$/g, '').replaceAll('\\|', '|');

/** The rows of the table below a heading of docs/expressions.md. */
function rowsOf(heading: string): Row[] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) => {
    const [, first = '', , example = '', gives = ''] = line.split(/(?<!\\)\|/);
    const [, name = '', list] = /^(\w+)(?:\((.*)\))?$/.exec(code(first)) ?? [];
    const params = list?.split(', ').map((param) => param.split('=')[0]!);
    return {
      name,
      params: list === '…' ? null : list === '' ? [] : params,
      example: code(example),
      gives: code(gives),
    };
  });
}

const paramsOf = (
  definitions: ReadonlyMap<string, { readonly params: readonly string[] | null }>,
): Map<string, readonly string[] | null> => new Map([...definitions].map(([name, { params }]) => [name, params]));

describe.each([
  ['Filters', paramsOf(filters).set('default', ['default'])],
  ['Functions', paramsOf(functions)],
])('docs/expressions.md: %s', (heading, definitions) => {
  const rows = rowsOf(heading);

  test('are those of the registry, with their arguments', () => {
    const written = rows.map(({ name, params }) => [name, params ?? null]);
    const known = [...definitions];
    const byName = ([a]: unknown[], [b]: unknown[]): number => (String(a) < String(b) ? -1 : 1);
    expect(written.toSorted(byName)).toEqual(known.toSorted(byName));
  });

  test.each(rows.filter(({ example }) => example !== ''))('$example', ({ example, gives }) => {
    expect(renderText(example, {}, testEnv())).toBe(gives);
  });
});

test('docs/expressions.md has every test, with an example that holds', () => {
  const rows = rowsOf('Tests');
  expect(rows.map(({ name }) => name).toSorted()).toEqual([...tests.keys(), 'defined'].toSorted());
  for (const { example, gives } of rows) expect(renderText(example, {}, testEnv())).toBe(gives);
});
