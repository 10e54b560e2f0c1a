import { fail, failLimit } from './errors.ts';
import {
  BigInteger,
  isList,
  isMap,
  isNumber,
  listItems,
  MapEntry,
  mapEntries,
  Temporal,
  toDouble,
  type Value,
} from './values.ts';
import { MAX_NESTING } from './work.ts';

/**
 * A value as plain JSON data: lazy maps and sets are read whole, dates become ISO texts, durations seconds, decimals
 * numbers; whole numbers that a JS number can not hold stay bigints. Null map entries stay.
 */
export function toPlainValue(value: Value): unknown {
  return plain(value, 0);
}

function plain(value: Value, depth: number): unknown {
  if (depth > MAX_NESTING) failLimit('The value is nested too deeply');
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'number':
      return value;
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    case 'undefined':
      return null;
    case 'object':
      return value === null ? null : plainObject(value, depth);
    default:
      return fail('A value of this kind has no plain form');
  }
}

function plainObject(value: Value, depth: number): unknown {
  if (isList(value)) return listItems(value).map((item) => plain(item, depth + 1));
  if (isMap(value)) {
    return Object.fromEntries([...mapEntries(value)].map(([key, item]) => [key, plain(item, depth + 1)]));
  }
  if (value instanceof BigInteger) return plain(value.value, depth);
  if (isNumber(value)) return toDouble(value);
  if (value instanceof MapEntry) return { [value.key]: plain(value.value, depth + 1) };
  if (value instanceof Temporal) return value.toJSON();
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  return fail('A value of this kind has no plain form');
}
