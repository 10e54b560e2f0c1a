import { describe, expect, test } from 'vitest';
import { analyse, ExpressionError } from './index.ts';
import { render } from './testing.ts';

/** Templates that must end quickly, with an error of the kind `limit` or with a result, and never by exhausting the host. */
const DOUBLING = 'for i in 1..100';

function deepList(): unknown {
  let value: unknown = [];
  for (let depth = 0; depth < 50_000; depth += 1) value = [value];
  return value;
}

const HOSTILE: Readonly<Record<string, string>> = {
  brackets: `{{ ${'('.repeat(20_000)}1${')'.repeat(20_000)} }}`,
  lists: `{{ ${'['.repeat(20_000)}${']'.repeat(20_000)} }}`,
  signs: `{{ ${'-'.repeat(20_000)}1 }}`,
  sums: `{{ 1${'+1'.repeat(20_000)} }}`,
  attributes: `{{ vars${'.a'.repeat(20_000)} }}`,
  filters: `{{ 'a'${' | upper'.repeat(20_000)} }}`,
  tags: '{% if true %}'.repeat(2000) + '{% endif %}'.repeat(2000),
  interpolations: `{{ ${'"#{'.repeat(2000)}1${'}"'.repeat(2000)} }}`,
  tokens: '{{ 1 }}'.repeat(200_000),
  range: '{{ range(1, 1000000000) }}',
  loops: '{% for a in 1..10000 %}{% for b in 1..10000 %}x{% endfor %}{% endfor %}',
  doubling: `{% set a = 'x' %}{% ${DOUBLING} %}{% set a = a ~ a %}{% endfor %}`,
  interpolatedDoubling: `{% set a = 'x' %}{% ${DOUBLING} %}{% set a = "#{a}#{a}" %}{% endfor %}`,
  listDoubling: `{% set a = [1] %}{% ${DOUBLING} %}{% set a = a + a %}{% endfor %}`,
  sharedPrinted: `{% set a = [1] %}{% ${DOUBLING} %}{% set a = [a, a] %}{% endfor %}{{ a }}`,
  sharedRendered: `{% set a = [1] %}{% ${DOUBLING} %}{% set a = [a, a] %}{% endfor %}{{ render(a) }}`,
  sharedCompared: `{% set a = [1] %}{% set b = [1] %}{% ${DOUBLING} %}{% set a = [a, a] %}{% set b = [b, b] %}{% endfor %}{{ a == b }}`,
  sharedAsYaml: `{% set a = [1] %}{% ${DOUBLING} %}{% set a = [a, a] %}{% endfor %}{{ a | yaml }}`,
  replaceGrowth: `{% set a = 'x' %}{% ${DOUBLING} %}{% set a = a | replace({'x': 'xx'}) %}{% endfor %}`,
  indent: "{{ 'a' | indent(1000000000) }}",
  numbers: '{% set a = fromJson("99999999999999999999") %}{% for i in 1..100 %}{% set a = a * a %}{% endfor %}',
  macros: '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}',
  macroTree: '{% macro m(n) %}{% if n > 0 %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(90) }}',
  blocks: "{% block a %}{{ block('a') }}{% endblock %}",
  deepPrinted: '{{ vars.deep }}',
  deepText: "{{ vars.deep ~ '' }}",
  deepJq: "{{ vars.deep | jq('.') }}",
  deepJson: `{{ fromJson('${'['.repeat(50_000)}') }}`,
  deepYaml: `{{ yaml('${'['.repeat(50_000)}') }}`,
  deepYamlDashes: `{{ yaml('${'- '.repeat(20_000)}x') }}`,
  deepIon: `{{ fromIon('${'['.repeat(50_000)}') }}`,
  jqRange: "{{ 1 | jq('[range(1; 1e12)]') }}",
  jqSelf: "{{ 1 | jq('def f: f; f') }}",
  jqUntil: "{{ 1 | jq('until(false; .)') }}",
  jqDoubling: `{{ '"x"' | jq('until(false; . + .)') }}`,
  jqIndex: "{{ [] | jq('.[1e9] = 1') }}",
  renderGrowth: '{{ render(vars.grows) }}',
  longSearch: '{% for i in 1..1000 %}{% set b = vars.text.lastIndexOf(vars.nearly) %}{% endfor %}',
  subtraction: '{{ vars.texts - vars.others }}',
  yamlLines: '{{ yaml(vars.lines) }}',
  longNumber: '{{ fromJson(vars.digits) }}',
  regexWork: "{{ vars.text | regexMatch('[a-q][^u-z]{13}x') }}",
};

describe('hostile templates end with a limit', () => {
  const vars = {
    deep: deepList(),
    grows: '{{ vars.grows }}x{{ vars.grows }}',
    text: 'x'.repeat(900_000),
    nearly: `${'x'.repeat(300_000)}y`,
    texts: Array.from({ length: 20_000 }, (_, index) => `a${index}`),
    others: Array.from({ length: 20_000 }, (_, index) => `b${index}`),
    lines: `a: |\n${'  x\n'.repeat(30_000)}`,
    digits: '9'.repeat(5000),
  };
  for (const [name, template] of Object.entries(HOSTILE)) {
    test(name, () => {
      let error: unknown;
      try {
        render(template, vars, { limits: { maxSteps: 200_000, maxOutput: 1_000_000 } });
      } catch (raised) {
        error = raised;
      }
      expect(error).toBeInstanceOf(ExpressionError);
      expect((error as ExpressionError).kind).toBe('limit');
    });
  }
});

test('patterns that would explode elsewhere take linear time', () => {
  const vars = { s: `${'a'.repeat(50_000)}b` };
  expect(render("{{ vars.s | regexMatch('^(a+)+$') }}", vars)).toBe('false');
  expect(render("{{ vars.s.matches('(a|a)*c') }}", vars)).toBe('false');
});

test('a pattern whose counted repetitions would fill the memory is refused', () => {
  for (const pattern of ['a{1000}'.repeat(100), '((a{100}){10}){10}', `(${'[a-z]{9}'.repeat(9)}){99}`]) {
    expect(() => render('{{ vars.s | regexMatch(vars.p) }}', { s: 'x', p: pattern })).toThrow('repeat');
  }
  expect(render("{{ vars.s | regexMatch('^(\\p{L}{2,3}[)(]{1}\\{){2}$') }}", { s: 'ab({cd){' })).toBe('true');
});

test('what the bounds of one rendering cut off is whole in another', () => {
  const template = `{{ ${Array.from({ length: 400 }, (_, index) => index).join(' + ')} }}`;
  expect(() => render(template, {}, { limits: { maxSteps: 100 } })).toThrow('100 steps');
  expect(render(template)).toBe('79800');
});

test('unclosed parts are found in linear time', () => {
  for (const template of ['{#'.repeat(50_000), '{% verbatim %}'.repeat(50_000), `{{ "${'\\"'.repeat(100_000)}`]) {
    expect(() => analyse(template)).toThrow(ExpressionError);
  }
});

test('the bounds can be set', () => {
  expect(() => render('{{ vars.s }}', { s: 'abcdef' }, { limits: { maxOutput: 5 } })).toThrow('longer than 5');
  expect(() => render('{% for i in 1..2000 %}{% endfor %}', {}, { limits: { maxSteps: 1000 } })).toThrow('1000 steps');
  let time = 0;
  const clock = (): number => (time += 100);
  expect(() => render('{% for i in 1..100000 %}{% endfor %}', {}, { clock, limits: { maxMillis: 1000 } })).toThrow(
    '1000 ms',
  );
});
