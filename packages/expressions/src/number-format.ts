import { GenerationCache } from './cache.ts';
import { fail } from './errors.ts';
import { localeTag } from './locales.ts';
import { plainDigits } from './numbers.ts';
import { Decimal, isInteger, toBigInt, toDouble, type Value } from './values.ts';

/** An exact decimal: `units` × 10^-`scale`. */
interface Exact {
  readonly negative: boolean;
  readonly units: bigint;
  readonly scale: number;
}

interface Pattern {
  readonly prefix: string;
  readonly suffix: string;
  readonly negativePrefix: string | undefined;
  readonly negativeSuffix: string | undefined;
  readonly minWhole: number;
  readonly maxWhole: number;
  readonly minFraction: number;
  readonly maxFraction: number;
  readonly grouping: number;
  readonly exponentDigits: number;
  /** Power of ten of a percent or per-mille sign. */
  readonly shift: number;
}

interface Symbols {
  readonly decimal: string;
  readonly group: string;
  readonly minus: string;
  readonly currency: string;
}

const MAX_PATTERN = 500;

/**
 * Writes a number after a Java decimal pattern with the symbols of a locale, rounding half to even on the exact value
 * (expressions.md §9.2). Without a pattern: grouping and at most three decimals.
 */
export function formatNumber(value: Value, pattern: string | null, locale: string): string {
  const parsed = parsePattern(pattern ?? '#,##0.###');
  const symbols = symbolsOf(locale);
  const number = isInteger(value) ? undefined : toDouble(value);
  if (number !== undefined && Number.isNaN(number)) return 'NaN';
  if (number !== undefined && !Number.isFinite(number)) return affixed('∞', number < 0, parsed, symbols);
  const exact = shifted(exactOf(value), parsed.shift);
  if (parsed.exponentDigits > 0) return affixed(scientific(exact, parsed, symbols), exact.negative, parsed, symbols);
  const rounded = roundTo(exact, parsed.maxFraction);
  const isNegative = exact.negative && (rounded.units !== 0n || !isInteger(value));
  return affixed(fixed(rounded, parsed, symbols), isNegative, parsed, symbols);
}

function affixed(body: string, negative: boolean, pattern: Pattern, symbols: Symbols): string {
  let { prefix, suffix } = pattern;
  if (negative) {
    prefix = pattern.negativePrefix ?? symbols.minus + prefix;
    suffix = pattern.negativeSuffix ?? suffix;
  }
  return `${prefix.replaceAll('¤', symbols.currency)}${body}${suffix.replaceAll('¤', symbols.currency)}`;
}

const symbols = new GenerationCache<Symbols>(50, 50);

function symbolsOf(locale: string): Symbols {
  const tag = localeTag(locale);
  let known = symbols.get(tag);
  if (known === undefined) {
    known = readSymbols(tag);
    symbols.set(tag, known, 1);
  }
  return known;
}

function readSymbols(tag: string): Symbols {
  const parts = new Intl.NumberFormat(tag, { useGrouping: true, minimumFractionDigits: 1 }).formatToParts(-1234567.5);
  const part = (type: string): string | undefined => parts.find((candidate) => candidate.type === type)?.value;
  return {
    decimal: part('decimal') ?? '.',
    group: part('group') ?? ',',
    minus: part('minusSign') ?? '-',
    currency: /[-]US$/.test(tag) ? '$' : '¤',
  };
}

function exactOf(value: Value): Exact {
  if (isInteger(value)) {
    const whole = toBigInt(value);
    return { negative: whole < 0n, units: whole < 0n ? -whole : whole, scale: 0 };
  }
  if (value instanceof Decimal) {
    const [whole = '0', fraction = ''] = plainDigits(value.text).replace(/^[+-]/, '').split('.');
    return { negative: value.text.startsWith('-'), units: BigInt(whole + fraction), scale: fraction.length };
  }
  return exactDouble(toDouble(value));
}

/** The exact value of a double: its bits, without any rounding. */
function exactDouble(value: number): Exact {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n);
  const exponent = (biased === 0 ? 1 : biased) - 1075;
  const negative = bits >> 63n === 1n;
  if (exponent >= 0) return { negative, units: mantissa << BigInt(exponent), scale: 0 };
  return { negative, units: mantissa * 5n ** BigInt(-exponent), scale: -exponent };
}

function shifted(exact: Exact, shift: number): Exact {
  return shift === 0 ? exact : { ...exact, units: exact.units * 10n ** BigInt(shift) };
}

/** Rounds half to even. The result's scale is `digits`, which may be negative. */
function roundTo(exact: Exact, digits: number): Exact {
  if (exact.scale <= digits)
    return { ...exact, units: exact.units * 10n ** BigInt(digits - exact.scale), scale: digits };
  const divisor = 10n ** BigInt(exact.scale - digits);
  const quotient = exact.units / divisor;
  const twice = (exact.units % divisor) * 2n;
  const up = twice > divisor || (twice === divisor && quotient % 2n === 1n);
  return { ...exact, units: up ? quotient + 1n : quotient, scale: digits };
}

function fixed(rounded: Exact, pattern: Pattern, symbols: Symbols): string {
  const digits = rounded.units.toString().padStart(rounded.scale + 1, '0');
  const wholeDigits = digits.slice(0, digits.length - rounded.scale).replace(/^0+/, '');
  let fraction = rounded.scale === 0 ? '' : digits.slice(-rounded.scale);
  while (fraction.length > pattern.minFraction && fraction.endsWith('0')) fraction = fraction.slice(0, -1);
  let whole = wholeDigits.padStart(pattern.minWhole, '0');
  if (whole === '' && fraction === '') whole = '0';
  if (pattern.grouping > 0) whole = grouped(whole, pattern.grouping, symbols.group);
  return fraction === '' ? whole : whole + symbols.decimal + fraction;
}

function grouped(digits: string, size: number, separator: string): string {
  const parts: string[] = [];
  for (let end = digits.length; end > 0; end -= size) parts.unshift(digits.slice(Math.max(0, end - size), end));
  return parts.join(separator);
}

function scientific(exact: Exact, pattern: Pattern, symbols: Symbols): string {
  const width = exact.units === 0n ? 1 : exact.units.toString().length;
  // Position of the first digit: 0 for units, 1 for tens.
  const magnitude = exact.units === 0n ? 0 : width - 1 - exact.scale;
  const repeats = pattern.maxWhole > pattern.minWhole && pattern.maxWhole > 1;
  const wholeDigits = repeats ? 1 : Math.max(pattern.minWhole, 1);
  let exponent = repeats ? Math.floor(magnitude / pattern.maxWhole) * pattern.maxWhole : magnitude - (wholeDigits - 1);
  if (exact.units === 0n) exponent = 0;
  const significant = repeats ? pattern.minWhole + pattern.maxFraction : wholeDigits + pattern.maxFraction;
  const scaled: Exact = { ...exact, scale: exact.scale + exponent };
  const fractionDigits = repeats ? significant - (magnitude - exponent + 1) : pattern.maxFraction;
  const normal: Exact =
    scaled.scale < 0 ? { ...scaled, units: scaled.units * 10n ** BigInt(-scaled.scale), scale: 0 } : scaled;
  let rounded = roundTo(normal, Math.max(0, fractionDigits));
  const limit = repeats ? pattern.maxWhole : wholeDigits;
  if (rounded.units >= 10n ** BigInt(limit + rounded.scale)) {
    exponent += repeats ? pattern.maxWhole : 1;
    rounded = roundTo({ ...rounded, scale: rounded.scale + (repeats ? pattern.maxWhole : 1) }, pattern.maxFraction);
  }
  const body = fixed(rounded, { ...pattern, grouping: 0, minWhole: wholeDigits }, symbols);
  const digits = Math.abs(exponent).toString().padStart(pattern.exponentDigits, '0');
  return `${body}E${exponent < 0 ? symbols.minus : ''}${digits}`;
}

const patterns = new GenerationCache<Pattern>(250, 250);

function parsePattern(pattern: string): Pattern {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  if (pattern.length > MAX_PATTERN) fail(`A number pattern has at most ${MAX_PATTERN} characters`);
  const [positive = '', negative] = splitUnquoted(pattern);
  const parsed = parseHalf(positive, pattern);
  const other = negative === undefined ? undefined : parseHalf(negative, pattern);
  const result = { ...parsed, negativePrefix: other?.prefix, negativeSuffix: other?.suffix };
  patterns.set(pattern, result, 1);
  return result;
}

function splitUnquoted(pattern: string): string[] {
  let quoted = false;
  for (let at = 0; at < pattern.length; at += 1) {
    if (pattern[at] === "'") quoted = !quoted;
    else if (pattern[at] === ';' && !quoted) return [pattern.slice(0, at), pattern.slice(at + 1)];
  }
  return [pattern];
}

function bad(pattern: string): never {
  return fail(`\`${pattern}\` is no number pattern`);
}

function parseHalf(half: string, whole: string): Pattern {
  const prefix = readAffix(half, 0, true);
  const body = /^(?:[#0,]*)(?:\.[#0,]*)?(?:E0+)?/.exec(half.slice(prefix.end))?.[0] ?? '';
  const suffix = readAffix(half, prefix.end + body.length, false);
  if (suffix.end !== half.length) bad(whole);
  const match = /^([#,]*)([0,]*)(?:\.(0*)(#*))?(?:E(0+))?$/.exec(body);
  if (match === null) return bad(whole);
  const [, hashes = '', zeros = '', required = '', optional = '', exponent = ''] = match;
  const digits = hashes + zeros;
  const comma = digits.lastIndexOf(',');
  if (comma === digits.length - 1 && comma !== -1) bad(whole);
  const count = (text: string): number => text.replaceAll(',', '').length;
  const minWhole = count(zeros);
  const noDigits = body === '';
  // Without any zero the last place before the point counts as one, or the first behind it when there is none.
  const noZero = minWhole === 0 && required === '' && body.includes('.');
  return {
    prefix: prefix.text,
    suffix: suffix.text,
    negativePrefix: undefined,
    negativeSuffix: undefined,
    minWhole: noZero && count(digits) > 0 ? 1 : minWhole,
    maxWhole: count(digits),
    minFraction: noZero && count(digits) === 0 ? 1 : required.length,
    maxFraction: noDigits ? 340 : required.length + optional.length,
    grouping: comma === -1 ? 0 : digits.length - comma - 1,
    exponentDigits: exponent.length,
    shift: prefix.shift + suffix.shift,
  };
}

/** Literal text around the digits, with quotes taken away. */
function readAffix(half: string, from: number, isPrefix: boolean): { text: string; end: number; shift: number } {
  let text = '';
  let shift = 0;
  let at = from;
  for (; at < half.length; at += 1) {
    const character = half[at] ?? '';
    if (character === "'") {
      if (half[at + 1] === "'") {
        text += "'";
        at += 1;
        continue;
      }
      const close = half.indexOf("'", at + 1);
      if (close === -1) return fail('A quote in the number pattern is not closed');
      text += half.slice(at + 1, close);
      at = close;
      continue;
    }
    if (isPrefix && '#0,.'.includes(character)) break;
    if (!isPrefix && '#0,.'.includes(character)) return { text, end: -1, shift };
    if (character === '%') shift = 2;
    if (character === '‰') shift = 3;
    text += character;
  }
  return { text, end: at, shift };
}
