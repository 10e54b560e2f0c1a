import type { JsonObject, PluginDefault } from '@tiercel/model';
import type { PluginRegistry } from '@tiercel/plugin-kit';
import { z } from 'zod';
import type { Path } from '../problem.ts';
import { isRawMap, kindOf, type RawMap, type Reader } from '../reader.ts';
import { checkSchema } from '../schema.ts';
import { reportUnknownField, reportUnknownFields } from '../unknown-names.ts';
import { COMMON_TASK } from './common-task.ts';
import { mapAt } from './limits.ts';

export const PLUGIN_DEFAULT = z.object({
  type: z.string().min(1),
  forced: z.boolean().optional(),
  values: z.record(z.string(), z.unknown()),
});

/** Reads the defaults of a flow, also under their older name (execution-semantics.md §10.5). */
export function readPluginDefaults(reader: Reader, raw: RawMap): readonly PluginDefault[] {
  if (raw['taskDefaults'] !== undefined) reader.deprecate(['taskDefaults']);
  return ['pluginDefaults', 'taskDefaults'].flatMap((property) => readList(reader, raw[property], property));
}

function readList(reader: Reader, value: unknown, property: string): readonly PluginDefault[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    reader.constraint([property], `expected a list, but got ${kindOf(value)}`);
    return [];
  }
  return value.flatMap((item: unknown, index) => readPluginDefault(reader, item, [property, index]) ?? []);
}

/** Reads one entry of a list of defaults. */
export function readPluginDefault(reader: Reader, value: unknown, at: Path): PluginDefault | undefined {
  const raw = mapAt(reader, value, at);
  if (raw === undefined) {
    if (value === null) reader.constraint(at, 'must not be null');
    return undefined;
  }
  reportUnknownFields(reader, at, raw, Object.keys(PLUGIN_DEFAULT.shape));
  if (!checkSchema(reader, PLUGIN_DEFAULT, raw, at)) return undefined;
  const { type, forced = false, values } = raw as unknown as { type: string; forced?: boolean; values: JsonObject };
  checkNames(reader, type, values, [...at, 'values']);
  return { type, forced, values };
}

/** For a type that is known exactly, properties that it does not have are refused. */
function checkNames(reader: Reader, type: string, values: JsonObject, at: Path): void {
  const known = knownNames(reader.registry, type);
  if (known === undefined) return;
  for (const name of Object.keys(values)) if (!known.includes(name)) reportUnknownField(reader, at, name, known);
}

/** The properties for which a type may have defaults; undefined for the beginning of types, and for a type that is not known. */
export function knownNames(registry: PluginRegistry, type: string): readonly string[] | undefined {
  const definition = registry.get(type);
  if (definition === undefined) return undefined;
  const common = definition.kind === 'task' || definition.kind === 'flowable' ? Object.keys(COMMON_TASK.shape) : [];
  return [...new Set([...common, ...TRIGGER_PROPERTIES, ...Object.keys(definition.properties.shape)])];
}

const TRIGGER_PROPERTIES = ['description', 'disabled', 'workerGroup', 'logLevel', 'logToFile'] as const;

/**
 * Writes defaults into a source as parsed: those that are not forced give what a map does not say itself, forced ones win over
 * it (execution-semantics.md §10.5). `sources`: strongest first, those of the flow, its namespace, the server. `canonical`
 * answers the present name of a type.
 */
export function injectDefaults(
  raw: RawMap,
  sources: readonly (readonly PluginDefault[])[],
  canonical: (type: string) => string | undefined,
): void {
  const byType = new Map<string, readonly Matched[]>();
  const matching = (type: string): readonly Matched[] => {
    let found = byType.get(type);
    if (found === undefined) byType.set(type, (found = sources.flatMap((source) => matches(type, source, canonical))));
    return found;
  };
  for (const [name, value] of Object.entries(raw)) {
    if (name !== 'pluginDefaults' && name !== 'taskDefaults' && name !== 'inputs' && name !== 'outputs')
      inject(value, matching);
  }
}

interface Matched {
  readonly values: JsonObject;
  readonly forced: boolean;
}

/** Those of one source, strongest first: the longer name wins, then the earlier entry. */
function matches(
  type: string,
  defaults: readonly PluginDefault[],
  canonical: (type: string) => string | undefined,
): readonly Matched[] {
  const names = new Set([type, canonical(type) ?? type]);
  const found = defaults.flatMap((entry, order) => {
    const wanted = canonical(entry.type) ?? entry.type;
    const fits = [...names].some((name) => name.startsWith(wanted) || name.startsWith(entry.type));
    return fits ? [{ entry, order, length: wanted.length }] : [];
  });
  return found.toSorted((a, b) => b.length - a.length || a.order - b.order).map(({ entry }) => entry);
}

function inject(value: unknown, matching: (type: string) => readonly Matched[]): void {
  if (Array.isArray(value)) {
    for (const item of value) inject(item, matching);
    return;
  }
  if (!isRawMap(value)) return;
  for (const inner of Object.values(value)) inject(inner, matching);
  const { type } = value;
  if (typeof type !== 'string') return;
  const found = matching(type);
  for (const { values, forced } of found) if (!forced) fill(value, values);
  // The strongest is applied last.
  for (const { values, forced } of found.toReversed()) if (forced) overwrite(value, values);
}

const copied = (value: unknown): unknown => structuredClone(value);

/** `M(values, map)`: what the map says itself wins; maps are merged, lists joined with the defaults first. */
function fill(map: RawMap, values: Readonly<Record<string, unknown>>): void {
  for (const [name, given] of Object.entries(values)) {
    const own = map[name];
    if (own === undefined || own === null) map[name] = copied(given);
    else if (isRawMap(own) && isRawMap(given)) fill(own, given);
    else if (Array.isArray(own) && Array.isArray(given)) map[name] = [...(copied(given) as unknown[]), ...own];
  }
}

/** `M(map, values)`: the values win. */
function overwrite(map: RawMap, values: Readonly<Record<string, unknown>>): void {
  for (const [name, given] of Object.entries(values)) {
    const own = map[name];
    if (isRawMap(own) && isRawMap(given)) overwrite(own, given);
    else if (Array.isArray(own) && Array.isArray(given)) map[name] = [...own, ...(copied(given) as unknown[])];
    else map[name] = copied(given);
  }
}
