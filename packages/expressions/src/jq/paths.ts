import { isMap, isNumber, makeMap, mapEntries, mapGet, MISSING, toDouble, type Value } from '../values.ts';
import { failLimit } from '../errors.ts';
import { MAX_NESTING, type Work } from '../work.ts';
import { compare, indexValue, jqFail, sliceBounds, typeOf } from './values.ts';

export type Path = readonly Value[];

const MAX_INDEX = 1_000_000;

export function getPath(value: Value, path: Path, work: Work): Value {
  let at = value;
  for (const key of path) {
    if (at === null) return null;
    at = indexValue(at, key, work);
  }
  return at;
}

/** A copy with the value at the path changed; missing lists and maps on the way are made. */
export function updatePath(value: Value, path: Path, change: (old: Value) => Value, work: Work, depth = 0): Value {
  if (depth >= path.length) return change(value);
  if (depth > MAX_NESTING) failLimit('A path of the jq program is too long');
  const key = path[depth];
  if (isMap(key)) return updateSlice(value, key, path, change, work, depth);
  const old = indexValue(value, key, work);
  const next = updatePath(old, path, change, work, depth + 1);
  if (typeof key === 'string') {
    const entries = value === null ? [] : mapEntries(value as object);
    const copy = new Map(entries);
    copy.set(key, next);
    work.step(copy.size);
    return makeMap(copy);
  }
  if (!isNumber(key)) return jqFail(`Invalid path component of type ${typeOf(key)}`);
  return setElement((value ?? []) as readonly Value[], Math.floor(toDouble(key)), next, work);
}

function setElement(list: readonly Value[], index: number, value: Value, work: Work): Value {
  const place = index < 0 ? index + list.length : index;
  if (place < 0) return jqFail('Out of bounds negative array index');
  if (place > Math.max(MAX_INDEX, list.length)) failLimit('An index of the jq program is too large');
  work.step(Math.max(list.length, place));
  const copy = [...list];
  while (copy.length < place) copy.push(null);
  copy[place] = value;
  return copy;
}

function updateSlice(
  value: Value,
  bounds: object,
  path: Path,
  change: (old: Value) => Value,
  work: Work,
  depth: number,
): Value {
  const list = value ?? [];
  if (!Array.isArray(list)) return jqFail(`Cannot update slice of ${typeOf(value)}`);
  const [start, end] = sliceOf(bounds, list.length);
  const next = updatePath(list.slice(start, end), path, change, work, depth + 1);
  if (!Array.isArray(next)) return jqFail('A slice of an array can only be assigned another array');
  work.step(list.length + next.length);
  return [...(list as Value[]).slice(0, start), ...(next as Value[]), ...(list as Value[]).slice(end)];
}

function sliceOf(bounds: object, length: number): [number, number] {
  const bound = (name: string): Value => {
    const value = mapGet(bounds, name);
    return value === MISSING ? null : value;
  };
  return sliceBounds(length, bound('start'), bound('end'));
}

/** A copy without the given paths; later places go first, so that the others stay where they are. */
export function deletePaths(value: Value, paths: readonly Path[], work: Work): Value {
  const sorted = paths.toSorted((a, b) => compare(b, a, work));
  return sorted.reduce((rest, path) => deletePath(rest, path, work, 0), value);
}

function deletePath(value: Value, path: Path, work: Work, depth: number): Value {
  if (depth > MAX_NESTING) failLimit('A path of the jq program is too long');
  if (value === null) return null;
  if (path.length === 0) return null;
  const key = path[depth];
  if (depth === path.length - 1) return deleteKey(value, key, work);
  const inner = indexValue(value, key, work);
  if (inner === null) return value;
  const rest = deletePath(inner, path, work, depth + 1);
  return updatePath(value, [key], () => rest, work);
}

function deleteKey(value: Value, key: Value, work: Work): Value {
  if (typeof key === 'string' && isMap(value)) {
    const copy = new Map(mapEntries(value));
    copy.delete(key);
    work.step(copy.size);
    return makeMap(copy);
  }
  if (!Array.isArray(value)) return jqFail(`Cannot delete field of ${typeOf(value)}`);
  const list = value as readonly Value[];
  work.step(list.length);
  if (isMap(key)) {
    const [start, end] = sliceOf(key, list.length);
    return [...list.slice(0, start), ...list.slice(end)];
  }
  if (!isNumber(key)) return jqFail(`Cannot delete field at ${typeOf(key)} index of array`);
  const index = Math.floor(toDouble(key));
  return list.toSpliced(index < 0 ? Math.max(0, index + list.length) : index, index < -list.length ? 0 : 1);
}
