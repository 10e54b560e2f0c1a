import type { JsonObject, PluginDefault } from '@tiercel/model';
import type { PluginRegistry } from '@tiercel/plugin-kit';
import { z } from 'zod';
import type { Path } from '../problem.ts';
import { kindOf, type RawMap, type Reader } from '../reader.ts';
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
