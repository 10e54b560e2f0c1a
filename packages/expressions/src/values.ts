/**
 * Values inside expressions (expressions.md §4.1).
 *
 * - whole numbers: `bigint` for literals and results of arithmetic, or a whole JS `number` from variables;
 *   beyond 64 bits they are big integers
 * - decimals: a JS `number` with a fraction, or `Double` when the number is whole (`2.0`), `Float`, `Decimal`
 * - lists: arrays and sets; maps: plain objects, `Map`, `LazyMap`; entries of a map: `MapEntry`
 * - moments and durations: subclasses of `Temporal`
 * - `undefined` is never a value; a missing thing is `MISSING`
 */
export type Value = unknown;

/** A map computed on demand: only keys that a template touches are asked for. Printing asks for all of them. */
export abstract class LazyMap {
  abstract get(key: string): Value | undefined;
  abstract has(key: string): boolean;
  abstract keys(): Iterable<string>;
}

/** What a lookup gives when there is nothing; distinct from `null`, which is a value. */
export const MISSING: unique symbol = Symbol('missing');

/** A decimal of 64 bits that happens to be whole, or any other decimal that has to stay one. */
export class Double {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
  toJSON(): number {
    return this.value;
  }
}

/** A decimal of 32 bits: made only by the filter `number`. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = Math.fround(value);
  }
  toJSON(): number {
    return this.value;
  }
}

/** A big decimal: prints its digits without an exponent, computes as a double. */
export class Decimal {
  readonly text: string;
  readonly value: number;
  constructor(text: string) {
    this.text = text;
    this.value = Number(text);
  }
  toJSON(): number {
    return this.value;
  }
}

/** A whole number that the filter `number` made a big integer although it would fit a long. */
export class BigInteger {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
  toJSON(): number {
    return Number(this.value);
  }
}

/** One entry of a map, as `for` over a map gives it. */
export class MapEntry {
  readonly key: string;
  readonly value: Value;
  constructor(key: string, value: Value) {
    this.key = key;
    this.value = value;
  }
}

/** Moments, dates, times and durations: they print as their ISO text. */
export abstract class Temporal {
  abstract iso(): string;
  /** The text that JSON holds; differs from `iso()` for durations only (expressions.md §13.3). */
  json(): string | number | Double {
    return this.iso();
  }
  toJSON(): unknown {
    const form = this.json();
    return form instanceof Double ? form.value : form;
  }
}

const hasOwn = Object.prototype.hasOwnProperty;

export function isList(value: Value): value is readonly Value[] | ReadonlySet<Value> {
  return Array.isArray(value) || value instanceof Set;
}

/** The elements of a list, without a copy where it already is an array. */
export function listItems(value: readonly Value[] | ReadonlySet<Value>): readonly Value[] {
  return Array.isArray(value) ? (value as readonly Value[]) : [...(value as ReadonlySet<Value>)];
}

/** True for maps: plain objects, `Map` and `LazyMap`. Numbers, moments, entries and host classes are none. */
export function isMap(value: Value): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === Object.prototype || prototype === null) return true;
  return value instanceof Map || value instanceof LazyMap;
}

/** Own entries only: nothing inherited is ever visible to a template. */
export function mapGet(map: object, key: string): Value | typeof MISSING {
  const prototype = Object.getPrototypeOf(map) as object | null;
  if (prototype !== Object.prototype && prototype !== null) return otherGet(map, key);
  if (!hasOwn.call(map, key)) return MISSING;
  const value = (map as Record<string, Value>)[key];
  return value === undefined ? MISSING : value;
}

function otherGet(map: object, key: string): Value | typeof MISSING {
  if (map instanceof LazyMap) {
    const value = map.get(key);
    return value === undefined ? MISSING : value;
  }
  if (map instanceof Map) {
    const value: Value = map.get(key);
    return value === undefined ? MISSING : value;
  }
  if (!hasOwn.call(map, key)) return MISSING;
  const value = (map as Record<string, Value>)[key];
  return value === undefined ? MISSING : value;
}

export function mapHas(map: object, key: string): boolean {
  return map instanceof LazyMap ? map.has(key) : mapGet(map, key) !== MISSING;
}

export function mapKeys(map: object): string[] {
  if (map instanceof LazyMap) return [...map.keys()];
  if (map instanceof Map) return [...map.keys()].map(String);
  return Object.keys(map);
}

export function mapSize(map: object): number {
  if (map instanceof Map) return map.size;
  return mapKeys(map).length;
}

/** The same as a loop over `mapEntries`, without what a generator costs: for printing, where most of the time goes. */
export function forEntries(map: object, visit: (key: string, value: Value) => void): void {
  const prototype = Object.getPrototypeOf(map) as object | null;
  if (prototype !== Object.prototype && prototype !== null) {
    for (const [key, value] of mapEntries(map)) visit(key, value);
    return;
  }
  for (const key of Object.keys(map)) {
    const value = (map as Record<string, Value>)[key];
    if (value !== undefined) visit(key, value);
  }
}

export function* mapEntries(map: object): Generator<[string, Value]> {
  if (map instanceof Map) {
    for (const [key, value] of map as Map<unknown, Value>) yield [String(key), value];
    return;
  }
  for (const key of mapKeys(map)) {
    const value = mapGet(map, key);
    if (value !== MISSING) yield [key, value];
  }
}

const INTEGER_LIKE = /^(?:0|[1-9]\d{0,9})$/;

/**
 * A map with the given entries in their order. A plain object where that keeps the order, else a `Map` (JS objects move
 * keys that look like whole numbers to the front); without a prototype, so that `__proto__` is a key like any other.
 */
export function makeMap(entries: Iterable<readonly [string, Value]>): object {
  const object = Object.create(null) as Record<string, Value>;
  let seen = 0;
  const iterator = entries[Symbol.iterator]();
  for (let step = iterator.next(); step.done !== true; step = iterator.next()) {
    const [key, value] = step.value;
    if (seen > 0 && INTEGER_LIKE.test(key) && !hasOwn.call(object, key)) {
      const map = new Map<string, Value>(Object.entries(object));
      map.set(key, value);
      for (step = iterator.next(); step.done !== true; step = iterator.next()) map.set(step.value[0], step.value[1]);
      return map;
    }
    object[key] = value;
    seen += 1;
  }
  return object;
}

export function isNumber(value: Value): boolean {
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return true;
    case 'object':
      return (
        value instanceof Double || value instanceof Float || value instanceof Decimal || value instanceof BigInteger
      );
    default:
      return false;
  }
}

/** True for whole numbers by type: `2.0` is none. */
export function isInteger(value: Value): boolean {
  return (
    typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value)) || value instanceof BigInteger
  );
}

/** The number as a double. Only for values for which `isNumber` holds. */
export function toDouble(value: Value): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof BigInteger) return Number(value.value);
  return (value as Double | Float | Decimal).value;
}

/** The whole number as a bigint. Only for values for which `isInteger` holds. */
export function toBigInt(value: Value): bigint {
  if (typeof value === 'bigint') return value;
  if (value instanceof BigInteger) return value.value;
  return BigInt(value as number);
}

/** A decimal result: boxed when the number alone would look whole. */
export function decimal(value: number): number | Double {
  return Number.isInteger(value) ? new Double(value) : value;
}

/** A short name of the type for messages. */
export function typeName(value: Value): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'boolean';
  if (isNumber(value)) return 'number';
  if (isList(value)) return 'list';
  if (isMap(value)) return 'map';
  if (value instanceof MapEntry) return 'map entry';
  if (value instanceof Temporal || value instanceof Date) return 'date';
  return 'value';
}
