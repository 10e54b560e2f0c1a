import { fail } from './errors.ts';
import { compileRegex, matchesWhole, replaceRegex, splitRegex } from './regex.ts';
import { printed } from './print.ts';
import { endsWith, lastPlaceIn, placeIn, replaceLiteral, startsWith } from './search.ts';
import {
  isInteger,
  isList,
  isMap,
  listItems,
  MapEntry,
  mapEntries,
  mapGet,
  mapHas,
  mapKeys,
  mapSize,
  MISSING,
  toDouble,
  type Value,
} from './values.ts';
import type { Work } from './work.ts';

type Method<T> = (self: T, args: readonly Value[], work: Work) => Value | typeof MISSING;

interface MethodOf<T> {
  readonly parameters: number;
  readonly run: Method<T>;
}

function method<T>(parameters: number, run: Method<T>): MethodOf<T> {
  return { parameters, run };
}

function text(args: readonly Value[], index: number): string {
  const value = args[index];
  return typeof value === 'string' ? value : fail('The method needs a text as argument');
}

function whole(args: readonly Value[], index: number): number {
  const value = args[index];
  return isInteger(value) ? toDouble(value) : fail('The method needs a whole number as argument');
}

function substring(self: string, from: number, to: number): string {
  if (from < 0 || to > self.length || from > to) fail(`The part ${from} to ${to} is outside of the text`);
  return self.slice(from, to);
}

/** A method that goes over the whole text. */
function converted(run: (self: string) => string): MethodOf<string> {
  return method(0, (self, _args, work) => {
    work.text(self.length);
    return run(self);
  });
}

/** Without control characters and blanks at both ends. */
export function trimmed(value: string): string {
  let from = 0;
  let to = value.length;
  while (from < to && value.charCodeAt(from) <= 0x20) from += 1;
  while (to > from && value.charCodeAt(to - 1) <= 0x20) to -= 1;
  return value.slice(from, to);
}

/** Methods of texts that flows use (expressions.md §6); the number of parameters is part of the name. */
const TEXT_METHODS: Readonly<Record<string, readonly MethodOf<string>[]>> = {
  length: [method(0, (self) => self.length)],
  isempty: [method(0, (self) => self === '')],
  isblank: [method(0, (self) => self.trim() === '')],
  touppercase: [converted((self) => self.toUpperCase())],
  tolowercase: [converted((self) => self.toLowerCase())],
  trim: [converted(trimmed)],
  strip: [converted((self) => self.trim())],
  tostring: [method(0, (self) => self)],
  startswith: [method(1, (self, args, work) => startsWith(self, text(args, 0), work))],
  endswith: [method(1, (self, args, work) => endsWith(self, text(args, 0), work))],
  indexof: [method(1, (self, args, work) => placeIn(self, text(args, 0), work))],
  lastindexof: [method(1, (self, args, work) => lastPlaceIn(self, text(args, 0), work))],
  concat: [
    method(1, (self, args, work) => {
      const other = text(args, 0);
      work.text(self.length + other.length);
      return self + other;
    }),
  ],
  replace: [method(2, (self, args, work) => replaceLiteral(self, text(args, 0), text(args, 1), work))],
  replaceall: [
    method(2, (self, args, work) => replaceRegex(compileRegex(text(args, 0), work), self, text(args, 1), work)),
  ],
  matches: [method(1, (self, args, work) => matchesWhole(compileRegex(text(args, 0), work), self, work))],
  split: [
    method(1, (self, args, work) => splitRegex(text(args, 0), self, 0, work)),
    method(2, (self, args, work) => splitRegex(text(args, 0), self, whole(args, 1), work)),
  ],
  equalsignorecase: [
    method(1, (self, args, work) => {
      const other = text(args, 0);
      work.text(self.length + other.length);
      return self.toLowerCase() === other.toLowerCase();
    }),
  ],
  substring: [
    method(1, (self, args) => substring(self, whole(args, 0), self.length)),
    method(2, (self, args) => substring(self, whole(args, 0), whole(args, 1))),
  ],
  charat: [method(1, (self, args) => substring(self, whole(args, 0), whole(args, 0) + 1))],
  repeat: [
    method(1, (self, args, work) => {
      const count = whole(args, 0);
      if (count < 0) fail('The method needs a count that is not negative');
      work.text(self.length * count);
      return self.repeat(count);
    }),
  ],
};

const LIST_METHODS: Readonly<Record<string, readonly MethodOf<readonly Value[]>[]>> = {
  size: [method(0, (self) => self.length)],
  isempty: [method(0, (self) => self.length === 0)],
  get: [method(1, (self, args) => self[whole(args, 0)] ?? fail('The index is outside of the list'))],
};

/** What goes over all entries of a map, and counts them as work. */
function overAll<T>(run: (self: object) => T): MethodOf<object> {
  return method(0, (self, _args, work) => {
    const result = run(self);
    work.step((Array.isArray(result) ? result.length : mapSize(self)) >> 2);
    return result;
  });
}

const MAP_METHODS: Readonly<Record<string, readonly MethodOf<object>[]>> = {
  size: [overAll((self) => mapSize(self))],
  isempty: [overAll((self) => mapSize(self) === 0)],
  containskey: [method(1, (self, args, work) => mapHas(self, printed(args[0], work)))],
  keyset: [overAll((self) => mapKeys(self))],
  values: [overAll((self) => [...mapEntries(self)].map(([, value]) => value))],
  entryset: [overAll((self) => [...mapEntries(self)].map(([key, value]) => new MapEntry(key, value)))],
  get: [
    method(1, (self, args, work) => {
      const value = mapGet(self, printed(args[0], work));
      return value === MISSING ? null : value;
    }),
  ],
  getordefault: [
    method(2, (self, args, work) => {
      const value = mapGet(self, printed(args[0], work));
      return value === MISSING ? args[1] : value;
    }),
  ],
};

const ENTRY_METHODS: Readonly<Record<string, readonly MethodOf<MapEntry>[]>> = {
  getkey: [method(0, (self) => self.key)],
  getvalue: [method(0, (self) => self.value)],
};

function find<T>(
  table: Readonly<Record<string, readonly MethodOf<T>[]>>,
  names: readonly string[],
  parameters: number,
): Method<T> | undefined {
  for (const name of names) {
    if (!Object.hasOwn(table, name)) continue;
    const found = table[name]?.find((candidate) => candidate.parameters === parameters);
    if (found !== undefined) return found.run;
  }
  return undefined;
}

function candidates(name: string): string[] {
  const lower = name.toLowerCase();
  return [`get${lower}`, `is${lower}`, `has${lower}`, lower];
}

/** `base.name` on a text, list or entry: methods without parameters work without brackets. Maps have keys only (§16, E16). */
export function readProperty(base: Value, name: string, work: Work): Value | typeof MISSING {
  const names = candidates(name);
  if (typeof base === 'string') return find(TEXT_METHODS, names, 0)?.(base, [], work) ?? MISSING;
  if (isList(base)) return find(LIST_METHODS, names, 0)?.(listItems(base), [], work) ?? MISSING;
  if (base instanceof MapEntry) return find(ENTRY_METHODS, names, 0)?.(base, [], work) ?? MISSING;
  return MISSING;
}

/** `base.name(args)`. */
export function callMethod(base: Value, name: string, args: readonly Value[], work: Work): Value | typeof MISSING {
  const names = candidates(name);
  const count = args.length;
  work.step();
  if (typeof base === 'string') return run(find(TEXT_METHODS, names, count), base, args, work);
  if (isList(base)) return run(find(LIST_METHODS, names, count), listItems(base), args, work);
  if (isMap(base)) return run(find(MAP_METHODS, names, count), base, args, work);
  if (base instanceof MapEntry) return run(find(ENTRY_METHODS, names, count), base, args, work);
  return MISSING;
}

function run<T>(found: Method<T> | undefined, self: T, args: readonly Value[], work: Work): Value | typeof MISSING {
  return found === undefined ? MISSING : found(self, args, work);
}

/** How the methods of more than one word are written; all are found in any case. */
const WRITTEN: ReadonlyMap<string, string> = new Map(
  [
    'isEmpty isBlank toUpperCase toLowerCase toString startsWith endsWith indexOf lastIndexOf replaceAll',
    'equalsIgnoreCase charAt containsKey keySet entrySet getOrDefault getKey getValue',
  ].flatMap((line) => line.split(' ').map((name) => [name.toLowerCase(), name] as const)),
);

function tableOf(base: Value): Readonly<Record<string, readonly MethodOf<never>[]>> {
  if (typeof base === 'string') return TEXT_METHODS;
  if (isList(base)) return LIST_METHODS;
  if (isMap(base)) return MAP_METHODS;
  return base instanceof MapEntry ? ENTRY_METHODS : {};
}

/** Methods of a value, for the hint in an error; only those that take this many arguments where that is given. */
export function methodNames(base: Value, parameters?: number): string[] {
  return Object.entries(tableOf(base))
    .filter(([, methods]) => parameters === undefined || methods.some((one) => one.parameters === parameters))
    .map(([name]) => WRITTEN.get(name) ?? name);
}
