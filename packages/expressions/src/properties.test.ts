import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { analyse, ExpressionError, renderText, renderTyped, toJson } from './index.ts';
import { parseJson } from './json.ts';
import { render, testEnv } from './testing.ts';
import { unboundedWork } from './work.ts';

/** Pieces of templates, put together at random: some parse, most do not, none may do anything but render or raise. */
const PIECES = [
  '{{',
  '}}',
  '{%',
  '%}',
  '{#',
  '#}',
  '-',
  ' ',
  '\n',
  "'",
  '"',
  '#{',
  '}',
  '(',
  ')',
  '[',
  ']',
  '{',
  ':',
  ',',
  '.',
  '|',
  '?',
  '??',
  '~',
  '+',
  '*',
  '==',
  'is',
  'not',
  'defined',
  'null',
  'vars',
  'a',
  'x',
  '1',
  '2.5',
  'if',
  'endif',
  'for',
  'in',
  'endfor',
  'set',
  '=',
  'upper',
  'length',
  'default',
  'jq',
  'date',
  'raw',
  'endraw',
  'verbatim',
  'endverbatim',
  'macro',
  'endmacro',
  'm',
  'range',
  '\\',
];

const json = fc.jsonValue({ maxDepth: 4 });

function withoutNullEntries(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNullEntries);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, withoutNullEntries(item)]),
  );
}

describe('for all inputs', () => {
  test('a template renders or raises an ExpressionError, twice the same', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 25 }), (pieces) => {
        const template = pieces.join('');
        const once = (): string => {
          try {
            return renderText(template, { vars: { a: [1, 'x', null] } }, testEnv());
          } catch (error) {
            if (!(error instanceof ExpressionError)) throw error;
            return error.message;
          }
        };
        expect(once()).toBe(once());
      }),
      { numRuns: 3000, seed: 7 },
    );
  });

  test('analysis accepts what parses', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 15 }), (pieces) => {
        const template = `{{ ${pieces.join(' ')} }}`;
        try {
          analyse(template);
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionError);
          expect(() => renderText(template, {}, testEnv())).toThrow(ExpressionError);
        }
      }),
      { numRuns: 1000, seed: 7 },
    );
  });

  test('text without an opening brace is returned unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!text.includes('{'));
        expect(renderText(text, {}, testEnv())).toBe(text);
      }),
      { numRuns: 50, seed: 7 },
    );
  });

  test('a value that is printed as JSON reads back, without its null entries', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(toJson(value))).toEqual(withoutNullEntries(value));
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  test('own JSON reader agrees with the host on what it accepts', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        const read = parseJson(text, unboundedWork());
        expect(JSON.parse(toJson([read]))).toEqual([withoutNullEntries(JSON.parse(text))]);
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  test('Ion and YAML give back what they were given', () => {
    const texts = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\u0085\u2028\u2029]/.test(text));
    const leaf = fc.oneof(
      texts.map((text) => `t${text}`),
      fc.boolean(),
      fc.integer(),
    );
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(fc.stringMatching(/^[a-m]{1,3}$/), tie('node'), { maxKeys: 3 }),
      ),
    })).node;
    fc.assert(
      fc.property(value, (given) => {
        expect(render('{{ fromIon(vars.v | toIon) == vars.v }}', { v: given })).toBe('true');
        expect(render('{{ yaml([vars.v] | yaml) == [vars.v] }}', { v: given })).toBe('true');
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  test('the decimal text of a double is read back as the same double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(render('{{ vars.l[0] ~ "" }}', { l: [value] }))).toBe(Object.is(value, -0) ? 0 : value);
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  test('a variable in a typed expression is the variable', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(renderTyped('{{ vars.v }}', { vars: { v: value } }, testEnv())).toEqual(value);
      }),
      { seed: 7 },
    );
  });

  test('dates survive a change of zone and back', () => {
    const zones = fc.constantFrom('Europe/Paris', 'America/Sao_Paulo', 'Asia/Kolkata', '+05:30', 'Australia/Lord_Howe');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), zones, (seconds, zone) => {
        expect(render(`{{ vars.s | date('iso', timeZone=vars.z) | timestamp }}`, { s: seconds, z: zone })).toBe(
          String(seconds),
        );
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});
