import { inBlocks } from '../blocks.ts';
import { isMap, isNumber, makeMap, mapEntries, mapKeys, toDouble, type Value } from '../values.ts';
import type { Work } from '../work.ts';
import { toText } from './formats.ts';
import type { Native, NativeCall } from './natives.ts';
import { compare, containsValue, hasKey, isTrue, jqFail, plus, shown, typeOf } from './values.ts';

function list(value: Value, what: string, work: Work): readonly Value[] {
  return Array.isArray(value) ? (value as Value[]) : jqFail(`${typeOf(value)} (${shown(value, work)}) ${what}`);
}

function ofInput(run: (value: Value, work: Work) => Value): Native {
  return function* native({ machine, input }) {
    yield machine.fresh(run(input.value, machine.work), input);
  };
}

function ofArg(run: (value: Value, arg: Value, work: Work) => Value): Native {
  return function* native({ machine, env, args, input }) {
    const [node] = args;
    if (node === undefined) return;
    for (const value of machine.values(node, env, input.value)) {
      yield machine.fresh(run(input.value, value, machine.work), input);
    }
  };
}

interface Keyed {
  readonly key: readonly Value[];
  readonly value: Value;
}

/** Every element with what the argument gives for it. */
function keyed({ machine, env, args, input }: NativeCall, what: string): Keyed[] {
  const [node] = args;
  return list(input.value, what, machine.work).map((value) => ({
    key: node === undefined ? [value] : machine.collect(node, env, value),
    value,
  }));
}

function byKey(run: (sorted: Keyed[], work: Work) => Value, what: string): Native {
  return function* native(call) {
    const { work } = call.machine;
    const items = keyed(call, what);
    work.step(items.length * 4);
    const sorted = items.toSorted((a, b) => compare(a.key, b.key, work));
    yield call.machine.fresh(run(sorted, work), call.input);
  };
}

/** Runs of equal keys. */
function groups(sorted: readonly Keyed[], work: Work): Keyed[][] {
  const found: Keyed[][] = [];
  for (const item of sorted) {
    const last = found.at(-1);
    if (last?.[0] !== undefined && compare(last[0].key, item.key, work) === 0) last.push(item);
    else found.push([item]);
  }
  return found;
}

const sortBy = byKey((sorted) => sorted.map((item) => item.value), 'cannot be sorted, as it is not an array');
const groupBy = byKey(
  (sorted, work) => groups(sorted, work).map((group) => group.map((item) => item.value)),
  'cannot be grouped, as it is not an array',
);
const uniqueBy = byKey(
  (sorted, work) => groups(sorted, work).map((group) => group[0]?.value ?? null),
  'cannot be grouped, as it is not an array',
);
const minBy = byKey((sorted) => sorted[0]?.value ?? null, 'has no minimum, as it is not an array');
/** Among equal ones the last counts, which sorting keeps at the end. */
const maxBy = byKey((sorted) => sorted.at(-1)?.value ?? null, 'has no maximum, as it is not an array');

function keys(value: Value, work: Work, sorted: boolean): Value {
  if (Array.isArray(value)) return value.map((_, index) => index);
  if (!isMap(value)) return jqFail(`${typeOf(value)} (${shown(value, work)}) has no keys`);
  const names = mapKeys(value);
  work.step(names.length);
  return sorted ? names.toSorted() : names;
}

/** Appends the elements to `flat`, going into lists down to the given depth. */
function flattenInto(flat: Value[], items: readonly Value[], depth: number, work: Work): Value[] {
  for (const item of items) {
    work.step();
    if (Array.isArray(item) && depth > 0) work.nested(() => flattenInto(flat, item as Value[], depth - 1, work));
    else flat.push(item);
  }
  return flat;
}

function fromEntries(value: Value, work: Work): Value {
  const entries = list(value, 'cannot be made an object, as it is not an array', work).map((entry) => {
    if (!isMap(entry)) return jqFail(`Cannot index ${typeOf(entry)} with "key"`);
    const fields = new Map(mapEntries(entry));
    const pick = (names: readonly string[]): Value => {
      for (const name of names) {
        const found = fields.get(name);
        if (found !== undefined && isTrue(found)) return found;
      }
      for (const name of names) if (fields.has(name)) return fields.get(name) ?? null;
      return null;
    };
    const key = pick(['key', 'k', 'name', 'Name', 'Key', 'K']);
    const name = key === null ? 'null' : typeof key === 'string' ? key : toText(key, work);
    return [name, pick(['value', 'v', 'Value', 'V'])] as const;
  });
  return makeMap(new Map(entries));
}

function join(value: Value, separator: Value, work: Work): Value {
  const items = list(value, 'cannot be joined, as it is not an array', work);
  if (items.length === 0) return '';
  if (typeof separator !== 'string') return jqFail(`${typeOf(separator)} is no separator`);
  const parts = items.map((item) => {
    if (item === null) return '';
    if (typeof item === 'object' && !isNumber(item)) return jqFail(`${typeOf(item)} cannot be joined`);
    return toText(item, work);
  });
  work.text(parts.reduce((sum, part) => sum + part.length + separator.length, 0));
  return parts.join(separator);
}

function transpose(value: Value, work: Work): Value {
  const rows = list(value, 'cannot be transposed', work).map((row) => list(row, 'cannot be transposed', work));
  const width = rows.reduce((widest, row) => Math.max(widest, row.length), 0);
  work.step(width * rows.length);
  return Array.from({ length: width }, (_, column) => rows.map((row) => row[column] ?? null));
}

function add(value: Value, work: Work): Value {
  const items = isMap(value) ? [...mapEntries(value)].map(([, item]) => item) : value;
  if (items === null) return null;
  const all = list(items, 'cannot be iterated over', work);
  if (all.every((item) => typeof item === 'string')) {
    work.text(all.reduce<number>((sum, item) => sum + item.length, 0));
    return all.length === 0 ? null : all.join('');
  }
  return all.reduce((sum, item) => plus(sum, item, work), null);
}

/** Functions on lists and maps (expressions.md §11). */
export const collectionNatives: Readonly<Record<string, Native>> = {
  'add/0': ofInput(add),
  'keys/0': ofInput((value, work) => keys(value, work, true)),
  'keys_unsorted/0': ofInput((value, work) => keys(value, work, false)),
  'has/1': ofArg(hasKey),
  'contains/1': ofArg((value, part, work) => containsValue(value, part, work)),
  'from_entries/0': ofInput(fromEntries),
  'flatten/0': ofInput((value, work) =>
    flattenInto([], list(value, 'cannot be flattened', work), Number.POSITIVE_INFINITY, work),
  ),
  'flatten/1': ofArg((value, depth, work) => {
    const levels = isNumber(depth) ? toDouble(depth) : jqFail('flatten depth must be a number');
    if (levels < 0) jqFail('flatten depth must not be negative');
    return flattenInto([], list(value, 'cannot be flattened', work), levels, work);
  }),
  'reverse/0': ofInput((value, work) => {
    if (value === null) return [];
    if (typeof value === 'string') {
      let out = '';
      // Blocks come out in their order, so each is put in front of those before it.
      inBlocks(value, work, (block) => {
        out = [...block].toReversed().join('') + out;
        return '';
      });
      return out;
    }
    return list(value, 'cannot be reversed, as it is not an array', work).toReversed();
  }),
  'sort/0': sortBy,
  'sort_by/1': sortBy,
  'group_by/1': groupBy,
  'unique/0': uniqueBy,
  'unique_by/1': uniqueBy,
  'min/0': minBy,
  'min_by/1': minBy,
  'max/0': maxBy,
  'max_by/1': maxBy,
  'join/1': ofArg(join),
  'transpose/0': ofInput(transpose),
};
