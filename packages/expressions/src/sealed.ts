import { isSealed } from '@tiercel/model';
import { LazyMap, type Value } from './values.ts';

/**
 * The value with every encrypted part of it decrypted (execution-semantics.md §1.1), in maps, lists and maps that are computed on demand,
 * which stay so. What holds nothing encrypted is given back as it is, not as a copy. `open` decrypts one text.
 */
export function openSealed(value: Value, open: (text: string) => string): Value {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof LazyMap) return new OpenedMap(value, open);
  if (Array.isArray(value)) return openedList(value as readonly Value[], open);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return isSealed(value) ? open(value.value) : openedMap(value as Readonly<Record<string, Value>>, open);
}

function openedList(list: readonly Value[], open: (text: string) => string): readonly Value[] {
  const opened = list.map((item) => openSealed(item, open));
  return opened.some((item, index) => item !== list[index]) ? opened : list;
}

function openedMap(map: Readonly<Record<string, Value>>, open: (text: string) => string): Value {
  let changed: Record<string, Value> | undefined;
  for (const key of Object.keys(map)) {
    const opened = openSealed(map[key], open);
    if (opened === map[key]) continue;
    changed ??= Object.assign(Object.create(Object.getPrototypeOf(map) as object | null) as object, map);
    changed[key] = opened;
  }
  return changed ?? map;
}

class OpenedMap extends LazyMap {
  private readonly map: LazyMap;
  private readonly open: (text: string) => string;

  constructor(map: LazyMap, open: (text: string) => string) {
    super();
    this.map = map;
    this.open = open;
  }

  override get(key: string): Value | undefined {
    return openSealed(this.map.get(key), this.open);
  }
  override has(key: string): boolean {
    return this.map.has(key);
  }
  override keys(): Iterable<string> {
    return this.map.keys();
  }
}
