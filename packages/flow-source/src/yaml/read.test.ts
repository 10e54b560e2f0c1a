import { describe, expect, it } from 'vitest';
import { describeProblem, type Path } from '../problem.ts';
import { readYaml } from './read.ts';

const SOURCE = `# a comment with a | and a >
id: "quoted # no comment" # a | b
'single': 'it''s'
empty:
block: | # with a > b
  first {{ x
    second
list:
  # | here too
  - >-
    folded
    text
  - &anchor !!str 12
  - *anchor
flow: {a: [1, 'two'], b: &m {c: 3}}
merged:
  <<: *m
  own: ü{{
`;

const documentOf = (source: string) => {
  const { document, problems } = readYaml(source);
  expect(problems).toEqual([]);
  return document!;
};

describe('places', () => {
  const { place, placeInside, textOf, value } = documentOf(SOURCE);

  it('the values are as meant', () => {
    expect(value).toEqual({
      id: 'quoted # no comment',
      single: "it's",
      empty: null,
      block: 'first {{ x\n  second\n',
      list: ['folded text', '12', '12'],
      flow: { a: [1, 'two'], b: { c: 3 } },
      merged: { own: 'ü{{', c: 3 },
    });
  });

  it.each<[Path, number, number]>([
    [[], 2, 1],
    [['id'], 2, 5],
    [['single'], 3, 11],
    [['empty'], 4, 6],
    [['block'], 5, 8],
    [['list'], 10, 3],
    [['list', 0], 10, 5],
    [['list', 1], 13, 19],
    [['list', 2], 14, 5],
    [['flow', 'a', 1], 15, 15],
    [['merged', 'c'], 15, 33],
    [['merged', 'nothing'], 17, 3],
  ])('of the value at %j', (path, line, column) => {
    expect(place(path)).toEqual({ line, column });
  });

  it('of keys, where there is one', () => {
    expect([place(['flow', 'a'], 'key'), place(['list', 0], 'key')]).toEqual([
      { line: 15, column: 8 },
      { line: 10, column: 5 },
    ]);
  });

  it('inside of texts: plain, quoted, block', () => {
    expect(placeInside(['merged', 'own'], 1, 2)).toEqual({ line: 18, column: 9 });
    expect(placeInside(['single'], 1, 1)).toEqual({ line: 3, column: 12 });
    expect(placeInside(['block'], 2, 3)).toEqual({ line: 7, column: 5 });
  });

  it.each([
    ['a: "one\\ntwo {{ x"', 2, 5, 1, 14],
    ['a: "\\u00e9\\t{{ x"', 1, 3, 1, 13],
    ["a: 'it''s {{ x'", 1, 6, 1, 11],
    ['a: >\n  one\n  two {{ x\n', 1, 9, 3, 7],
    ['a: >\n  one\n\n  two {{ x\n', 2, 5, 4, 7],
    ['a: |2\n    one\n  two {{ x\n', 2, 5, 3, 7],
    ['a: one\n  two\n  {{ x', 1, 9, 3, 3],
    ['a: "one\n  two {{ x"', 1, 9, 2, 7],
    ['a: &x "one {{ x"', 1, 5, 1, 12],
    ['a: ""', 1, 1, 1, 4],
  ])(
    'inside of %j, where what is written is longer than the text',
    (source, line, column, wantedLine, wantedColumn) => {
      expect(documentOf(source).placeInside(['a'], line, column)).toEqual({ line: wantedLine, column: wantedColumn });
    },
  );

  it('a scalar as it was written', () => {
    expect([textOf(['list', 1]), textOf(['flow', 'a', 0]), textOf(['flow'])]).toEqual(['12', '1', undefined]);
  });

  it('with line ends of Windows', () => {
    const windows = documentOf(SOURCE.replaceAll('\n', '\r\n'));
    expect(windows.value).toEqual(value);
    expect([windows.place(['list', 0]), windows.placeInside(['block'], 2, 3)]).toEqual([
      { line: 10, column: 5 },
      { line: 7, column: 5 },
    ]);
  });

  it('after a byte order mark', () => {
    expect(documentOf(`\uFEFFid: a`).value).toEqual({ id: 'a' });
  });
});

describe('lines between brackets and quotes', () => {
  it.each<[string, unknown]>([
    ['a:\n  b: [\n    "x",\n    y\n  ]\n  c: 1\n', { a: { b: ['x', 'y'], c: 1 } }],
    ['a: {\n  b: c\n}\nd: 1\n', { a: { b: 'c' }, d: 1 }],
    ['a:\n  - [\n1, # one\n{b:\nc}\n]\n  - 2\n', { a: [[1, { b: 'c' }], 2] }],
    ['a: "one\ntwo"\nb: 1\n', { a: 'one two', b: 1 }],
    ["a:\n    b: 'one\n    two\n\n  three'\n", { a: { b: 'one two\nthree' } }],
    ['a: [\r\n  1\r\n]\r\nb: 2\r\n', { a: [1], b: 2 }],
    ['a: [\n  "one\ntwo"\n]\n', { a: ['one two'] }],
    ['b: |\n  [\n  {\na: [\n1\n]\n', { b: '[\n{\n', a: [1] }],
  ])('may begin anywhere: %j', (source, value) => {
    expect(documentOf(source).value).toEqual(value);
  });

  it('may be many', () => {
    const items = Array.from({ length: 2000 }, (_, i) => `{"n": ${i}, "text": "it's [${i}"}`);
    const { value } = documentOf(`a:\n  b: [\n${items.join(',\n')}\n]\n  c: 1\n`) as { value: any };
    expect([value.a.b.length, value.a.b[1999], value.a.c]).toEqual([2000, { n: 1999, text: "it's [1999" }, 1]);
  });

  it('keep their places', () => {
    const { place, placeInside } = documentOf('a:\n  b: [\n  x,\n  "y {{ z"\n  ]\n  c: 1\n');
    expect([place(['a', 'b', 0]), placeInside(['a', 'b', 1], 1, 3), place(['a', 'c'])]).toEqual([
      { line: 3, column: 3 },
      { line: 4, column: 6 },
      { line: 6, column: 6 },
    ]);
  });

  it('that end nowhere are no YAML', () => {
    for (const source of ['a: [\n1\nb: 2\n', 'a: "x\ny\n', 'a: [\n]]\n'])
      expect(readYaml(source).problems).not.toEqual([]);
  });
});

describe('what is no YAML', () => {
  const told = (source: string) => readYaml(source).problems.map(describeProblem);

  it('all mistakes are told, each with its place', () => {
    const found = told('a: [1\nb: {c\nd: "x\n');
    expect(found.length).toBeGreaterThan(1);
    for (const problem of found) expect(problem).toMatch(/^Illegal flow yaml: .*\(line \d+, column \d+\)$/);
  });

  it('of a long source the first is told', () => {
    const found = told(`a: 1\n  b: [\n${'# long\n'.repeat(20_000)}`);
    expect(found).toEqual([expect.stringMatching(/^Illegal flow yaml: .*\(line 2, column 4\)$/)]);
  });

  it('a mistake that only the reader sees', () => {
    expect(told('a: b\u0007')).toEqual([
      'Illegal flow yaml: the stream contains non-printable characters (line 1, column 5)',
    ]);
  });
});
