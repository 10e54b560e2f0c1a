/**
 * What a plain (unquoted) scalar means. The reference reads YAML 1.1: `yes` and `on` are booleans, `012` is octal,
 * `1_000` a number; dates and times stay text (expressions.md §12.2).
 */
const NULLS = new Set(['', '~', 'null', 'Null', 'NULL']);
const TRUE = /^(?:true|True|TRUE|yes|Yes|YES|on|On|ON)$/;
const FALSE = /^(?:false|False|FALSE|no|No|NO|off|Off|OFF)$/;
const BINARY = /^[-+]?0b[01_]+$/;
const OCTAL = /^[-+]?0[0-7_]+$/;
const DECIMAL = /^[-+]?(?:0|[1-9][0-9_]*)$/;
const HEXADECIMAL = /^[-+]?0x[0-9a-fA-F_]+$/;
const FLOAT =
  /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?)$/;

export function resolvePlainScalar(text: string): string | number | boolean | null {
  if (NULLS.has(text)) return null;
  if (TRUE.test(text)) return true;
  if (FALSE.test(text)) return false;
  const first = text.charCodeAt(0);
  const maybeNumber = (first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46;
  return maybeNumber ? resolveNumber(text) : text;
}

function resolveNumber(text: string): string | number {
  const negative = text.startsWith('-');
  const digits = text.replace(/^[-+]/, '').replaceAll('_', '');
  const signed = (value: number): number => (negative ? -value : value);
  if (DECIMAL.test(text)) return whole(text, signed(Number(digits)));
  if (BINARY.test(text)) return whole(text, signed(Number(digits)));
  if (HEXADECIMAL.test(text)) return whole(text, signed(Number(digits)));
  if (OCTAL.test(text)) return whole(text, signed(Number(`0o${digits}`)));
  if (FLOAT.test(text)) return finite(text, signed(Number(digits)));
  return text;
}

/** Whole numbers beyond 53 bits stay text: digits that people wrote are not rounded. */
const whole = (text: string, value: number): string | number => (Number.isSafeInteger(value) ? value : text);
const finite = (text: string, value: number): string | number => (Number.isFinite(value) ? value : text);
