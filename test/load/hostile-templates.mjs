// Templates that try to hold the process: each must end at its time limit, whatever it does.
import { repeat, loop, doubled, grown, LONG } from './hostile-pieces.mjs';
import { dates, formats, jqs, numbers } from './hostile-values.mjs';

const nesting = () => ({
  brackets: `{{ ${repeat('(', 200_000)}1${repeat(')', 200_000)} }}`,
  lists: `{{ ${repeat('[', 200_000)}${repeat(']', 200_000)} }}`,
  maps: `{{ ${repeat("{'a':", 100_000)}1${repeat('}', 100_000)} }}`,
  signs: `{{ ${repeat('-', 500_000)}1 }}`,
  nots: `{{ ${repeat('not ', 100_000)}true }}`,
  sums: `{{ 1${repeat('+1', 300_000)} }}`,
  tildes: `{{ 'a'${repeat("~'a'", 100_000)} }}`,
  ternaries: `{{ ${repeat('true ? ', 50_000)}1${repeat(' : 2', 50_000)} }}`,
  attributes: `{{ vars${repeat('.a', 200_000)} }}`,
  subscripts: `{{ vars${repeat('[vars', 50_000)}${repeat(']', 50_000)} }}`,
  filters: `{{ 'a'${repeat('|upper', 100_000)} }}`,
  calls: `{{ ${repeat('max(', 50_000)}1${repeat(')', 50_000)} }}`,
  ifs: repeat('{% if true %}', 50_000),
  macrosInMacros: repeat('{% macro m() %}', 50_000),
  filterTags: repeat('{% filter upper %}', 50_000),
  interpolations: `{{ ${repeat('"#{', 50_000)}1${repeat('}"', 50_000)} }}`,
  elseifs: `{% if false %}${repeat('{% elseif false %}a', 60_000)}{% endif %}`,
  manyPrints: repeat('{{ 1 }}', 140_000),
  manyMacros: Array.from({ length: 20_000 }, (_, i) => `{% macro m${i}() %}{% endmacro %}`).join(''),
  longText: `${repeat('x', 9_000_000)}{{ 1 }}`,
  longLiteral: `{{ '${repeat('x', 9_000_000)}' }}`,
  longName: `{{ ${repeat('x', 5_000_000)} }}`,
  longNumber: `{{ ${repeat('9', 1_000_000)} }}`,
  longDecimal: `{{ 1.${repeat('9', 5_000_000)} }}`,
  longComment: `{#${repeat(' #', 2_000_000)}`,
  openings: repeat('{', 5_000_000),
  openPrints: repeat('{{', 2_000_000),
  spaces: `{{${repeat(' ', 5_000_000)}1 }}`,
  trimmed: `${repeat(' ', 3_000_000)}x${repeat(' ', 3_000_000)}{{- 1 -}}${repeat(' ', 3_000_000)}x`,
  rawBlocks: `${repeat('{% raw %}', 300_000)}{% endraw %}`,
  rawTags: repeat('{%-------', 500_000) + '{% endraw %}',
  rawDashes: `{%${repeat('-', 2_000_000)} {% endraw %}{{ 1 }}`,
  verbatims: repeat('{% verbatim %}', 200_000),
  quotes: `{{ "${repeat('\\"', 1_000_000)}`,
  numberSigns: `{{ "${repeat('#', 3_000_000)}`,
});

const loops = () => ({
  loops: '{% for a in 1..1000000 %}{% for b in 1..1000000 %}x{% endfor %}{% endfor %}',
  emptyLoops: '{% for a in 1..1000 %}{% for b in 1..1000 %}{% for c in 1..1000 %}{% endfor %}{% endfor %}{% endfor %}',
  range: '{{ range(1, 1000000000) }}',
  ranges: loop('{% set a = range(1, 1000000) %}'),
  doubling: doubled(100),
  interpolatedDoubling: '{% set a = "x" %}{% for i in 1..100 %}{% set a = "#{a}#{a}" %}{% endfor %}',
  listDoubling: grown(100),
  mapDoubling: `{% set a = {'x': 1} %}{% for i in 1..30 %}{% set a = {'a': a, 'b': a} | toJson ~ '' %}{% endfor %}`,
  replaceGrowth: "{% set a = 'x' %}{% for i in 1..100 %}{% set a = a | replace({'x': 'xx'}) %}{% endfor %}",
  macros: '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}',
  macroTree: '{% macro m(n) %}{% if n > 0 %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(90) }}',
  macroDefaults: '{% macro m(a=m()) %}{% endmacro %}{{ m() }}',
  blocks: "{% block a %}{{ block('a') }}{{ block('a') }}{% endblock %}",
  renderSelf: { template: '{{ render(vars.self) }}', variables: { self: '{{ render(vars.self) }}' } },
  renderTree: { template: '{{ render(vars.a) }}', variables: { a: '{{ vars.a }}{{ vars.a }}' } },
  renderOnceTree: {
    template: '{{ renderOnce(vars.a) }}',
    variables: { a: '{{ renderOnce(vars.a) }}{{ renderOnce(vars.a) }}' },
  },
  renderParses: loop(`{{ renderOnce('{' ~ '{ ' ~ i ~ '${repeat('+1', 700)} }' ~ '}') }}`),
  renderBad: loop("{{ (renderOnce('{' ~ '{ vars.x' ~ i ~ ' ?? 1 }' ~ '}')) }}"),
  undefinedCaught: loop('{{ (vars.none | upper) ?? "" }}'),
  subtraction: grown(17, "['a', 'b', 'c']") + '{{ (a | distinct) - a }}',
  subtractionOfTexts: { template: '{{ vars.a - vars.b }}', variables: texts(60_000) },
  containsTexts: { template: '{{ vars.a contains vars.b }}', variables: texts(60_000) },
  distinctNumbers: '{{ range(1, 100000) | distinct }}',
  distinctTexts: { template: '{{ (vars.a + vars.b) | distinct | length }}', variables: texts(60_000) },
  distinctBooleans: loop('{{ a | distinct }}', grown(16, '[true, false]')),
  setOfLists: loop('{{ a | sort }}', grown(18, "['b', 'a']")),
});

function texts(count) {
  return { a: Array.from({ length: count }, (_, i) => `a${i}`), b: Array.from({ length: count }, (_, i) => `b${i}`) };
}

const strings = () => ({
  containsPeriodic: {
    template: '{{ vars.a contains vars.b }}',
    variables: { a: LONG, b: `${'a'.repeat(150_000)}b${'a'.repeat(150_000)}` },
  },
  indexOfPeriodic: {
    template: '{{ vars.a.indexOf(vars.b) }}',
    variables: { a: LONG, b: `${'a'.repeat(150_000)}b${'a'.repeat(150_000)}` },
  },
  lastIndexOfPeriodic: {
    template: '{{ vars.a.lastIndexOf(vars.b) }}',
    variables: { a: LONG, b: `${'a'.repeat(300_000)}b` },
  },
  replacePeriodic: {
    template: '{{ vars.a | replace({vars.b: "x"}) | length }}',
    variables: { a: LONG, b: `${'a'.repeat(150_000)}b${'a'.repeat(150_000)}` },
  },
  substringBeforePeriodic: {
    template: '{{ vars.a | substringBefore(vars.b) | length }}',
    variables: { a: LONG, b: `${'a'.repeat(150_000)}b${'a'.repeat(150_000)}` },
  },
  substringAfterLastPeriodic: {
    template: '{{ vars.a | substringAfterLast(vars.b) | length }}',
    variables: { a: LONG, b: `${'a'.repeat(300_000)}b` },
  },
  splitPeriodic: {
    template: '{{ vars.a | split(vars.b) | length }}',
    variables: { a: LONG, b: `${'a'.repeat(150_000)}b${'a'.repeat(150_000)}` },
  },
  startsWithMany: loop('{% set b = vars.a | startsWith(vars.a) %}', ''),
  trimSpaces: { template: '{{ vars.a | trim | length }}', variables: { a: `x${' '.repeat(5_000_000)}x` } },
  trimMethod: { template: '{{ vars.a.trim() | length }}', variables: { a: `x${' '.repeat(1_000_000)}x` } },
  stripMethod: { template: '{{ vars.a.strip() | length }}', variables: { a: `x${' '.repeat(1_000_000)}x` } },
  slugifyDashes: { template: '{{ vars.a | slugify | length }}', variables: { a: `x${'-_ '.repeat(1_000_000)}x` } },
  slugifyAccents: { template: '{{ vars.a | slugify | length }}', variables: { a: 'é\u0301'.repeat(1_000_000) } },
  titleSpaces: { template: '{{ vars.a | title | length }}', variables: { a: ' '.repeat(5_000_000) } },
  capitalizeSpaces: { template: '{{ vars.a | capitalize | length }}', variables: { a: ' '.repeat(5_000_000) } },
  upperLong: { template: loop('{% set b = vars.a | upper %}'), variables: { a: LONG } },
  lowerMethod: { template: loop('{% set b = vars.a.toLowerCase() %}'), variables: { a: LONG } },
  replaceMethod: { template: loop("{% set b = vars.a.replace('a', 'b') %}"), variables: { a: LONG } },
  ignoreCase: { template: loop('{% set b = vars.a.equalsIgnoreCase(vars.a) %}'), variables: { a: LONG } },
  equalLong: {
    template: loop('{% set b = vars.a == vars.b %}'),
    variables: { a: `${LONG}x`, b: `${LONG}y` },
  },
  compareInSort: {
    template: loop('{% set b = vars.a | sort %}'),
    variables: { a: Array.from({ length: 2000 }, (_, i) => `${'a'.repeat(20_000)}${(i * 7919) % 2000}`) },
  },
  startsWithLong: {
    template: loop('{% set b = vars.a | startsWith(vars.b) %}'),
    variables: { a: LONG, b: 'a'.repeat(4_000_000) },
  },
  containsLong: { template: loop("{% set b = vars.a contains 'b' %}"), variables: { a: LONG } },
  substrings: { template: loop("{% set b = vars.a | substringAfterLast('b') %}"), variables: { a: LONG } },
  urlencode: { template: loop('{% set b = vars.a | urlencode %}'), variables: { a: 'ü'.repeat(1_000_000) } },
  urldecode: { template: loop('{% set b = vars.a | urldecode %}'), variables: { a: '%C3%BC'.repeat(1_000_000) } },
  base64: {
    template: loop('{% set b = vars.a | base64encode | base64decode %}'),
    variables: { a: 'ü'.repeat(1_000_000) },
  },
  base64growth: doubled(22).replace('a ~ a', 'a ~ a | base64encode') + '{{ a | length }}',
  hashes: { template: loop('{% set b = vars.a | sha512 %}'), variables: { a: LONG } },
  md5: { template: loop('{% set b = vars.a | md5 %}'), variables: { a: LONG } },
  sha1: { template: loop('{% set b = vars.a | sha1 %}'), variables: { a: LONG } },
  encrypts: {
    template: loop("{% set b = encrypt('MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=', vars.a) %}"),
    variables: { a: LONG },
  },
  indent: "{{ 'a' | indent(1000000000) }}",
  indentLines: { template: '{{ vars.a | indent(900) | length }}', variables: { a: '\n'.repeat(1_000_000) } },
  indentPrefix: { template: "{{ 'a\nb' | nindent(9007199254740991, vars.a) }}", variables: { a: LONG } },
  indentSafeLoop: { template: loop('{% set b = vars.a | indent(8) %}'), variables: { a: 'a\n'.repeat(500_000) } },
  abbreviate: "{{ 'abc' | abbreviate(9007199254740991) }}",
  repeatMethod: "{{ 'a'.repeat(9007199254740991) }}",
  nanoId: loop('{% set b = nanoId(10000) %}'),
  nanoAlphabet: { template: loop('{% set b = nanoId(1, vars.a) %}'), variables: { a: LONG } },
  uuids: loop('{% set b = uuid() %}'),
  ids: loop('{% set b = id() %}'),
  escapes: { template: loop("{% set b = vars.a | escapeChar('shell') %}"), variables: { a: "'".repeat(1_000_000) } },
  joins: { template: loop('{% set b = a | join(vars.b) %}', grown(16, "['x']")), variables: { b: 'yyyyyyyyyy' } },
  charAts: { template: loop('{% set b = vars.a.charAt(i) %}'), variables: { a: LONG } },
  jsonOfLong: { template: loop('{% set b = vars.a | toJson %}'), variables: { a: '"'.repeat(1_000_000) } },
  editDistance: {
    template: `{{ vars.${'a'.repeat(20_000)} }}`,
    variables: Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`${'b'.repeat(20_000)}${i}`, 1])),
  },
});

const regexes = () => {
  const on = (pattern, input, filter = 'regexMatch') => ({
    template: `{{ vars.a | ${filter}(vars.p${filter === 'regexReplace' ? ", 'y'" : ''}) }}`,
    variables: { a: input, p: pattern },
  });
  const million = 'x'.repeat(1_000_000);
  return {
    regexBacktracking: on('(a+)+$', `${'a'.repeat(1_000_000)}b`),
    regexAlternatives: on('(a|a)*c', LONG),
    regexStates: on('[a-q][^u-z]{200}x', million),
    regexManyStates: on('(x?){500}x{500}y', million),
    regexNested: on('((x{0,10}){0,10}){0,10}y', million),
    regexLazy: on('(.*?,){30}z', ','.repeat(100_000)),
    regexUnicode: on('(\\p{L}|\\p{N}|\\p{P}){400}z', million),
    regexCaseless: on('(?i)(x|X|ẍ){300}z', million),
    regexLookbehind: on('(?<=x{300})y', million),
    regexLookbehinds: on('(?<=x)(?<=xx)(?<=xxx)x', million, 'regexReplace'),
    regexEmptyMatches: on('', million, 'regexReplace'),
    regexEmptyAlternatives: on('|x|', million, 'regexReplace'),
    regexGroups: on('(((((((((x)))))))))', million, 'regexReplace'),
    regexManyMatches: on('x', million, 'regexReplace'),
    regexFarLiteral: on('x[^]{0,50}?y', million, 'regexReplace'),
    regexPrefilter: on('(?:xa|x[^]*)z?', `${million}za`, 'regexReplace'),
    regexHuge: on('a{1000}'.repeat(500), million),
    regexHugeGroups: on(`(${'(a|b){10}'.repeat(100)}){10}`, million),
    regexManyGroups: on('(x)'.repeat(1300), million),
    regexManyAlternatives: on(Array.from({ length: 700 }, (_, i) => `x${i}`).join('|'), million),
    regexClasses: on('[a-zà-ÿ]'.repeat(500), million),
    regexCaselessClasses: on(`(?i)${'[a-zà-ÿ]'.repeat(500)}`, million),
    regexBrackets: on(`${'('.repeat(2000)}x${')'.repeat(2000)}`, million),
    regexStars: on(`${'(?:'.repeat(900)}x${'*)'.repeat(900)}`, million),
    regexCompiles: loop("{% set b = 'x' | regexMatch('(a|b|c){300}' ~ i) %}"),
    regexFails: loop("{% set b = 'x' | regexMatch('(a|b|c){300}(' ~ i) ?? 1 %}"),
    regexLoop: { template: loop("{% set b = vars.a | regexMatch('x{50}y') %}"), variables: { a: million } },
    replaceCatastrophic: {
      template: "{{ vars.a | replace({'(a*)*b': 'x'}, regexp=true) | length }}",
      variables: { a: 'a'.repeat(200_000) },
    },
    replaceQuadratic: {
      template: "{{ vars.a | replace({'a*b': 'x'}, regexp=true) | length }}",
      variables: { a: 'a'.repeat(200_000) },
    },
    splitQuadratic: { template: "{{ vars.a | split('a*b') | length }}", variables: { a: 'a'.repeat(200_000) } },
    splitEmpty: { template: "{{ vars.a | split('') | length }}", variables: { a: million } },
    splitLiteral: { template: "{{ vars.a | split('x') | length }}", variables: { a: LONG.replaceAll('a', 'x') } },
    matchesMethod: { template: "{{ vars.a.matches('(.*)*y') }}", variables: { a: million } },
    replaceAllMethod: { template: "{{ vars.a.replaceAll('(.*)*y', 'z') | length }}", variables: { a: million } },
    jqTest: { template: `{{ vars.a | toJson | jq('test("(x+)+y")') }}`, variables: { a: million } },
    jqMatchGlobal: { template: `{{ vars.a | toJson | jq('[match("x";"g")] | length') }}`, variables: { a: million } },
    jqGsub: { template: `{{ vars.a | toJson | jq('gsub("x";"yy")') }}`, variables: { a: million } },
    jqSplitRegex: { template: `{{ vars.a | toJson | jq('[splits("x")] | length') }}`, variables: { a: million } },
  };
};

/** Every template by name: a text, or a text with variables. */
export function hostile() {
  const all = {
    ...nesting(),
    ...loops(),
    ...strings(),
    ...regexes(),
    ...numbers(),
    ...dates(),
    ...formats(),
    ...jqs(),
  };
  return Object.fromEntries(
    Object.entries(all).map(([name, one]) => [name, typeof one === 'string' ? { template: one } : one]),
  );
}
