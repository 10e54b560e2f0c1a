import { fromBase64, fromUtf8, toBase64, utf8 } from '../bytes.ts';
import type { Context } from '../context.ts';
import { type ArgValues, type FilterDefinition, optionalBoolean, required, textArg, wholeArg } from '../definitions.ts';
import { fail } from '../errors.ts';
import { trimmed } from '../methods.ts';
import { plainText } from '../print.ts';
import { inBlocks } from '../blocks.ts';
import { compileRegex, matchesPart, allMatches, replaceRegex, splitRegex } from '../regex.ts';
import { endsWith, lastPlaceIn, placeIn, replaceLiteral, startsWith } from '../search.ts';
import { slugify } from '../slugify.ts';
import { isList, isMap, listItems, makeMap, mapEntries, typeName, type Value } from '../values.ts';
import type { Work } from '../work.ts';
import { formDecode, formEncode } from '../urls.ts';

type Convert = (text: string, args: ArgValues, context: Context) => Value;

/** A filter that takes texts only. */
function ofText(params: readonly string[] | null, convert: Convert): FilterDefinition {
  return {
    params,
    apply: (input, args, context) => {
      if (typeof input !== 'string') return fail(`The filter needs a text, not ${typeName(input)}`);
      context.work.text(input.length);
      return convert(input, args, context);
    },
  };
}

/** A filter that takes anything, as its plain text form (expressions.md §4.3). */
function ofAny(params: readonly string[] | null, convert: Convert): FilterDefinition {
  return {
    params,
    apply: (input, args, context) => {
      const text = plainText(input, context.work);
      context.work.text(text.length);
      return convert(text, args, context);
    },
  };
}

/** The same on every scalar of a structure; scalars become texts. */
function walked(value: Value, context: Context, convert: (text: string) => string, nullFails: boolean): Value {
  context.work.step();
  return context.work.nested(() => {
    if (isList(value)) return listItems(value).map((item) => walked(item, context, convert, nullFails));
    if (isMap(value)) {
      return makeMap(
        [...mapEntries(value)].map(([key, item]) => [key, walked(item, context, convert, nullFails)] as const),
      );
    }
    if (value === null) return nullFails ? fail('A null inside of the structure can not be replaced') : null;
    return convert(plainText(value, context.work));
  });
}

function abbreviate(text: string, args: ArgValues): string {
  const length = wholeArg(args, 0, 'The argument `length` of `abbreviate`');
  if (length < 0) fail('The argument `length` of `abbreviate` must not be negative');
  if (text.length < length || text.length <= 3) return text;
  return length <= 3 ? text.slice(0, length) : `${text.slice(0, length - 3)}...`;
}

function titleCase(letter: string): string {
  const upper = letter.toUpperCase();
  return upper.length === letter.length ? upper : letter;
}

function replacePairs(input: Value, args: ArgValues, context: Context): Value {
  const pairs = required(args, 0, 'The argument `replace_pairs` of `replace`');
  if (!isMap(pairs)) return fail('The argument `replace_pairs` of `replace` must be a map');
  const isRegex = optionalBoolean(args, 1, 'The argument `regexp` of `replace`', false);
  const steps = [...mapEntries(pairs)].map(([from, to]) => {
    if (to === null) return fail('A replacement of `replace` is null');
    const replacement = plainText(to, context.work);
    if (!isRegex) return (text: string) => replaceLiteral(text, from, replacement, context.work);
    const regex = compileRegex(from, context.work);
    return (text: string) => replaceRegex(regex, text, replacement, context.work);
  });
  return walked(input, context, (text) => steps.reduce((done, step) => step(done), text), true);
}

const ESCAPES: Readonly<Record<string, readonly [string, string]>> = {
  single: ["'", "\\'"],
  double: ['"', '\\"'],
  shell: ["'", "'\\''"],
};

function escapeChar(input: Value, args: ArgValues, context: Context): Value {
  const type = textArg(args, 0, 'The argument `type` of `escapeChar`').toLowerCase();
  const escape = Object.hasOwn(ESCAPES, type) ? ESCAPES[type] : undefined;
  if (escape === undefined) return fail(`\`escapeChar\` knows single, double and shell, not \`${type}\``);
  const [from, to] = escape;
  return walked(input, context, (text) => replaceLiteral(text, from, to, context.work), false);
}

function lineBreak(text: string): string {
  return ['\r\n', '\n\r', '\n', '\r'].find((candidate) => text.includes(candidate)) ?? '\n';
}

function indented(text: string, args: ArgValues, context: Context, inFront: boolean): string {
  const amount = wholeArg(args, 0, 'The argument `amount`');
  if (amount < 0) fail('The argument `amount` must not be negative');
  const prefix = args[1] === undefined || args[1] === null ? ' ' : plainText(args[1], context.work);
  if (text === '') return text;
  context.work.text(prefix.length * amount);
  const newline = lineBreak(text);
  const indent = newline + prefix.repeat(amount);
  const body = replaceLiteral(text, newline, indent, context.work);
  return inFront ? indent + body : body;
}

type Cut = (text: string, separator: string, work: Work) => string;

function substring(cut: Cut): FilterDefinition {
  return ofAny(['separator'], (text, args, context) =>
    cut(text, textArg(args, 0, 'The argument `separator`'), context.work),
  );
}

function before(text: string, separator: string, at: number): string {
  return separator === '' || at === -1 ? text : text.slice(0, at);
}

function after(text: string, separator: string, at: number): string {
  return at === -1 ? '' : text.slice(at + separator.length);
}

function edge(test: (text: string, value: string, work: Work) => boolean): FilterDefinition {
  return {
    params: ['value'],
    takesNull: true,
    apply: (input, args, context) => {
      const value = args[0];
      if (input === null) return fail('The filter needs a value, not null');
      if (value === undefined || value === null) return fail('The argument `value` is missing');
      return test(plainText(input, context.work), plainText(value, context.work), context.work);
    },
  };
}

/** Filters on texts (expressions.md §9.1) and the regular expressions of later versions (§17). */
export const textFilters: Readonly<Record<string, FilterDefinition>> = {
  abbreviate: ofText(['length'], abbreviate),
  base64encode: ofAny(null, (text, _args, context) => {
    context.work.text(text.length * 2);
    return toBase64(utf8(text));
  }),
  base64decode: ofText(null, (text) => fromUtf8(fromBase64(text))),
  capitalize: ofText(null, (text) => text.replace(/\S/u, titleCase)),
  lower: ofAny(null, (text) => text.toLowerCase()),
  upper: ofAny(null, (text) => text.toUpperCase()),
  title: ofText(null, (text, _args, context) => {
    // A block that starts inside a word must not start with a capital.
    let before = ' ';
    return inBlocks(text, context.work, (block) => {
      const titled = (before + block).replace(
        /(\s)(\S)/gu,
        (_all, gap: string, letter: string) => gap + titleCase(letter),
      );
      const { length } = before;
      before = block.slice(-1);
      return titled.slice(length);
    });
  }),
  trim: ofText(null, trimmed),
  replace: { params: ['replace_pairs', 'regexp'], apply: replacePairs },
  split: ofText(['delimiter', 'limit'], (text, args, context) => {
    const delimiter = textArg(args, 0, 'The argument `delimiter` of `split`');
    const limit = args[1] === undefined || args[1] === null ? 0 : wholeArg(args, 1, 'The argument `limit` of `split`');
    return splitRegex(delimiter, text, limit, context.work);
  }),
  slugify: ofAny(null, (text, _args, context) => slugify(text, context.work)),
  startsWith: edge(startsWith),
  endsWith: edge(endsWith),
  substringBefore: substring((text, separator, work) =>
    separator === '' ? '' : before(text, separator, placeIn(text, separator, work)),
  ),
  substringBeforeLast: substring((text, separator, work) =>
    before(text, separator, lastPlaceIn(text, separator, work)),
  ),
  substringAfter: substring((text, separator, work) => after(text, separator, placeIn(text, separator, work))),
  substringAfterLast: substring((text, separator, work) =>
    separator === '' ? '' : after(text, separator, lastPlaceIn(text, separator, work)),
  ),
  urlencode: ofText(null, (text, _args, context) => {
    context.work.text(text.length * 3);
    return inBlocks(text, context.work, formEncode);
  }),
  urldecode: ofText(null, (text) => formDecode(text)),
  escapeChar: { params: ['type'], apply: escapeChar },
  indent: ofAny(['amount', 'prefix'], (text, args, context) => indented(text, args, context, false)),
  nindent: ofAny(['amount', 'prefix'], (text, args, context) => indented(text, args, context, true)),
  string: { params: [], apply: (input, _args, context) => plainText(input, context.work) },
  regexMatch: ofAny(['regex'], (text, args, context) =>
    matchesPart(compileRegex(textArg(args, 0, 'The argument `regex`'), context.work), text, context.work),
  ),
  regexReplace: ofAny(['regex', 'replacement'], (text, args, context) => {
    const regex = compileRegex(textArg(args, 0, 'The argument `regex`'), context.work);
    return replaceRegex(regex, text, textArg(args, 1, 'The argument `replacement`'), context.work);
  }),
  regexExtract: ofAny(['regex', 'group'], (text, args, context) => {
    const regex = compileRegex(textArg(args, 0, 'The argument `regex`'), context.work);
    const group = args[1] === undefined || args[1] === null ? 0 : wholeArg(args, 1, 'The argument `group`');
    if (group < 0 || group > regex.groupCount()) fail(`The regular expression has no group ${group}`);
    for (const match of allMatches(regex, text, context.work, 1)) return match.groups[group] ?? null;
    return null;
  }),
};
