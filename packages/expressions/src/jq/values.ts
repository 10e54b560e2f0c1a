import { Failure, failLimit } from '../errors.ts';
import { jsonOf } from '../print.ts';
import {
  Double,
  isInteger,
  isList,
  isMap,
  isNumber,
  LazyMap,
  listItems,
  makeMap,
  MapEntry,
  mapEntries,
  mapGet,
  mapHas,
  mapKeys,
  mapSize,
  MISSING,
  Temporal,
  toBigInt,
  toDouble,
  type Value,
} from '../values.ts';
import { placeIn, splitAt } from '../search.ts';
import { MAX_NESTING, type Work } from '../work.ts';

/** An error of a jq program: `try` catches it and sees `value`. */
export class JqError extends Failure {
  readonly value: Value;
  constructor(value: Value, message: string) {
    super(message);
    this.value = value;
  }
}

export function jqFail(message: string): never {
  throw new JqError(message, message);
}

/** The value as JSON data: dates become texts, null map entries go, lazy maps are read (expressions.md §11). */
export function toJqValue(value: Value, work: Work, depth = 0): Value {
  if (typeof value !== 'object' || value === null) return value === undefined ? null : value;
  if (depth > MAX_NESTING) failLimit('The value is nested too deeply for jq');
  work.step();
  if (isList(value)) {
    const items = listItems(value);
    const converted = items.map((item) => toJqValue(item, work, depth + 1));
    return Array.isArray(value) && converted.every((item, index) => item === items[index]) ? value : converted;
  }
  if (isNumber(value)) return value;
  if (value instanceof MapEntry) return makeMap([[value.key, toJqValue(value.value, work, depth + 1)]]);
  if (value instanceof Temporal) return value.json();
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  return isMap(value) ? mapToJq(value, work, depth) : jqFail('A value of this kind is no JSON');
}

function mapToJq(map: object, work: Work, depth: number): Value {
  let isChanged = map instanceof LazyMap;
  const entries: [string, Value][] = [];
  for (const [key, item] of mapEntries(map)) {
    const converted = toJqValue(item, work, depth + 1);
    if (converted === null || converted !== item) isChanged = true;
    if (converted !== null) entries.push([key, converted]);
  }
  return isChanged ? makeMap(entries) : map;
}

export type JqType = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object';

export function typeOf(value: Value): JqType {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string') return 'string';
  if (isNumber(value)) return 'number';
  return Array.isArray(value) ? 'array' : 'object';
}

export function isTrue(value: Value): boolean {
  return value !== null && value !== false;
}

/** A computed number: whole results are whole numbers (expressions.md §11). */
export function numeric(value: number): Value {
  if (!Number.isInteger(value)) return value;
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  return Math.abs(value) < 2 ** 63 ? BigInt(value) : new Double(value);
}

const ORDER: Readonly<Record<JqType, number>> = { null: 0, boolean: 1, number: 2, string: 3, array: 4, object: 5 };

/** The order of all JSON values: null, false, true, numbers, texts, lists, maps. */
export function compare(left: Value, right: Value, work: Work, depth = 0): number {
  const type = typeOf(left);
  const difference = ORDER[type] - ORDER[typeOf(right)];
  if (difference !== 0) return difference;
  work.step();
  if (depth > MAX_NESTING) failLimit('The values are nested too deeply to be compared');
  switch (type) {
    case 'null':
      return 0;
    case 'boolean':
      return Number(left) - Number(right);
    case 'number':
      return compareNumbers(left, right);
    case 'string':
      return (left as string) < (right as string) ? -1 : Number((left as string) > (right as string));
    case 'array':
      return compareLists(left as Value[], right as Value[], work, depth);
    case 'object':
      return compareMaps(left as object, right as object, work, depth);
  }
}

function compareNumbers(left: Value, right: Value): number {
  if (isInteger(left) && isInteger(right)) {
    const a = toBigInt(left);
    const b = toBigInt(right);
    return a < b ? -1 : Number(a > b);
  }
  const a = toDouble(left);
  const b = toDouble(right);
  return a < b ? -1 : Number(a > b);
}

function compareLists(left: readonly Value[], right: readonly Value[], work: Work, depth: number): number {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const difference = compare(left[index], right[index], work, depth + 1);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function compareMaps(left: object, right: object, work: Work, depth: number): number {
  const keys = mapKeys(left).toSorted();
  const byKeys = compareLists(keys, mapKeys(right).toSorted(), work, depth);
  if (byKeys !== 0) return byKeys;
  for (const key of keys) {
    const difference = compare(mapGet(left, key), mapGet(right, key), work, depth + 1);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A value in an error message, cut short. */
export function shown(value: Value, work: Work): string {
  const text = jsonOf(value, work, true);
  return text.length > 30 ? `${text.slice(0, 30)}...` : text;
}

function described(value: Value, work: Work): string {
  return `${typeOf(value)} (${shown(value, work)})`;
}

/** `+ - * / %`. */
export function arithmetic(operator: string, left: Value, right: Value, work: Work): Value {
  const a = typeOf(left);
  const b = typeOf(right);
  if (a === 'number' && b === 'number') return numberArithmetic(operator, toDouble(left), toDouble(right), work);
  switch (operator) {
    case '+':
      return plus(left, right, work);
    case '-':
      if (a === 'array' && b === 'array') {
        const gone = right as Value[];
        return (left as Value[]).filter((item) => !gone.some((other) => compare(item, other, work) === 0));
      }
      break;
    case '*':
      if (a === 'object' && b === 'object') return mergeDeep(left as object, right as object, work, 0);
      if (a === 'string' && b === 'number') return repeat(left as string, toDouble(right), work);
      if (a === 'number' && b === 'string') return repeat(right as string, toDouble(left), work);
      break;
    case '/':
      if (a === 'string' && b === 'string') return splitText(left as string, right as string, work);
      break;
    default:
  }
  const verb = { '+': 'added', '-': 'subtracted', '*': 'multiplied', '/': 'divided', '%': 'divided' }[operator];
  return jqFail(`${described(left, work)} and ${described(right, work)} cannot be ${verb}`);
}

function numberArithmetic(operator: string, a: number, b: number, work: Work): Value {
  work.step();
  switch (operator) {
    case '+':
      return numeric(a + b);
    case '-':
      return numeric(a - b);
    case '*':
      return numeric(a * b);
    case '/':
      return b === 0 ? jqFail(`${a} and ${b} cannot be divided because the divisor is zero`) : numeric(a / b);
    default: {
      const divisor = Math.trunc(b);
      if (divisor === 0) return jqFail(`${a} and ${b} cannot be divided because the divisor is zero`);
      return numeric(Math.trunc(a) % Math.abs(divisor));
    }
  }
}

export function plus(left: Value, right: Value, work: Work): Value {
  if (left === null) return right;
  if (right === null) return left;
  if (typeof left === 'string' && typeof right === 'string') {
    work.text(left.length + right.length);
    return left + right;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    work.step(left.length + right.length);
    return [...(left as Value[]), ...(right as Value[])];
  }
  if (isMap(left) && isMap(right)) {
    work.step(mapSize(left) + mapSize(right));
    return makeMap(new Map([...mapEntries(left), ...mapEntries(right)]));
  }
  if (isNumber(left) && isNumber(right)) return numeric(toDouble(left) + toDouble(right));
  return jqFail(`${described(left, work)} and ${described(right, work)} cannot be added`);
}

function mergeDeep(left: object, right: object, work: Work, depth: number): Value {
  if (depth > MAX_NESTING) failLimit('The values are nested too deeply to be merged');
  work.step(mapSize(left) + mapSize(right));
  const merged = new Map(mapEntries(left));
  for (const [key, value] of mapEntries(right)) {
    const own = merged.get(key);
    merged.set(key, isMap(own) && isMap(value) ? mergeDeep(own, value, work, depth + 1) : value);
  }
  return makeMap(merged);
}

function repeat(text: string, count: number, work: Work): Value {
  if (!(count > 0)) return null;
  const times = Math.max(1, Math.ceil(count));
  work.text(text.length * times);
  return text.repeat(times);
}

export function splitText(text: string, separator: string, work: Work): Value[] {
  if (text === '') return [];
  work.text(text.length);
  return separator === '' ? text.split('') : splitAt(text, separator, 0, work);
}

/** `.[key]`, null where there is nothing. */
export function indexValue(target: Value, key: Value, work: Work): Value {
  if (target === null && (key === null || typeof key === 'string' || isNumber(key))) return null;
  if (typeof key === 'string' && isMap(target)) {
    const value = mapGet(target, key);
    return value === MISSING ? null : value;
  }
  if (Array.isArray(target)) {
    const list = target as readonly Value[];
    if (isNumber(key)) {
      const index = Math.floor(toDouble(key));
      return list[index < 0 ? index + list.length : index] ?? null;
    }
    if (Array.isArray(key)) return indicesOf(list, key as readonly Value[], work);
    if (isMap(key)) {
      const bound = (name: string): Value => {
        const value = mapGet(key, name);
        return value === MISSING ? null : value;
      };
      return sliceValue(target, bound('start'), bound('end'), work);
    }
  }
  const by = typeof key === 'string' ? `"${key}"` : typeOf(key);
  return jqFail(`Cannot index ${typeOf(target)} with ${by}`);
}

/** Places at which a list occurs inside a list. */
export function indicesOf(list: readonly Value[], part: readonly Value[], work: Work): Value[] | null {
  if (part.length === 0) return null;
  const found: Value[] = [];
  for (let at = 0; at + part.length <= list.length; at += 1) {
    work.step();
    if (part.every((item, offset) => compare(list[at + offset], item, work) === 0)) found.push(at);
  }
  return found;
}

/** The bounds of a slice, as places inside of a value of that length. */
export function sliceBounds(length: number, from: Value, to: Value): [number, number] {
  const place = (bound: Value, fallback: number, round: (value: number) => number): number => {
    if (bound === null) return fallback;
    if (!isNumber(bound)) return jqFail('Start and end indices of an array slice must be numbers');
    const index = round(toDouble(bound));
    return Math.min(Math.max(index < 0 ? index + length : index, 0), length);
  };
  const start = place(from, 0, Math.floor);
  return [start, Math.max(start, place(to, length, Math.ceil))];
}

export function sliceValue(target: Value, from: Value, to: Value, work: Work): Value {
  if (target === null) return null;
  if (typeof target !== 'string' && !Array.isArray(target)) {
    return jqFail(`Cannot index ${typeOf(target)} with object`);
  }
  const [start, end] = sliceBounds(target.length, from, to);
  work.step((end - start) >> 4);
  return target.slice(start, end) as Value;
}

export function hasKey(target: Value, key: Value, work: Work): boolean {
  if (isMap(target) && typeof key === 'string') return mapHas(target, key);
  if (Array.isArray(target) && isNumber(key)) {
    const index = toDouble(key);
    return index >= 0 && index < target.length;
  }
  return jqFail(`Cannot check whether ${typeOf(target)} has a ${typeOf(key)} key: ${shown(key, work)}`);
}

export function containsValue(a: Value, b: Value, work: Work, depth = 0): boolean {
  if (depth > MAX_NESTING) failLimit('The values are nested too deeply to be compared');
  work.step();
  if (typeOf(a) !== typeOf(b)) {
    return jqFail(`${described(a, work)} and ${described(b, work)} cannot have their containment checked`);
  }
  if (typeof a === 'string') return placeIn(a, b as string, work) !== -1;
  if (Array.isArray(a)) {
    return (b as Value[]).every((item) =>
      (a as Value[]).some((own) => typeOf(own) === typeOf(item) && containsValue(own, item, work, depth + 1)),
    );
  }
  if (isMap(a)) {
    return [...mapEntries(b as object)].every(([key, item]) => {
      const own = mapGet(a, key);
      return own !== MISSING && typeOf(own) === typeOf(item) && containsValue(own, item, work, depth + 1);
    });
  }
  return compare(a, b, work) === 0;
}
