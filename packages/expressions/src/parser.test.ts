import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ExpressionError, renderText } from './index.ts';
import type { Args, Expr, Statement } from './nodes.ts';
import { parseTemplate } from './parser.ts';
import { testEnv } from './testing.ts';
import { printSource } from './testing/print-source.ts';
import { decimal } from './values.ts';

const RUNS = { numRuns: 1500, seed: 11 };

/** A tree without places, with neighbouring texts as one. */
function shapeOf(statements: readonly Statement[]): unknown {
  const strip = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return joined(value.map(strip));
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return value;
    const kept = Object.entries(value).filter(([key]) => key !== 'position' && key !== 'height');
    return Object.fromEntries(kept.map(([key, item]) => [key, strip(item)]));
  };
  return strip(statements);
}

type Text = { kind: 'text'; text: string };
const isText = (item: unknown): item is Text => (item as { kind?: unknown } | null)?.kind === 'text';

function joined(items: readonly unknown[]): unknown[] {
  const result: unknown[] = [];
  for (const item of items) {
    const last = result.at(-1);
    if (isText(item) && isText(last)) result[result.length - 1] = { kind: 'text', text: last.text + item.text };
    else result.push(item);
  }
  return result;
}

const bodyOf = (template: string): readonly Statement[] => parseTemplate(template).body;

function outcome(template: string): string {
  try {
    return renderText(template, { vars: { a: [1, 'x', { b: 2 }], m: { x: 'y' } }, inputs: { name: 'n' } }, testEnv());
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return error.kind;
  }
}

const place = { position: 0, height: 0 };
const NAMES = ['vars', 'inputs', 'a', 'island', 'nothing', 'x1', 'größe', '_y'] as const;
const OPERATORS = [
  '??',
  '???',
  '..',
  '~',
  '*',
  '/',
  '%',
  '+',
  '-',
  '==',
  'equals',
  '!=',
  '>',
  '<=',
  'contains',
  'and',
  'or',
];
const name = fc.constantFrom(...NAMES);
/** Texts that a template can hold: a backslash never ends one or stands before a quote. */
const text = fc
  .array(fc.constantFrom('a', 'é', ' ', '\n', "'", '"', '#', '#{', '{{', '}}', '{%', '\\n', '%}', '\u{1F600}'), {
    maxLength: 6,
  })
  .map((parts) => parts.join(''));

const trees = fc.letrec<{ expr: Expr; args: Args }>((tie) => {
  const sub = tie('expr');
  const literal = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((value) => decimal(Math.abs(value))),
    text,
    fc.constantFrom(true, false, null),
  );
  return {
    args: fc.record({
      positional: fc.array(sub, { maxLength: 2 }),
      named: fc.array(fc.tuple(name, sub), { maxLength: 2 }),
    }),
    expr: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      literal.map((value): Expr => ({ kind: 'literal', value, ...place })),
      name.map((value): Expr => ({ kind: 'name', name: value, ...place })),
      fc.tuple(sub, name).map(([base, value]): Expr => ({ kind: 'attribute', base, name: value, ...place })),
      fc.tuple(sub, name, fc.array(sub, { maxLength: 2 })).map(([base, value, positional]): Expr => ({
        kind: 'attribute',
        base,
        name: value,
        args: { positional, named: [] },
        ...place,
      })),
      fc.tuple(sub, sub).map(([base, index]): Expr => ({ kind: 'subscript', base, index, ...place })),
      fc.tuple(name, tie('args')).map(([value, args]): Expr => ({ kind: 'call', name: value, args, ...place })),
      fc
        .tuple(fc.constantFrom('not', '-', '+'), sub)
        .map(([operator, operand]): Expr => ({ kind: 'unary', operator, operand, ...place })),
      fc
        .tuple(fc.constantFrom(...OPERATORS), sub, sub)
        .map(([operator, left, right]): Expr => ({ kind: 'binary', operator, left, right, ...place })),
      fc
        .tuple(sub, name, tie('args'))
        .map(([input, value, args]): Expr => ({ kind: 'filter', input, name: value, args, ...place })),
      fc
        .tuple(sub, name, fc.boolean(), tie('args'))
        .map(([input, value, negated, args]): Expr => ({ kind: 'test', input, name: value, negated, args, ...place })),
      fc.tuple(sub, sub, sub).map(([condition, yes, no]): Expr => ({ kind: 'ternary', condition, yes, no, ...place })),
      fc.array(sub, { maxLength: 3 }).map((items): Expr => ({ kind: 'list', items, ...place })),
      fc.array(fc.tuple(sub, sub), { maxLength: 2 }).map((entries): Expr => ({ kind: 'map', entries, ...place })),
      fc.array(sub, { minLength: 1, maxLength: 3 }).map((parts): Expr => ({ kind: 'interpolation', parts, ...place })),
    ),
  };
});

const statements = fc.letrec<{ list: Statement[]; one: Statement }>((tie) => {
  const body = tie('list');
  const { expr, args } = trees;
  const branch = fc.record({ condition: expr, body });
  return {
    list: fc.array(tie('one'), { maxLength: 3 }),
    one: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      text.filter((value) => value !== '').map((value): Statement => ({ kind: 'text', text: value })),
      expr.map((value): Statement => ({ kind: 'print', value, position: 0 })),
      fc.tuple(name, expr).map(([value, is]): Statement => ({ kind: 'set', name: value, value: is, position: 0 })),
      fc
        .tuple(fc.array(branch, { minLength: 1, maxLength: 2 }), body)
        .map(([branches, otherwise]): Statement => ({ kind: 'if', branches, otherwise })),
      fc.tuple(name, expr, body, body).map(([value, items, inner, otherwise]): Statement => ({
        kind: 'for',
        name: value,
        items,
        body: inner,
        otherwise,
        position: 0,
      })),
      fc
        .tuple(fc.array(fc.record({ name, args, position: fc.constant(0) }), { minLength: 1, maxLength: 2 }), body)
        .map(([filters, inner]): Statement => ({ kind: 'filter', filters, body: inner })),
    ),
  };
});

test('every syntax tree that is printed parses to itself', () => {
  fc.assert(
    fc.property(statements.list, (body) => {
      expect(shapeOf(bodyOf(printSource(body)))).toEqual(shapeOf(body));
    }),
    RUNS,
  );
});

const PIECES =
  "{{ }} {% %} {# #} {{- -}} ( ) [ ] { } : , . | ? ?? ~ + - * == is not is and or not contains 1 2.5 'a' \"b#{x}\" 'it\\'s' \"#\" vars a m x .x [0] upper length default('d') join(',') if elseif else endif for in endfor set = macro m(a,b=1) endmacro filter endfilter block endblock verbatim endverbatim \n".split(
    /(?<!\n) /,
  );

test('what parses is printed as something that parses to the same tree and renders the same', () => {
  const frames: readonly ((inner: string) => string)[] = [
    (inner) => `{{ ${inner} }}`,
    (inner) => `{% set q = ${inner} %}{{ q }}`,
    (inner) => `{% if ${inner} %}yes{% else %}no{% endif %}`,
    (inner) => `{% for i in ${inner} %}{{ i }},{% endfor %}`,
    (inner) => inner,
  ];
  let parsed = 0;
  fc.assert(
    fc.property(fc.constantFrom(...frames), fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }), (frame, pieces) => {
      const template = frame(pieces.join(' '));
      let body: readonly Statement[];
      try {
        body = bodyOf(template);
      } catch {
        // Most of what is put together at random is no template.
        return;
      }
      parsed += 1;
      const printed = printSource(body);
      expect(shapeOf(bodyOf(printed))).toEqual(shapeOf(body));
      expect(printSource(bodyOf(printed))).toBe(printed);
      expect(outcome(printed)).toBe(outcome(template));
    }),
    { numRuns: 6000, seed: 11 },
  );
  expect(parsed).toBeGreaterThan(300);
});

test.each([
  "{{ ([1, 2])[0] }}{{ ({'a': 1}).a }}{{ 'x'.length() }}",
  '{{ not a == b }}{{ not (a == b) }}{{ (a ? 1 : 2) ? 3 : 4 }}{{ a ? b ? 1 : 2 : 3 }}',
  "{{ 1 - (2 - 3) }}{{ (1 - 2) - 3 }}{{ -5 | abs }}{{ -(5 | abs) }}{{ vars.x ?? 'a' | upper }}{{ vars.x ?? ('a' | upper) }}",
  "{% macro m(a, b='x') %}{{ a }}{{ b }}{% endmacro %}{{ m(1, b=2) }}",
  "{% block 'a b' %}x{% endblock %}{% block c %}y{% endblock c %}{{ block('c') }}",
  '{% verbatim %} {{ x }} {% endraw %} {% endverbatim %}{',
  '{{ "a#{b ~ "c#{d}"}e" }}{{ "#" }}{{ \'#{x}\' }}{{ "it\'s" }}{{ \'"\' }}{{ \'a\\\\\' }}',
  '{{ 9223372036854775807 }}{{ 007 }}{{ 1L }}{{ 100000000000000000000000.5 }}{{ 0.00000001 }}',
])('printing keeps %s', (template) => {
  const printed = printSource(bodyOf(template));
  expect(shapeOf(bodyOf(printed))).toEqual(shapeOf(bodyOf(template)));
  expect(outcome(printed)).toBe(outcome(template));
});
