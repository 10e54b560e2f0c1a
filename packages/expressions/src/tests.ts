import { fail, Failure } from './errors.ts';
import { parseJson } from './json.ts';
import { isInteger, isList, isMap, toBigInt, typeName, LazyMap, type Value } from './values.ts';
import type { Work } from './work.ts';

export type Test = (value: Value, work: Work) => boolean;

/** Null, blank text, empty list or map (expressions.md §8). */
export function isEmptyValue(value: Value): boolean {
  if (value === null) return true;
  if (typeof value === 'string') return !/\S/.test(value);
  if (isList(value)) return Array.isArray(value) ? value.length === 0 : (value as ReadonlySet<Value>).size === 0;
  if (!isMap(value)) return false;
  if (value instanceof Map) return value.size === 0;
  if (value instanceof LazyMap) {
    for (const key of value.keys()) return key === undefined;
    return true;
  }
  // The first own key decides: a list of all of them would cost as much as the map is large.
  for (const key in value) if (Object.hasOwn(value, key)) return false;
  return true;
}

function isEven(value: Value): boolean {
  if (!isInteger(value)) return fail(`\`even\` and \`odd\` need a whole number, not ${typeName(value)}`);
  return toBigInt(value) % 2n === 0n;
}

function isJson(value: Value, work: Work): boolean {
  if (typeof value !== 'string') return fail(`\`json\` needs a text, not ${typeName(value)}`);
  if (value.trim() === '') return true;
  try {
    parseJson(value, work);
    return true;
  } catch (error) {
    // A text that is no JSON is the answer false; anything else, such as a passed bound, is an error.
    if (error instanceof Failure && error.kind === 'evaluation') return false;
    throw error;
  }
}

/** The tests of `is` and `is not`; `defined` is part of the evaluator because it sees undefined names. */
export const tests: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['null', (value) => value === null],
  ['empty', isEmptyValue],
  ['even', isEven],
  ['odd', (value) => !isEven(value)],
  ['iterable', isList],
  ['map', isMap],
  ['json', isJson],
]);
