import type { Context } from '../context.ts';
import { type ArgValues, type FilterDefinition, wholeArg } from '../definitions.ts';
import { fail } from '../errors.ts';
import { sameElement } from '../operators.ts';
import { plainText } from '../print.ts';
import type { Work } from '../work.ts';
import {
  isInteger,
  isList,
  isMap,
  isNumber,
  listItems,
  makeMap,
  MapEntry,
  mapEntries,
  mapKeys,
  mapSize,
  Temporal,
  toBigInt,
  toDouble,
  typeName,
  type Value,
} from '../values.ts';

type OnList = (items: readonly Value[], args: ArgValues, context: Context) => Value;

function ofList(params: readonly string[] | null, run: OnList): FilterDefinition {
  return {
    params,
    apply: (input, args, context) => {
      if (!isList(input)) return fail(`The filter needs a list, not ${typeName(input)}`);
      const items = listItems(input);
      context.work.step(items.length);
      return run(items, args, context);
    },
  };
}

function end(pick: (length: number) => number): FilterDefinition {
  return {
    params: null,
    apply: (input, _args, context) => {
      if (typeof input === 'string') {
        return input === '' ? fail('The text is empty') : (input[pick(input.length)] ?? null);
      }
      if (!isList(input)) return fail(`The filter needs a list or a text, not ${typeName(input)}`);
      const items = listItems(input);
      if (items !== input) context.work.step(items.length >> 2);
      return items[pick(items.length)] ?? null;
    },
  };
}

/** Order of values that can be ordered: numbers, texts by code units, booleans, moments; mixed kinds fail. */
function compareValues(left: Value, right: Value): number {
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : Number(left > right);
  if (isNumber(left) && isNumber(right) && isInteger(left) === isInteger(right)) {
    const a = isInteger(left) ? toBigInt(left) : toDouble(left);
    const b = isInteger(right) ? toBigInt(right) : toDouble(right);
    return a < b ? -1 : Number(a > b);
  }
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  if (left instanceof Temporal && right instanceof Temporal)
    return left.iso() < right.iso() ? -1 : Number(left.iso() > right.iso());
  return fail(`A list with ${typeName(left)} and ${typeName(right)} can not be sorted`);
}

const COMPARISONS_PER_STEP = 8;
const LONG_TEXT = 1024;

function sorted(items: readonly Value[], context: Context): Value[] {
  const { work } = context;
  let comparisons = 0;
  return items.toSorted((left, right) => {
    comparisons += 1;
    if (comparisons % COMPARISONS_PER_STEP === 0) work.step();
    // Long texts that begin alike are read as far as they do.
    if (typeof left === 'string' && left.length > LONG_TEXT) work.step(left.length >> 10);
    return compareValues(left, right);
  });
}

function slice(input: Value, args: ArgValues, context: Context): Value {
  if (typeof input !== 'string' && !isList(input)) {
    return fail(`\`slice\` needs a text or a list, not ${typeName(input)}`);
  }
  const items = typeof input === 'string' ? input : listItems(input);
  if (typeof items !== 'string') context.work.step(items.length >> 3);
  const from = args[0] === undefined || args[0] === null ? 0 : wholeArg(args, 0, 'The argument `fromIndex` of `slice`');
  if (from < 0 || from > items.length) return fail('The argument `fromIndex` of `slice` is outside of the value');
  if (args[1] === undefined || args[1] === null) return items.slice(from);
  const to = wholeArg(args, 1, 'The argument `toIndex` of `slice`');
  if (to > items.length) return fail('The argument `toIndex` of `slice` is outside of the value');
  if (from >= to) return fail('The argument `toIndex` of `slice` must be greater than `fromIndex`');
  return items.slice(from, to);
}

function entriesOf(map: object): MapEntry[] {
  return [...mapEntries(map)].map(([key, value]) => new MapEntry(key, value));
}

function merge(input: Value, args: ArgValues, context: Context): Value {
  const items = args[0] ?? null;
  if (input === null || items === null) return input ?? items ?? fail('`merge` needs a list or a map');
  if (isList(input)) {
    if (!isList(items) && !isMap(items)) return fail(`\`merge\` can not add ${typeName(items)} to a list`);
    const added = isList(items) ? listItems(items) : entriesOf(items);
    context.work.step(listItems(input).length + added.length);
    return [...listItems(input), ...added];
  }
  if (!isMap(input)) return fail(`\`merge\` needs a list or a map, not ${typeName(input)}`);
  if (isMap(items)) {
    context.work.step(mapSize(input) + mapSize(items));
    return makeMap(unique([...mapEntries(input), ...mapEntries(items)]));
  }
  if (!isList(items)) return fail(`\`merge\` can not add ${typeName(items)} to a map`);
  const pairs = listItems(items).map((item) => [plainText(item, context.work), item] as [string, Value]);
  return makeMap(unique([...mapEntries(input), ...pairs]));
}

/** Each key once, at its first place, with its last value. */
function unique(entries: readonly (readonly [string, Value])[]): Iterable<[string, Value]> {
  return new Map(entries);
}

function join(items: readonly Value[], args: ArgValues, context: Context): string {
  const separator = args[0] === undefined || args[0] === null ? '' : plainText(args[0], context.work);
  let length = 0;
  const parts = items.map((item) => {
    const text = item === null ? 'null' : plainText(item, context.work);
    length += text.length + separator.length;
    if (length > context.work.limits.maxOutput) context.work.text(length);
    return text;
  });
  context.work.text(length);
  return parts.join(separator);
}

function lengthOf(input: Value, work: Work): number {
  if (typeof input === 'string') return input.length;
  if (isList(input)) return Array.isArray(input) ? input.length : (input as ReadonlySet<Value>).size;
  return isMap(input) ? counted(mapSize(input), work) : 0;
}

/** The number of entries that were gone over, which is work. */
function counted(size: number, work: Work): number {
  work.step(size >> 2);
  return size;
}

function chunk(items: readonly Value[], args: ArgValues): Value {
  const size = wholeArg(args, 0, 'The argument `size` of `chunk`');
  if (size < 1) return fail('The argument `size` of `chunk` must be at least 1');
  const chunks: Value[] = [];
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size));
  return chunks;
}

function distinct(items: readonly Value[], _args: ArgValues, context: Context): Value {
  const result: Value[] = [];
  const scalars = new Set<Value>();
  for (const item of items) {
    if (typeof item === 'string') {
      if (scalars.has(item)) continue;
      scalars.add(item);
    } else {
      context.work.step(result.length >> 4);
      if (result.some((other) => sameElement(other, item, context.work))) continue;
    }
    context.work.step();
    result.push(item);
  }
  return result;
}

/** Filters on lists and maps (expressions.md §9.3); results are full lists (§16, E11) and copies (E5). */
export const listFilters: Readonly<Record<string, FilterDefinition>> = {
  first: end(() => 0),
  last: end((length) => length - 1),
  length: { params: null, takesNull: true, apply: (input, _args, context) => lengthOf(input, context.work) },
  join: ofList(['separator'], join),
  slice: { params: ['fromIndex', 'toIndex'], apply: slice },
  sort: ofList(null, (items, _args, context) => sorted(items, context)),
  rsort: ofList(null, (items, _args, context) => sorted(items, context).toReversed()),
  reverse: ofList(null, (items) => items.toReversed()),
  merge: { params: ['items'], takesNull: true, apply: merge },
  chunk: ofList(['size'], chunk),
  flatten: ofList(null, (items, _args, context) => {
    const flat = items.flatMap((item) => (isList(item) ? listItems(item) : [item]));
    context.work.step(flat.length);
    return flat;
  }),
  keys: {
    params: null,
    apply: (input, _args, context) => {
      if (isList(input)) return listItems(input).map((_, index) => index);
      if (!isMap(input)) return fail(`\`keys\` needs a map or a list, not ${typeName(input)}`);
      const keys = mapKeys(input);
      context.work.step(keys.length);
      return keys;
    },
  },
  values: {
    params: null,
    apply: (input, _args, context) => {
      if (!isMap(input)) return fail(`\`values\` needs a map, not ${typeName(input)}`);
      const values = [...mapEntries(input)].map(([, value]) => value);
      context.work.step(values.length);
      return values;
    },
  },
  distinct: ofList([], distinct),
};
