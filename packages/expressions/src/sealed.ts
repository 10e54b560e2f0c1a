import { isSealed } from '@tiercel/model';
import { isMap, LazyMap, mapGet, mapHas, mapKeys, MISSING, type Value } from './values.ts';

/**
 * Variables that can hold encrypted values (execution-semantics.md §1.1), and how many of their levels are opened by need: of `outputs` the
 * tasks and the values of a loop (or the names of a task's outputs), of `trigger` the parts of what came.
 */
const SEALABLE = [
  ['inputs', 0],
  ['outputs', 2],
  ['parents', 0],
  ['parent', 0],
  ['trigger', 1],
] as const;

/**
 * Variables with what is encrypted in them decrypted. Inputs at once: whoever is told of what is opened knows all of them, and masks them
 * wherever they come from. What can be large is opened as it is touched.
 */
export function openVariables<V extends Readonly<Record<string, Value>>>(
  variables: V,
  open: (text: string) => string,
): V {
  const present = SEALABLE.filter(([root]) => variables[root] !== undefined);
  const opened = present.map(([root, levels]) => [root, openLazily(variables[root], open, levels)] as const);
  return { ...variables, ...Object.fromEntries(opened) };
}

function openLazily(value: Value, open: (text: string) => string, levels: number): Value {
  return levels > 0 && isMap(value) && !isSealed(value) ? new OpenedMap(value, open, levels) : openSealed(value, open);
}

/**
 * The value with every encrypted part of it decrypted (execution-semantics.md §1.1), in maps, lists and maps that are computed on demand,
 * which stay so. What holds nothing encrypted is given back as it is, not as a copy. `open` decrypts one text.
 */
export function openSealed(value: Value, open: (text: string) => string): Value {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof LazyMap) return new OpenedMap(value, open, 0);
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

/** A map whose values are opened one by one, each once. */
class OpenedMap extends LazyMap {
  private readonly map: object;
  private readonly open: (text: string) => string;
  /** How many levels of plain maps are opened by need; below that, and everything in lists, at once. */
  private readonly levels: number;
  private readonly opened = new Map<string, Value>();

  constructor(map: object, open: (text: string) => string, levels: number) {
    super();
    this.map = map;
    this.open = open;
    this.levels = levels;
  }

  override get(key: string): Value | undefined {
    const known = this.opened.get(key);
    if (known !== undefined) return known;
    const value = mapGet(this.map, key);
    if (value === MISSING) return undefined;
    const opened = openLazily(value, this.open, this.levels - 1);
    this.opened.set(key, opened);
    return opened;
  }
  override has(key: string): boolean {
    return mapHas(this.map, key);
  }
  override keys(): Iterable<string> {
    return mapKeys(this.map);
  }
}
