import { shortened } from '@tiercel/model';
import { fail } from './errors.ts';
import { doubleText, fitsLong, floatText, MAX_DIGITS, plainDigits } from './numbers.ts';
import { BigInteger, Decimal, Double, Float, decimal, type Value } from './values.ts';

const WHOLE = /^[+-]?\d+$/;
const HEXADECIMAL = /^([+-]?)(?:0[xX]|#)([0-9a-fA-F]+)$/;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The filter `number` (expressions.md §9.2). An unknown type counts as none. */
export function parseNumber(text: string, type: string | null): Value {
  if (text.length > MAX_DIGITS) fail(`A number has at most ${MAX_DIGITS} digits`);
  switch (type) {
    case 'INT': {
      const value = whole(text);
      if (value > 2n ** 31n - 1n || value < -(2n ** 31n)) fail(`\`${text}\` does not fit an INT`);
      return Number(value);
    }
    case 'LONG': {
      const value = whole(text);
      return fitsLong(value) ? value : fail(`\`${text}\` does not fit a LONG`);
    }
    case 'BIGINTEGER':
      return new BigInteger(whole(text));
    case 'FLOAT':
      return new Float(float(text));
    case 'DOUBLE':
      return decimal(float(text));
    case 'BIGDECIMAL':
      return new Decimal(bigDecimal(text));
    default:
      return untyped(text);
  }
}

function bad(text: string): never {
  return fail(`\`${shortened(text, 100)}\` is no number`);
}

function whole(text: string): bigint {
  return WHOLE.test(text) ? BigInt(text.replace('+', '')) : bad(text);
}

function float(text: string): number {
  const trimmed = text.trim();
  if (/^[+-]?(?:NaN|Infinity)$/.test(trimmed)) return Number(trimmed);
  const body = trimmed.replace(/[fFdD]$/, '');
  return DECIMAL.test(body) ? Number(body) : bad(text);
}

function bigDecimal(text: string): string {
  if (!DECIMAL.test(text)) return bad(text);
  const exponent = Number(/[eE]([+-]?\d+)$/.exec(text)?.[1] ?? 0);
  if (Math.abs(exponent) > MAX_DIGITS) fail(`A number has at most ${MAX_DIGITS} digits`);
  return plainDigits(
    text
      .replace(/^\+/, '')
      .replace(/\.(?=$|[eE])/, '')
      .replace(/^(-?)\./, '$10.'),
  );
}

function untyped(text: string): Value {
  const hexadecimal = HEXADECIMAL.exec(text);
  if (hexadecimal !== null) {
    const value = BigInt(`0x${hexadecimal[2]}`);
    return sized(hexadecimal[1] === '-' ? -value : value);
  }
  if (WHOLE.test(text)) return sized(whole(text));
  if (/^[+-]?\d+[lL]$/.test(text)) {
    const value = whole(text.slice(0, -1));
    return fitsLong(value) ? value : new BigInteger(value);
  }
  const suffix = /[fFdD]$/.exec(text)?.[0].toLowerCase();
  const body = suffix === undefined ? text : text.slice(0, -1);
  if (!DECIMAL.test(body)) return bad(text);
  const value = Number(body);
  if (suffix === 'f') return new Float(value);
  if (suffix === 'd') return new Double(value);
  return smallestDecimal(body, value);
}

/** 32 bits when that is no loss, else 64, else all digits. */
function smallestDecimal(text: string, value: number): Value {
  const single = Math.fround(value);
  if (Number.isFinite(single) && floatText(single) === doubleText(value)) return new Float(value);
  if (Number.isFinite(value) && sameDigits(plainDigits(doubleText(value)), bigDecimal(text))) return decimal(value);
  return new Decimal(bigDecimal(text));
}

function sameDigits(a: string, b: string): boolean {
  return canonical(a) === canonical(b);
}

function canonical(digits: string): string {
  const negative = digits.startsWith('-');
  const [wholePart = '', fraction = ''] = digits.replace(/^[+-]/, '').split('.');
  const text = `${wholePart.replace(/^0+(?=\d)/, '')}.${fraction.replace(/0+$/, '')}`;
  return negative ? `-${text}` : text;
}

/** Int, long or big integer by size. */
function sized(value: bigint): Value {
  if (value >= -(2n ** 31n) && value < 2n ** 31n) return Number(value);
  return fitsLong(value) ? value : new BigInteger(value);
}
