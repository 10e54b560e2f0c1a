import type { BigInteger } from './values.ts';
import { Decimal, Double, Float } from './values.ts';

/** Shortest decimal that reads back, in the layout of the reference: `2.0`, `1.23456785E7`, `1.0E-4` (expressions.md §4.2). */
export function doubleText(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude >= 1e-3 && magnitude < 1e7) {
    // Here the host writes the same digits, and without an exponent.
    const text = String(value);
    return text.includes('.') ? text : `${text}.0`;
  }
  return layout(value, (magnitude) => magnitude.toExponential());
}

/** The same for a decimal of 32 bits: fewer digits suffice to read it back. */
export function floatText(value: number): string {
  return layout(value, (magnitude) => {
    for (let digits = 0; digits < 9; digits += 1) {
      const text = magnitude.toExponential(digits);
      if (Math.fround(Number(text)) === magnitude) return text;
    }
    return magnitude.toExponential();
  });
}

function layout(value: number, shortest: (magnitude: number) => string): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const magnitude = Math.abs(value);
  if (magnitude === 0) return `${sign}0.0`;
  const [mantissa = '0', exponentText = '0'] = shortest(magnitude).split('e');
  const digits = mantissa.replace('.', '');
  const exponent = Number(exponentText);
  if (magnitude >= 1e7 || magnitude < 1e-3) return `${sign}${digits[0]}.${digits.slice(1) || '0'}E${exponent}`;
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}

/** Plain digits without an exponent, for a double that becomes a big decimal. */
export function plainDigits(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return text;
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] = match;
  const digits = whole + fraction;
  const point = whole.length + Number(exponentText);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return `${sign}${digits.padEnd(point, '0')}`.replace(/^(-?)0+(?=\d)/, '$1');
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Text of any number, as printing gives it. */
export function numberText(value: unknown): string {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : wideText(value);
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Double) return doubleText(value.value);
  if (value instanceof Float) return floatText(value.value);
  if (value instanceof Decimal) return value.text;
  return String((value as BigInteger).value);
}

function wideText(value: number): string {
  return Number.isInteger(value) ? String(BigInt(value)) : doubleText(value);
}

const MIN_LONG = -(2n ** 63n);
export const MAX_LONG = 2n ** 63n - 1n;

/** Whole numbers of more digits are refused where texts are read: making one takes time that grows with the square. */
export const MAX_DIGITS = 1200;

export function fitsLong(value: bigint): boolean {
  return value >= MIN_LONG && value <= MAX_LONG;
}
