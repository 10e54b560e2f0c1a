import { fail, failLimit } from './errors.ts';
import { doubleText, fitsLong, plainDigits } from './numbers.ts';
import { plainText } from './print.ts';
import { placeIn } from './search.ts';
import {
  decimal,
  Decimal,
  Double,
  Float,
  isInteger,
  isList,
  isMap,
  isNumber,
  listItems,
  MapEntry,
  mapGet,
  mapHas,
  mapKeys,
  MISSING,
  Temporal,
  toBigInt,
  toDouble,
  typeName,
  type Value,
} from './values.ts';
import { MAX_NESTING, type Work } from './work.ts';

const MAX_WHOLE = 2n ** 4096n;

/** `+`: sum, text, or longer list (expressions.md §3.2). The list itself stays as it is (§16, E5). */
export function add(left: Value, right: Value, work: Work): Value {
  if (typeof left === 'bigint' && typeof right === 'bigint') return wholeResult('+', left, right);
  if (typeof left === 'string' || typeof right === 'string') {
    const a = left === null ? 'null' : plainText(left, work);
    const b = right === null ? 'null' : plainText(right, work);
    work.text(a.length + b.length);
    return a + b;
  }
  if (isList(left)) {
    const items = listItems(left);
    const added = isList(right) ? listItems(right) : [right];
    work.step(items.length + added.length);
    return [...items, ...added];
  }
  return arithmetic('+', left, right);
}

/** `-`: difference, or a list without an element or without all elements of a list. */
export function subtract(left: Value, right: Value, work: Work): Value {
  if (isList(left)) {
    const removed = isList(right) ? listItems(right) : [right];
    return listItems(left).filter((item) => {
      work.step(1 + (removed.length >> 4));
      return !removed.some((gone) => sameElement(item, gone, work));
    });
  }
  return arithmetic('-', left, right);
}

export type ArithmeticSign = '+' | '-' | '*' | '/' | '%';

/** Arithmetic on numbers: decimals when one side is one, else 64-bit whole numbers that wrap. */
export function arithmetic(sign: ArithmeticSign, left: Value, right: Value): Value {
  if (!isNumber(left) || !isNumber(right)) {
    return fail(`\`${sign}\` needs numbers, not ${typeName(left)} and ${typeName(right)}`);
  }
  if (isInteger(left) && isInteger(right)) return wholeResult(sign, toBigInt(left), toBigInt(right));
  const result = decimalResult(sign, toDouble(left), toDouble(right));
  if (left instanceof Decimal || right instanceof Decimal) {
    if (!Number.isFinite(result)) fail(`\`${sign}\` gives no number`);
    return new Decimal(plainDigits(doubleText(result)));
  }
  if (isDouble(left) || isDouble(right)) return decimal(result);
  return new Float(result);
}

function isDouble(value: Value): boolean {
  return value instanceof Double || (typeof value === 'number' && !Number.isInteger(value));
}

function decimalResult(sign: ArithmeticSign, left: number, right: number): number {
  switch (sign) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '%':
      return left % right;
  }
}

function wholeResult(sign: ArithmeticSign, left: bigint, right: bigint): bigint {
  if (right === 0n && (sign === '/' || sign === '%')) fail('Division of a whole number by zero');
  const result = exactResult(sign, left, right);
  if (fitsLong(result)) return result;
  if (fitsLong(left) && fitsLong(right)) return BigInt.asIntN(64, result);
  if (result > MAX_WHOLE || result < -MAX_WHOLE) failLimit('The number has too many digits');
  return result;
}

function exactResult(sign: ArithmeticSign, left: bigint, right: bigint): bigint {
  switch (sign) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '%':
      return left % right;
  }
}

/** Unary `-` and `+`. */
export function signed(sign: '-' | '+', operand: Value): Value {
  if (!isNumber(operand)) return fail(`Unary \`${sign}\` needs a number, not ${typeName(operand)}`);
  if (sign === '+') return operand;
  if (isInteger(operand)) return wholeResult('-', 0n, toBigInt(operand));
  if (operand instanceof Float) return new Float(-operand.value);
  if (operand instanceof Decimal) {
    return new Decimal(operand.text.startsWith('-') ? operand.text.slice(1) : `-${operand.text}`);
  }
  return decimal(-toDouble(operand));
}

export type OrderSign = '>' | '<' | '>=' | '<=';

/** Order of numbers; false when one side is null; everything else fails. */
export function ordered(sign: OrderSign, left: Value, right: Value): boolean {
  if (left === null || right === null) return false;
  if (!isNumber(left) || !isNumber(right)) {
    return fail(`\`${sign}\` compares numbers, not ${typeName(left)} and ${typeName(right)}`);
  }
  const a = isInteger(left) ? toBigInt(left) : toDouble(left);
  const b = isInteger(right) ? toBigInt(right) : toDouble(right);
  switch (sign) {
    case '>':
      return a > b;
    case '<':
      return a < b;
    case '>=':
      return a >= b;
    case '<=':
      return a <= b;
  }
}

/** `==`: numbers by value as doubles, everything else by type and content, without conversion. */
export function equal(left: Value, right: Value, work: Work): boolean {
  if (left === right) return true;
  if (left === null || right === null) return false;
  if (typeof left === 'string') {
    work.step(left.length >> 10);
    return false;
  }
  if (isNumber(left) && isNumber(right)) return toDouble(left) === toDouble(right);
  return sameElement(left, right, work);
}

/** Equality of elements inside structures, where `1` and `1.0` differ (expressions.md §3.2). */
export function sameElement(left: Value, right: Value, work: Work, depth = 0): boolean {
  if (left === right) return true;
  if (left === null || right === null || typeof left === 'string' || typeof left === 'boolean') return false;
  if (depth > MAX_NESTING) failLimit('The values are nested too deeply to be compared');
  work.step();
  if (isNumber(left)) {
    if (!isNumber(right)) return false;
    if (isInteger(left) || isInteger(right)) {
      return isInteger(left) && isInteger(right) && toBigInt(left) === toBigInt(right);
    }
    return toDouble(left) === toDouble(right);
  }
  if (isList(left)) {
    if (!isList(right)) return false;
    const a = listItems(left);
    const b = listItems(right);
    return a.length === b.length && a.every((item, index) => sameElement(item, b[index], work, depth + 1));
  }
  if (left instanceof MapEntry) {
    return right instanceof MapEntry && left.key === right.key && sameElement(left.value, right.value, work, depth + 1);
  }
  if (left instanceof Temporal) return right instanceof Temporal && left.iso() === right.iso();
  if (isMap(left)) return isMap(right) && sameMap(left, right, work, depth);
  return false;
}

function sameMap(left: object, right: object, work: Work, depth: number): boolean {
  const keys = mapKeys(left);
  work.step(keys.length >> 1);
  if (keys.length !== mapKeys(right).length) return false;
  return keys.every((key) => {
    const b = mapGet(right, key);
    return b !== MISSING && sameElement(mapGet(left, key), b, work, depth + 1);
  });
}

/** `contains`: element of a list (all of a list), key of a map, part of a text. */
export function contains(left: Value, right: Value, work: Work): boolean {
  if (left === null) return false;
  if (typeof left === 'string') return right !== null && placeIn(left, plainText(right, work), work) !== -1;
  if (isList(left)) {
    const items = listItems(left);
    const wanted = isList(right) ? listItems(right) : [right];
    return wanted.every((want) => {
      work.step(1 + (items.length >> 4));
      return items.some((item) => sameElement(item, want, work));
    });
  }
  if (isMap(left)) return right !== null && mapHas(left, plainText(right, work));
  return fail(`\`contains\` needs a list, a map or a text, not ${typeName(left)}`);
}

/** Truth of a condition (expressions.md §3.2). Null fails, except in a ternary. */
export function truth(value: Value, where: string): boolean {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      return value !== '';
    case 'number':
      return value !== 0;
    case 'bigint':
      return value !== 0n;
    default:
      if (isNumber(value)) return toDouble(value) !== 0;
      return fail(`${where} needs a boolean, a number or a text, not ${typeName(value)}`);
  }
}

/** The later versions' bound on `range` (expressions.md §17). */
const MAX_RANGE = 1_000_000;

/** Inclusive list of whole numbers, or of letters (expressions.md §12.2). */
export function range(start: Value, end: Value, increment: Value, work: Work): Value[] {
  if (!isNumber(increment)) return fail('`range` needs a number as increment');
  const step = truncated(increment);
  if (step === 0n) fail('`range` needs an increment other than zero');
  if (isNumber(start) && isNumber(end)) return series(truncated(start), truncated(end), step, work);
  if (typeof start === 'string' && typeof end === 'string' && start.length === 1 && end.length === 1) {
    const codes = series(BigInt(start.charCodeAt(0)), BigInt(end.charCodeAt(0)), step, work);
    return codes.map((code) => String.fromCharCode(Number(code)));
  }
  return fail(`\`range\` needs two numbers or two letters, not ${typeName(start)} and ${typeName(end)}`);
}

function truncated(value: Value): bigint {
  if (isInteger(value)) return toBigInt(value);
  const number = Math.trunc(toDouble(value));
  return Number.isFinite(number) ? BigInt(number) : fail('`range` needs finite numbers');
}

function series(start: bigint, end: bigint, step: bigint, work: Work): bigint[] {
  const count = (end - start) / step + 1n;
  if ((step > 0n && start > end) || (step < 0n && start < end)) return [];
  if (count > BigInt(MAX_RANGE)) failLimit(`A range has at most ${MAX_RANGE} elements`);
  const items: bigint[] = [];
  for (let value = start; step > 0n ? value <= end : value >= end; value += step) {
    work.step();
    items.push(value);
  }
  return items;
}
