/**
 * Throws random and mutated templates and flows at the expression language and the reader of flows, for minutes. What may happen: a
 * value, an ExpressionError, a list of problems. Everything else is printed with the seed that repeats it, and ends the run with status 1:
 * another error, a call that took longer than a second, a heap that grows.
 *
 *   node --expose-gc test/load/fuzz.mjs [--minutes 10] [--seed 1] [--only templates,flows]
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundled } from './bundle.mjs';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: 'templates,flows' },
  },
});
const root = fileURLToPath(new URL('../..', import.meta.url));
const tools = await bundled(
  'fuzz',
  `export * from '../packages/expressions/src/index.ts';
   export { parseFlow, describeProblem } from '../packages/flow-source/src/index.ts';
   export { builtInRegistry } from '../packages/platform/src/index.ts';`,
);
const { analyse, describeProblem, ExpressionError, NeedsIo, parseFlow, renderText, renderTyped } = tools;

const MAX_CALL_MS = 1000;
const MAX_GROWTH_MB = 100;

/** Mulberry32: small, and the same everywhere. */
function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

let random = Math.random;
const below = (count) => Math.floor(random() * count);
const pick = (list) => list[below(list.length)];

const WORDS =
  '{{ }} {% %} {# #} {{- -}} {%- -%} ( ) [ ] { } : , . | ? ?? ??? ~ + - * / % == != > < >= <= .. = and or not is contains equals in if elseif else endif for endfor set macro endmacro filter endfilter block endblock verbatim endverbatim raw endraw true false null 1 0 -1 2.5 007 9223372036854775807 99999999999999999999 1L vars inputs outputs loop a b x item vars.list vars.map vars.text vars.date vars.number vars.none inputs.name defined null empty even odd iterable map json upper lower title trim replace split slugify join sort rsort reverse merge default chunk flatten keys values first last length slice abs number numberFormat className toJson toIon yaml jq date dateAdd timestamp timestampMicro base64encode base64decode md5 sha512 urlencode urldecode escapeChar indent nindent abbreviate startsWith substringBefore distinct string regexMatch regexReplace regexExtract range max min now uuid id randomInt fromJson fromIon render renderOnce printContext block kv read secret currentEachOutput env tasksWithState isWeekend dayOfWeek encrypt decrypt'.split(
    ' ',
  );
const TEXTS = [
  "'a'",
  "'a,b'",
  '"#{vars.text}"',
  "'yyyy-MM-dd'",
  "'#,##0.00'",
  "'UTC'",
  "'Europe/Paris'",
  "'(a+)+$'",
  "'.[] | .a'",
  '\'{"a":[1,2]}\'',
  "'2026-01-02T03:04:05Z'",
  "'DAYS'",
  "'- a: &x 1'",
  "'\u{1F600}é\u0301'",
  "'\\''",
  "'{{ vars.self }}'",
];
const TEMPLATES = [
  'Hello {{ inputs.name }}',
  '{% for i in vars.list %}{{ loop.index }}: {{ i }}{% else %}none{% endfor %}',
  '{{ vars.text | trim | lower | slugify }}-{{ inputs.none ?? "x" }}',
  "{{ vars.date | date('yyyy-MM-dd HH:mm:ss.SSSXXX', timeZone='Europe/Paris') | dateAdd(-1, 'DAYS') }}",
  "{{ vars.map | jq('to_entries | map(select(.value != null)) | from_entries') | first | toJson }}",
  "{% macro m(a, b='x') %}{{ a ~ b }}{% endmacro %}{{ m(1) ~ m(2, 3) }}",
  '{% set total = 0 %}{% for i in 1..10 %}{% set total = total + i %}{% endfor %}{{ total }}',
  "{{ vars.text | replace({'(\\w)': '$1-'}, regexp=true) | split('-') | join(',') }}",
  "{{ yaml(vars.map | yaml) == vars.map ? fromIon(vars.map | toIon) : 'no' }}",
  '{% filter upper | trim %} {% block b %}text{% endblock %} {% endfilter %}{{ block("b") }}',
  '{{ render(vars.self) }}{% verbatim %}{{ x }}{% endverbatim %}{% raw %}{{ y }}{% endraw %}',
  "{{ vars.number | numberFormat('#,##0.###E0;(-)') }}{{ 10 / 3 }}{{ 10.0 / 3 }}",
];
const LETTERS = '\n\t "\'{}[]()#%|&*!,.:;-_~?<>=+/\\@`$^0123456789abcdefxyzé\u0000\u2028\uD83D\uDE00'.split('');

const vars = {
  inputs: { name: 'World' },
  vars: {
    list: [3, 1, 2, 'x', null, [1, [2]], { a: 1 }],
    map: { a: 1, b: [1, 2], c: { d: 'e' }, n: null, 0: 'zero' },
    text: '  Some Text, with é and \u{1F600} ',
    date: '2026-03-29T01:30:00+01:00',
    number: 1234567.891,
    self: '{{ vars.self }}{{ vars.text }}',
  },
};

const madeOf = (count) =>
  Array.from({ length: 1 + below(count) }, () => (random() < 0.2 ? pick(TEXTS) : pick(WORDS))).join(
    pick(['', ' ', ' ']),
  );

/** Cuts, doubles, swaps and replaces pieces. */
function mutated(text, pieces) {
  let result = text;
  for (let times = 1 + below(6); times > 0; times -= 1) {
    const from = below(result.length + 1);
    const to = Math.min(result.length, from + below(random() < 0.8 ? 8 : 200));
    const part = result.slice(from, to);
    const changed = [
      () => '',
      () => part + part,
      () => part.repeat(1 + below(random() < 0.05 ? 2000 : 20)),
      () => pick(pieces),
      () => pick(LETTERS),
      () => part + pick(pieces),
      () => pick(LETTERS) + part,
      () => result.slice(below(result.length + 1), below(result.length + 1)),
    ];
    result = (result.slice(0, from) + pick(changed)() + result.slice(to)).slice(0, 60_000);
  }
  return result;
}

function templateText() {
  const kind = random();
  if (kind < 0.4) return mutated(pick(TEMPLATES), random() < 0.5 ? WORDS : TEXTS);
  if (kind < 0.8) return `{{ ${madeOf(12)} }}`;
  return madeOf(30);
}

const limits = { maxMillis: 200 };
const env = { now: () => 1_767_323_045_678, random: () => 0.5, clock: () => performance.now(), limits };
const memo = { get: () => ({ value: 'value' }) };

function tryTemplate(text) {
  for (const [name, run] of [
    ['analyse', () => analyse(text)],
    ['renderText', () => renderText(text, vars, env)],
    ['renderText with I/O', () => renderText(text, vars, { ...env, memo })],
    ['renderText, recursive', () => renderText(text, vars, { ...env, recursive: true })],
    ['renderTyped', () => renderTyped(text, vars, env)],
  ]) {
    checked(name, text, () => {
      try {
        run();
      } catch (error) {
        if (!(error instanceof ExpressionError) && !(error instanceof NeedsIo)) throw error;
        if (error instanceof ExpressionError) error.describe();
      }
    });
  }
}

function yamlFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .filter((text) => text.length < 50_000);
}

const sources = [join(root, 'examples'), join(root, '..', 'shared', 'conformance', 'flows')].flatMap(yamlFiles);
const lines = sources.flatMap((text) => text.split('\n')).map((line) => `${line}\n`);
const YAML = [
  '- ',
  ': ',
  '|\n',
  '>-\n',
  '&a ',
  '*a',
  '<<: *a\n',
  '!!binary ',
  '? ',
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  '{a: [b, {c: d}]}',
  '"\\u0000"',
  '0x1F',
  '1e999',
  '.inf',
  '2026-01-02',
  'null',
  '~',
  'tasks:\n',
  'inputs:\n',
  'triggers:\n',
  'errors:\n',
  'type: io.kestra.plugin.core.flow.If\n',
  '  tasks: []\n',
  '{{ outputs.nope }}',
];
const registry = options.only.includes('flows') ? tools.builtInRegistry() : undefined;

function tryFlow() {
  const base =
    sources.length === 0
      ? 'id: a\nnamespace: b\ntasks: [{id: a, type: io.kestra.plugin.core.log.Log, message: a}]\n'
      : pick(sources);
  const pieces = random() < 0.4 && lines.length > 0 ? lines : random() < 0.5 ? YAML : WORDS;
  const text = mutated(base, pieces);
  checked('parseFlow', text, () => {
    for (const problem of parseFlow(text, { registry, tenant: 'main' }).problems) describeProblem(problem);
  });
}

const findings = [];
let current = 0;

/** Milliseconds of a call. A slow one is tried again: the machine may have been busy with something else. */
function timeOf(run) {
  let least = Infinity;
  for (let tries = 0; tries < 3 && least > MAX_CALL_MS; tries += 1) {
    const began = performance.now();
    run();
    least = Math.min(least, performance.now() - began);
  }
  return least;
}

function checked(what, text, run) {
  let failure;
  let took = 0;
  try {
    took = timeOf(run);
  } catch (error) {
    failure = error instanceof Error ? error.stack : String(error);
  }
  if (failure === undefined && took > MAX_CALL_MS) failure = `took ${took.toFixed(0)} ms`;
  if (failure === undefined) return;
  const kind = failure.replace(/\d+/g, '').split('\n').slice(0, 2).join('\n');
  if (findings.some((finding) => finding.kind === kind)) return;
  findings.push({ kind });
  process.exitCode = 1;
  console.log(`\nFINDING ${what}, seed ${current}: ${failure}\n${JSON.stringify(text.slice(0, 3000))}`);
}

function heap() {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}

const kinds = options.only.split(',');
const until = performance.now() + Number(options.minutes) * 60_000;
const counts = { templates: 0, flows: 0 };
let settled;
let tellAt = performance.now() + 30_000;
for (current = Number(options.seed); performance.now() < until; current += 1) {
  random = randomOf(current);
  const kind = kinds[current % kinds.length];
  counts[kind] += 1;
  if (kind === 'templates') for (let i = 0; i < 20; i += 1) tryTemplate(templateText());
  else tryFlow();
  if (performance.now() < tellAt) continue;
  tellAt += 30_000;
  const used = heap();
  // Caches are full after the first half minute.
  settled ??= used;
  console.log(
    `seed ${current}: ${counts.templates * 20} templates, ${counts.flows} flows, ${findings.length} findings, heap ${used.toFixed(0)} MB`,
  );
  if (globalThis.gc !== undefined && used - settled > MAX_GROWTH_MB) {
    console.log(`FINDING the heap grew from ${settled.toFixed(0)} to ${used.toFixed(0)} MB`);
    process.exitCode = 1;
    settled = used;
  }
}
console.log(`done: ${counts.templates * 20} templates, ${counts.flows} flows, ${findings.length} findings`);
