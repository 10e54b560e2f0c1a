import type { JsonObject, PluginDefault } from '@tiercel/model';
import { isRawMap, type RawMap } from '../reader.ts';

/** How many values defaults may write, counting those that are written anew when a list grows. */
const MAX_WRITTEN = 500_000;

/**
 * Writes defaults into a source as parsed: those that are not forced give what a map does not say itself, forced ones win over
 * it (execution-semantics.md §10.5). `sources`: strongest first, those of the flow, its namespace, the server. `canonical`
 * answers the present name of a type. False: they would multiply beyond all bounds, and are not written whole.
 */
export function injectDefaults(
  raw: RawMap,
  sources: readonly (readonly PluginDefault[])[],
  canonical: (type: string) => string | undefined,
): boolean {
  const entries = sources.map((source) => named(source, canonical));
  const byType = new Map<string, readonly Matched[]>();
  const matching = (type: string): readonly Matched[] => {
    let found = byType.get(type);
    if (found === undefined) {
      const types = [...new Set([type, canonical(type) ?? type])];
      byType.set(type, (found = entries.flatMap((source) => matches(types, source))));
    }
    return found;
  };
  const injection = new Injection(matching);
  for (const [name, value] of Object.entries(raw)) {
    if (name !== 'pluginDefaults' && name !== 'taskDefaults' && name !== 'inputs' && name !== 'outputs')
      injection.into(value);
  }
  return injection.left >= 0;
}

interface Matched {
  readonly values: JsonObject;
  readonly forced: boolean;
}

/** An entry with the names that types may begin with to get it. */
interface Named {
  readonly entry: PluginDefault;
  readonly order: number;
  readonly names: readonly string[];
  readonly length: number;
}

const named = (defaults: readonly PluginDefault[], canonical: (type: string) => string | undefined): readonly Named[] =>
  defaults.map((entry, order) => {
    const wanted = canonical(entry.type) ?? entry.type;
    return { entry, order, names: wanted === entry.type ? [wanted] : [wanted, entry.type], length: wanted.length };
  });

/** Those of one source, strongest first: the longer name wins, then the earlier entry. `types`: a type's names. */
const matches = (types: readonly string[], defaults: readonly Named[]): readonly Matched[] =>
  defaults
    .filter(({ names }) => names.some((name) => types.some((type) => type.startsWith(name))))
    .toSorted((one, other) => other.length - one.length || one.order - other.order)
    .map(({ entry }) => entry);

class Injection {
  /** Values that may still be written. */
  left = MAX_WRITTEN;
  private readonly matching: (type: string) => readonly Matched[];

  constructor(matching: (type: string) => readonly Matched[]) {
    this.matching = matching;
  }

  /** Into a value with everything below, deepest first. */
  into(value: unknown): void {
    if (Array.isArray(value)) {
      for (const item of value) this.into(item);
      return;
    }
    if (!isRawMap(value)) return;
    for (const inner of Object.values(value)) this.into(inner);
    const { type } = value;
    if (typeof type !== 'string') return;
    const found = this.matching(type);
    for (const { values, forced } of found) if (!forced) this.fill(value, values);
    // The strongest is applied last.
    for (const { values, forced } of found.toReversed()) if (forced) this.overwrite(value, values);
  }

  /** `M(values, map)`: what the map says itself wins; maps are merged, lists joined with the defaults first. */
  private fill(map: RawMap, values: Readonly<Record<string, unknown>>): void {
    for (const [name, given] of this.affordable(values)) {
      const own = ownOf(map, name);
      if (own === undefined || own === null) set(map, name, this.copied(given));
      else if (isRawMap(own) && isRawMap(given)) this.fill(own, given);
      else if (Array.isArray(own) && Array.isArray(given)) set(map, name, this.joined(this.copied(given), own));
    }
  }

  /** `M(map, values)`: the values win. */
  private overwrite(map: RawMap, values: Readonly<Record<string, unknown>>): void {
    for (const [name, given] of this.affordable(values)) {
      const own = ownOf(map, name);
      if (isRawMap(own) && isRawMap(given)) this.overwrite(own, given);
      else if (Array.isArray(own) && Array.isArray(given)) set(map, name, this.joined(own, this.copied(given)));
      else set(map, name, this.copied(given));
    }
  }

  private affordable(values: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] {
    return this.left < 0 ? [] : Object.entries(values);
  }

  private joined(first: unknown, second: unknown): unknown[] {
    const list = [...(first as unknown[]), ...(second as unknown[])];
    this.left -= list.length;
    return list;
  }

  private copied(value: unknown): unknown {
    this.left -= 1;
    if (this.left < 0 || typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => this.copied(item));
    const copy: RawMap = {};
    for (const [name, inner] of Object.entries(value)) set(copy, name, this.copied(inner));
    return copy;
  }
}

/** What a map says itself: every object has a `constructor`. */
const ownOf = (map: RawMap, name: string): unknown => (Object.hasOwn(map, name) ? map[name] : undefined);

const set = (map: RawMap, name: string, value: unknown): void => {
  Object.defineProperty(map, name, { value, configurable: true, enumerable: true, writable: true });
};
