import { expect, test } from 'vitest';
import { analyse, analyseStructure, ExpressionError } from './index.ts';

test.each([
  [
    "{{ outputs.t[taskrun.value].x ?? inputs['a'] }}",
    [
      ['outputs', 't', { valueOf: ['taskrun', 'value'] }, 'x'],
      ['taskrun', 'value'],
      ['inputs', 'a'],
    ],
  ],
  [
    '{{ outputs.t[parents[0].taskrun.value][taskrun.value].x }}',
    [
      ['outputs', 't', { valueOf: ['parents', '0', 'taskrun', 'value'] }, { valueOf: ['taskrun', 'value'] }, 'x'],
      ['taskrun', 'value'],
      ['parents', '0', 'taskrun', 'value'],
    ],
  ],
  [
    '{{ outputs.t[vars.a ~ vars.b].x }}',
    [
      ['outputs', 't'],
      ['vars', 'a'],
      ['vars', 'b'],
    ],
  ],
  ['{{ outputs.a.b }} {{ outputs.a }}', [['outputs', 'a']]],
  [
    '{% for e in outputs.list %}{{ e.x }}{{ loop.index }}{{ vars.y }}{% endfor %}',
    [
      ['outputs', 'list'],
      ['vars', 'y'],
    ],
  ],
  ['{% set a = inputs.x %}{{ a.b }}', [['inputs', 'x']]],
  ['{{ a }}{% set a = 1 %}{{ a }}', [['a']]],
  ['{% if inputs.x %}{% set a = 1 %}{% endif %}{{ a }}', [['inputs', 'x'], ['a']]],
  ['{% macro m(p) %}{{ p.q }}{{ hidden }}{% endmacro %}{{ m(outputs.z) }}', [['outputs', 'z']]],
  ['{{ outputs.x.size() }}', [['outputs', 'x']]],
  [
    "{{ (outputs.x | jq('.a'))[vars.n] }}",
    [
      ['outputs', 'x'],
      ['vars', 'n'],
    ],
  ],
  ['{{ "#{inputs.a}" }}', [['inputs', 'a']]],
  ['{{ currentEachOutput(outputs.t) }}', [['parents'], ['taskrun', 'value'], ['outputs', 't']]],
  ['{% raw %}{{ a }}{% endraw %}{{ b }}', [['b']]],
  ['{{ vars.l[0] }}', [['vars', 'l', '0']]],
  ['no expression', []],
])('%s', (template, paths) => {
  expect(analyse(template).paths).toEqual(paths);
  expect(analyse(template).dynamic).toBe(false);
});

test('functions that can see everything make a template dynamic', () => {
  expect(analyse('{{ render(vars.a) }}').dynamic).toBe(true);
  expect(analyse('{{ printContext() }}').dynamic).toBe(true);
  expect(analyse('{% macro m() %}{{ renderOnce("x") }}{% endmacro %}').dynamic).toBe(true);
});

test('functions, filters and the need of I/O are told', () => {
  const use = analyse("{{ secret('a') | upper | jq('.') }}{% filter lower %}x{% endfilter %}");
  expect([...use.functions]).toEqual(['secret']);
  expect([...use.filters]).toEqual(expect.arrayContaining(['upper', 'jq', 'lower']));
  expect(use.io).toBe(true);
  expect(analyse('{{ now() }}').io).toBe(false);
});

test('a structure is analysed with all of its texts and keys', () => {
  const use = analyseStructure({ '{{ vars.k }}': [{ a: '{{ inputs.x }}' }, '{{ inputs.x.y }}'], n: 1 });
  expect(use.paths).toEqual([
    ['vars', 'k'],
    ['inputs', 'x'],
  ]);
});

test('a syntax error is raised', () => {
  expect(() => analyse('{{ 1 + }}')).toThrow(ExpressionError);
});

test.each([
  ['{{ a.b ?? c }}{{ d | default(e) }}{{ f is defined }}', [['e']]],
  ['{{ a and b }}{{ c ? d : e }}', [['a'], ['c']]],
  ['{% if a %}{{ b }}{% elseif c %}x{% else %}{{ d }}{% endif %}{{ b }}', [['a'], ['b']]],
  ['{% for x in a %}{{ b }}{% endfor %}', [['a']]],
  ['{{ (a.b | upper) ?? c }}{{ d + e }}', [['d'], ['e']]],
])('what %s reads for sure', (template, needed) => {
  expect(analyse(template).needed).toEqual(needed);
});
