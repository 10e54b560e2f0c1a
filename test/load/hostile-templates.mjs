// Templates that try to hold the process: each must end at its time limit, whatever it does.

const repeat = (text, count) => text.repeat(count);
const FOREVER = 'for i in 1..1000000';
const loop = (body, before = '') => `${before}{% ${FOREVER} %}${body}{% endfor %}`;
const doubled = (times, start = "'a'") =>
  `{% set a = ${start} %}{% for i in 1..${times} %}{% set a = a ~ a %}{% endfor %}`;
/** `a` is a list of 2^times elements. */
const grown = (times, start = '[1]') =>
  `{% set a = ${start} %}{% for i in 1..${times} %}{% set a = a + a %}{% endfor %}`;
/** `a` holds itself twice at each of 2^100 places, in a hundred objects. */
const SHARED = "{% set a = ['x'] %}{% for i in 1..100 %}{% set a = [a, a] %}{% endfor %}";
const SHARED_MAP = "{% set a = {'k': 1} %}{% for i in 1..100 %}{% set a = {'l': a, 'r': a} %}{% endfor %}";
const jq = (program, input = 'null') => `{{ fromJson('${input}') ?? 1 | jq('${program}') }}`;

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

const LONG = 'a'.repeat(5_000_000);

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

const numbers = () => ({
  wholeGrowth: loop('{% set a = a * a %}', '{% set a = fromJson("99999999999999999999") %}'),
  wholeDivision: loop('{% set b = a / 3 %}', `{% set a = fromJson("1${repeat('0', 1200)}") %}`),
  longWhole: { template: '{{ fromJson(vars.a) + 1 }}', variables: { a: '9'.repeat(3_000_000) } },
  longWholes: { template: loop('{% set b = fromJson(vars.a) %}'), variables: { a: '9'.repeat(20_000) } },
  printedWhole: { template: '{{ fromJson(vars.a) }}', variables: { a: '9'.repeat(3_000_000) } },
  ionWhole: { template: '{{ fromIon(vars.a) }}', variables: { a: '9'.repeat(3_000_000) } },
  ionBits: { template: '{{ fromIon(vars.a) }}', variables: { a: `0b${'1'.repeat(3_000_000)}` } },
  ionDecimal: { template: '{{ fromIon(vars.a) }}', variables: { a: `1.${'1'.repeat(3_000_000)}` } },
  yamlWhole: { template: '{{ yaml(vars.a) }}', variables: { a: '9'.repeat(1_900_000) } },
  jqWhole: { template: "{{ vars.a | jq('. + 1') }}", variables: { a: '9'.repeat(3_000_000) } },
  jqToNumber: { template: "{{ vars.a | toJson | jq('tonumber') }}", variables: { a: '9'.repeat(3_000_000) } },
  number: { template: loop('{% set b = vars.a | number %}'), variables: { a: '9'.repeat(10_000) } },
  numberDecimal: { template: loop('{% set b = vars.a | number %}'), variables: { a: `0.${'9'.repeat(9_900)}` } },
  numberExponent: loop("{% set b = '1e9999' | number('BIGDECIMAL') %}"),
  numberHexadecimal: { template: loop('{% set b = vars.a | number %}'), variables: { a: `0x${'f'.repeat(9_900)}` } },
  formatLong: {
    template: loop("{% set b = a | numberFormat('#,##0.00') %}", "{% set a = vars.a | number('BIGINTEGER') %}"),
    variables: { a: '9'.repeat(10_000) },
  },
  formatScientific: loop("{% set b = a | numberFormat('0.###E0') %}", "{% set a = '1e9999' | number('BIGDECIMAL') %}"),
  formatTiny: loop(
    "{% set b = 5.0E-324 | abs | numberFormat('0.###E0') %}".replace('5.0E-324', "('5e-324' | number('DOUBLE'))"),
  ),
  formatPatterns: loop(
    "{% set b = 1 | numberFormat('0' ~ i ~ 'x') ?? 1 %}".replace("'0' ~ i ~ 'x'", "'\\'' ~ i ~ '\\'0'"),
  ),
  formatWide: `{{ 1 | numberFormat('${repeat('0', 490)}') }}`,
  formats: loop('{% set b = i | numberFormat %}'),
  randoms: loop('{% set b = randomInt(1, 9007199254740991) %}'),
  maxMany: { template: loop('{% set b = max(1, 2, 3) %}') },
});

const dates = () => ({
  dateFormats: loop("{% set b = '2026-01-02' | date('yyyy ' ~ i) %}".replace("'yyyy ' ~ i", "'yyyy \\'' ~ i ~ '\\''")),
  dateWide: {
    template: loop("{% set b = '2026-01-02T03:04:05Z' | date(vars.f) %}"),
    variables: { f: "zzzz VV EEEE MMMM '" + 'x'.repeat(400) + "'" },
  },
  dateManyFields: { template: loop('{% set b = 0 | date(vars.f) %}'), variables: { f: 'zzzz '.repeat(99) } },
  dateZones: loop("{% set b = 0 | date('zzzz', timeZone='Europe/Paris', locale='fr') %}"),
  dateLocales: loop("{% set b = 0 | date('full', locale='x-' ~ i) %}"),
  dateManyLocales: loop("{% set b = 0 | date('MMMM', locale='fr-' ~ (i % 900 + 100)) %}"),
  dateOffsets: loop("{% set b = 0 | date('VV', timeZone='+' ~ (10 + i % 8) ~ ':' ~ (10 + i % 49)) %}"),
  dateBadZones: loop("{% set b = (0 | date('VV', timeZone='Zone/' ~ i)) ?? 1 %}"),
  dateReads: loop("{% set b = '2 January 2026' | date(existingFormat='d MMMM yyyy') %}"),
  dateReadLong: { template: "{{ vars.a | date(existingFormat='yyyy') }}", variables: { a: '9'.repeat(5_000_000) } },
  dateReadIsoLong: {
    template: '{{ vars.a | date }}',
    variables: { a: `2026-01-02T03:04:05.${'0'.repeat(5_000_000)}` },
  },
  dateReadNested: {
    template: '{{ vars.a | date(existingFormat=vars.f) }}',
    variables: { a: '2026', f: '[[[[[[[[[[[[[[[yyyy]u]u]u]u]u]u]u]u]u]u]u]u]u]u]' },
  },
  dateReadOptionals: {
    template: '{{ vars.a | date(existingFormat=vars.f) }}',
    variables: { a: '1'.repeat(100), f: `${'[d]'.repeat(160)}x` },
  },
  dateReadZone: { template: "{{ vars.a | date(existingFormat='VV') }}", variables: { a: 'A'.repeat(5_000_000) } },
  dateAddHuge: "{{ '2026-01-02' | dateAdd(9007199254740991, 'MILLENNIA') }}",
  dateAdds: loop("{% set b = '2026-01-02T03:04:05Z' | dateAdd(i, 'DAYS', timeZone='Europe/Paris') %}"),
  weekends: loop("{% set b = isWeekend('2026-01-02') %}"),
  rfc: {
    template: "{{ vars.a | date(existingFormat='rfc_1123_date_time') }}",
    variables: { a: 'Mon, '.repeat(1_000_000) },
  },
  isoDateRead: {
    template: "{{ vars.a | date(existingFormat='iso_date') }}",
    variables: { a: '+01:00'.repeat(1_000_000) },
  },
});

const formats = () => ({
  sharedPrinted: `${SHARED}{{ a }}`,
  sharedText: `${SHARED}{{ a ~ '' }}`,
  sharedRendered: `${SHARED}{{ render(a) }}`,
  sharedCompared: `${SHARED}{% set b = a %}${SHARED}{{ a == b }}`,
  sharedYaml: `${SHARED}{{ a | yaml }}`,
  sharedIon: `${SHARED}{{ a | toIon }}`,
  sharedJson: `${SHARED_MAP}{{ a | toJson | length }}`,
  sharedJq: `${SHARED}{{ a | jq('.') }}`,
  sharedJqRecurse: `${SHARED}{{ a | jq('[..] | length') }}`,
  sharedJqFlatten: `${SHARED}{{ a | jq('flatten | length') }}`,
  sharedReplace: `${SHARED}{{ a | replace({'x': 'y'}) }}`,
  sharedEscape: `${SHARED}{{ a | escapeChar('single') }}`,
  sharedMerge: `${SHARED_MAP}{{ a | merge(a) }}`,
  sharedDistinct: `${SHARED}{% set b = a %}${SHARED}{{ [a, b] | distinct | length }}`,
  sharedContains: `${SHARED}{% set b = a %}${SHARED}{{ [a] contains b }}`,
  flattenHuge: loop('{% set b = a | flatten %}', grown(18, '[[1]]')),
  sortHuge: loop('{% set b = a | sort %}', grown(18, '[3, 1, 2]')),
  sortNumbers: loop('{% set b = a | sort | reverse %}', '{% set a = range(1, 300000) %}'),
  chunkHuge: loop('{% set b = a | chunk(1) %}', grown(18)),
  sliceHuge: loop('{% set b = a | slice(1) %}', grown(18)),
  reverseHuge: loop('{% set b = a | reverse %}', grown(18)),
  keysHuge: loop('{% set b = a | keys %}', grown(18)),
  lastOfSet: {
    template: loop('{% set b = vars.s | last %}'),
    variables: { s: new Set(Array.from({ length: 300_000 }, (_, i) => i)) },
  },
  mapLoop: {
    template: loop('{% for e in vars.m %}{% endfor %}'),
    variables: { m: Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, i])) },
  },
  mapLength: {
    template: loop('{% set b = vars.m | length %}'),
    variables: { m: Object.fromEntries(Array.from({ length: 300_000 }, (_, i) => [`k${i}`, i])) },
  },
  mapMethods: {
    template: loop('{% set b = vars.m.size() %}{% set b = vars.m.values() %}'),
    variables: { m: Object.fromEntries(Array.from({ length: 300_000 }, (_, i) => [`k${i}`, i])) },
  },
  mapEqual: {
    template: loop('{% set b = vars.m == vars.n %}'),
    variables: {
      m: Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, `${i}`])),
      n: Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, `${i}`])),
    },
  },
  emptyTest: {
    template: loop('{% set b = vars.m is empty %}'),
    variables: { m: Object.fromEntries(Array.from({ length: 300_000 }, (_, i) => [`k${i}`, i])) },
  },
  jsonTest: { template: loop('{% set b = vars.j is json %}'), variables: { j: `[${'1,'.repeat(500_000)}1]` } },
  jsonLong: { template: '{{ fromJson(vars.j) | length }}', variables: { j: `[${'1,'.repeat(4_000_000)}1]` } },
  jsonBlanks: { template: '{{ fromJson(vars.j) | length }}', variables: { j: `[${' '.repeat(9_000_000)}1]` } },
  jsonDeep: `{{ fromJson('${repeat('[', 200_000)}') }}`,
  jsonObjects: { template: '{{ fromJson(vars.j) | length }}', variables: { j: `[${'{"a":{}},'.repeat(800_000)}1]` } },
  jsonKeys: {
    template: '{{ fromJson(vars.j) | length }}',
    variables: { j: `{${Array.from({ length: 300_000 }, (_, i) => `"${i}":1`).join(',')}}` },
  },
  jsonEscapes: { template: '{{ fromJson(vars.j) | length }}', variables: { j: `"${'\\u0041'.repeat(1_500_000)}"` } },
  ionDeep: `{{ fromIon('${repeat('[', 200_000)}') }}`,
  ionLong: { template: '{{ fromIon(vars.j) | length }}', variables: { j: `[${'1,'.repeat(4_000_000)}1]` } },
  ionComments: { template: '{{ fromIon(vars.j) }}', variables: { j: `${'/* */ '.repeat(1_000_000)}1` } },
  ionOpenComments: { template: '{{ fromIon(vars.j) }}', variables: { j: `[${'1,/*'.repeat(100_000)}` } },
  ionText: { template: '{{ fromIon(vars.j) | length }}', variables: { j: `"${'x'.repeat(9_000_000)}"` } },
  ionLob: { template: '{{ fromIon(vars.j) }}', variables: { j: `{{${'QUJD'.repeat(2_000_000)}}}` } },
  ionAnnotations: { template: '{{ fromIon(vars.j) }}', variables: { j: `${'a::'.repeat(300_000)}1` } },
  yamlAliases:
    "{{ yaml('a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d]') }}",
  yamlDeep: `{{ yaml('${repeat('[', 200_000)}') }}`,
  yamlDashes: `{{ yaml('${repeat('- ', 200_000)}x') }}`,
  yamlQuestion: `{{ yaml('${repeat('? ', 200_000)}x') }}`,
  yamlIndents: {
    template: '{{ yaml(vars.y) }}',
    variables: { y: Array.from({ length: 400 }, (_, i) => `${' '.repeat(i)}a:`).join('\n') },
  },
  yamlList: { template: '{{ yaml(vars.y) | length }}', variables: { y: '- a\n'.repeat(60_000) } },
  yamlFlow: { template: '{{ yaml(vars.y) | length }}', variables: { y: `[${'a,'.repeat(90_000)}a]` } },
  yamlQuoted: { template: '{{ yaml(vars.y) | length }}', variables: { y: `[${'"a",'.repeat(90_000)}a]` } },
  yamlEmpty: { template: '{{ yaml(vars.y) | length }}', variables: { y: `[${'[],'.repeat(60_000)}a]` } },
  yamlMaps: {
    template: '{{ yaml(vars.y) | length }}',
    variables: { y: Array.from({ length: 40_000 }, (_, i) => `k${i}: ${i}`).join('\n') },
  },
  yamlTags: { template: '{{ yaml(vars.y) | length }}', variables: { y: '- !!str a\n'.repeat(40_000) } },
  yamlAnchors: {
    template: '{{ yaml(vars.y) | length }}',
    variables: { y: Array.from({ length: 30_000 }, (_, i) => `- &a${i} x`).join('\n') },
  },
  yamlErrors: { template: '{{ yaml(vars.y) | length }}', variables: { y: '- "\\q"\n'.repeat(40_000) } },
  yamlComments: { template: '{{ yaml(vars.y) | length }}', variables: { y: `${'# c\n'.repeat(60_000)}- a` } },
  yamlDocuments: { template: '{{ yaml(vars.y) | length }}', variables: { y: '---\na\n'.repeat(40_000) } },
  yamlText: { template: '{{ yaml(vars.y) | length }}', variables: { y: `a: |\n${'  x\n'.repeat(400_000)}` } },
  yamlFolded: { template: '{{ yaml(vars.y) | length }}', variables: { y: `a: >\n${'  x\n'.repeat(400_000)}` } },
  yamlPlainLines: { template: '{{ yaml(vars.y) | length }}', variables: { y: `a: x\n${'  x\n'.repeat(400_000)}` } },
  yamlQuotedLines: { template: '{{ yaml(vars.y) | length }}', variables: { y: `a: "x\n${'  x\n'.repeat(400_000)}"` } },
  yamlLong: { template: '{{ yaml(vars.y) | length }}', variables: { y: 'x'.repeat(2_000_000) } },
  yamlSpaces: { template: '{{ yaml(vars.y) | length }}', variables: { y: `a:${' '.repeat(1_900_000)}b` } },
  yamlColons: { template: '{{ yaml(vars.y) | length }}', variables: { y: ':'.repeat(1_900_000) } },
  yamlNumbers: { template: '{{ yaml(vars.y) | length }}', variables: { y: `a: ${'1_'.repeat(900_000)}` } },
  yamlWrite: {
    template: loop('{% set b = vars.m | yaml %}'),
    variables: { m: Array.from({ length: 50_000 }, (_, i) => ({ [`k${i}`]: 'a: b' })) },
  },
  ionWrite: {
    template: loop('{% set b = vars.m | toIon %}'),
    variables: { m: Array.from({ length: 50_000 }, (_, i) => ({ [`k ${i}`]: 'a: b' })) },
  },
  contexts: {
    template: loop('{% set b = printContext() | toJson %}'),
    variables: { m: Array.from({ length: 10_000 }, (_, i) => i) },
  },
});

const jqs = () => ({
  jqRange: jq('[range(1; 1e12)]'),
  jqSelf: jq('def f: f; f'),
  jqSelfTwice: jq('def f: f, f; f'),
  jqArguments: jq('def f(g): f(g|g); f(.)'),
  jqUntil: jq('until(false; .)'),
  jqWhile: jq('[while(true; . + 1)]'),
  jqRecurse: jq('[recurse(. + 1)] | length'),
  jqRecurseTwice: jq('last(recurse(., .))'),
  jqDoubling: jq('until(false; . + .)', '"x"'),
  jqListDoubling: jq('until(false; . + .)', '[1]'),
  jqMapGrowth: jq('reduce range(100000) as $i ({}; . + {($i|tostring): 1}) | length'),
  jqListGrowth: jq('reduce range(100000) as $i ([]; . + [$i]) | length'),
  jqSetGrowth: jq('reduce range(100000) as $i ({}; .[$i|tostring] = 1) | length'),
  jqIndex: jq('.[1e9] = 1', '[]'),
  jqRepeatText: jq('. * 1e9', '"x"'),
  jqCombinations: jq('[[range(30)], [range(30)], [range(30)], [range(30)], [range(30)]] | [combinations] | length'),
  jqNestedIterate: jq('[range(3000)] | [.[] as $a | .[] as $b | $a * $b] | length'),
  jqStringProduct: jq('"\\(range(1000))\\(range(1000))\\(range(1000))"'),
  jqObjectProduct: jq('{a: range(1000), b: range(1000), c: range(1000)}'),
  jqSort: jq('[range(300000)] | sort_by(-.) | length'),
  jqSortTwice: jq('[range(100000)] | sort | reverse | sort | group_by(. % 3) | length'),
  jqUnique: jq('[range(100000) | tostring] | unique | length'),
  jqSubtract: jq('([range(5000)|tostring]) - ([range(5000, 10000)|tostring]) | length'),
  jqContains: jq('([range(5000)|tostring]) | contains([range(4999, 0; -1)|tostring])'),
  jqIndices: jq('[range(100000) | 1] | indices([range(50000)|1]) | length'),
  jqIndicesText: {
    template: '{{ vars.a | toJson | jq(\'indices("aaaaaaaaaaaaaaaaaaaa") | length\') }}',
    variables: { a: LONG },
  },
  jqIndicesPeriodic: {
    template: "{{ [vars.a, vars.b] | jq('.[1] as $b | .[0] | indices($b)') }}",
    variables: { a: LONG, b: `${'a'.repeat(150_000)}b${'a'.repeat(150_000)}` },
  },
  jqSplitPeriodic: {
    template: "{{ [vars.a, vars.b] | jq('.[1] as $b | .[0] | split($b) | length') }}",
    variables: { a: LONG, b: `${'a'.repeat(150_000)}b${'a'.repeat(150_000)}` },
  },
  jqContainsPeriodic: {
    template: "{{ [vars.a, vars.b] | jq('.[1] as $b | .[0] | contains($b)') }}",
    variables: { a: LONG, b: `${'a'.repeat(150_000)}b${'a'.repeat(150_000)}` },
  },
  jqLengths: {
    template: "{{ vars.a | toJson | jq('. as $t | [range(1000000) | $t | length] | length') }}",
    variables: { a: LONG },
  },
  jqUtf8Lengths: {
    template: "{{ vars.a | toJson | jq('. as $t | [range(1000000) | $t | utf8bytelength] | length') }}",
    variables: { a: LONG },
  },
  jqExplode: {
    template: "{{ vars.a | toJson | jq('. as $t | [range(100) | $t | explode | implode] | length') }}",
    variables: { a: LONG },
  },
  jqCase: {
    template: "{{ vars.a | toJson | jq('. as $t | [range(1000) | $t | ascii_upcase] | length') }}",
    variables: { a: LONG },
  },
  jqFormats: {
    template: "{{ vars.a | toJson | jq('. as $t | [range(1000) | $t | @html, @uri, @sh, @base64] | length') }}",
    variables: { a: "<'&".repeat(500_000) },
  },
  jqCsv: {
    template: "{{ [vars.a] | jq('. as $t | [range(1000) | $t | @csv, @tsv] | length') }}",
    variables: { a: '"\t'.repeat(500_000) },
  },
  jqLtrim: {
    template: "{{ vars.a | toJson | jq('. as $t | [range(1000000) | $t | ltrimstr($t)] | length') }}",
    variables: { a: LONG },
  },
  jqReverse: {
    template: "{{ vars.a | toJson | jq('. as $t | [range(1000) | $t | reverse] | length') }}",
    variables: { a: LONG },
  },
  jqToJson: jq('[range(10000)] as $l | [range(100000) | $l | tojson | fromjson] | length'),
  jqPaths: jq('[range(2000)] | [paths] | length'),
  jqPathsAll: jq('reduce range(100000) as $i (null; setpath([$i]; 1)) | length'),
  jqDelete: jq('[range(100000)] | del(.[]) | length'),
  jqUpdate: jq('[range(20000)] | map_values(. + 1) | length'),
  jqWalk: jq('[range(100000)] | walk(.) | length'),
  jqFlatten: jq('reduce range(1000) as $i (1; [.]) | flatten'),
  jqLimit: jq('[limit(1e9; repeat(1))]').replace('repeat(1)', 'range(1e12)'),
  jqTry: jq('[range(1000000) | try error("x") catch .] | length'),
  jqLabels: jq('[range(1000000) | label $f | 1, break $f] | length'),
  jqLong: `{{ 1 | jq('${repeat('.|', 9_000)}.') }}`,
  jqLongSum: `{{ 1 | jq('1${repeat('+1', 9_000)}') }}`,
  jqDeep: `{{ 1 | jq('${repeat('[', 100_000)}') }}`,
  jqDefs: `{{ 1 | jq('${repeat('def f: 1; ', 3_000)} f') }}`,
  jqPrograms: loop("{% set b = 1 | jq('. + ' ~ i) %}"),
  jqTranspose: jq('[range(2000) | [range(500)]] | transpose | length'),
  jqPow: jq('[range(10000000) | pow(.; 0.5)] | length'),
  jqCompareDeep: jq('def deep: reduce range(400) as $i (1; [.]); [range(100000) | deep == deep] | length'),
  jqSharedCompare: jq('def twice: reduce range(60) as $i (1; [., .]); twice == twice'),
  jqSharedContains: jq('def twice: reduce range(60) as $i (1; [., .]); twice | contains(twice)'),
});

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
