import { nearestNames } from '@tiercel/model';
import { docsOf, type PluginDefinition } from '@tiercel/plugin-kit';
import { nearestTypes } from './nearest.ts';
import { pathText, type Path } from './problem.ts';
import type { RawMap, Reader } from './reader.ts';

/** How many known names a message lists at most. */
const LISTED = 60;

/** Reports a property that nobody knows, with the known ones and the nearest of them (rest-api.md §8). */
export function reportUnknownField(reader: Reader, owner: Path, name: string, known: readonly string[]): void {
  reader.add(() => {
    const [nearest] = nearestNames(name, known);
    const listed = known
      .slice(0, LISTED)
      .map((key) => `"${key}"`)
      .join(', ');
    const properties = known.length === 0 ? '' : ` (${known.length} known properties: ${listed})`;
    return {
      kind: 'structure',
      message: `Unrecognized field "${name}", not marked as ignorable${properties}`,
      ...(nearest === undefined ? {} : { hint: `did you mean "${nearest}"?` }),
      path: `${pathText(owner)}[${JSON.stringify(name)}]`,
      ...reader.document.place([...owner, name], 'key'),
    };
  });
}

/** Reports every property of a map that is none of the known ones. */
export function reportUnknownFields(reader: Reader, owner: Path, map: RawMap, known: readonly string[]): void {
  const names = new Set(known);
  for (const name of Object.keys(map)) if (!names.has(name)) reportUnknownField(reader, owner, name, known);
}

/** Reports a type that nobody defines, with the nearest ones (rest-api.md §2, §8). `path`: that of the map with the type. */
export function reportUnknownType(reader: Reader, path: Path, type: string, known: readonly string[]): void {
  reader.add(() => {
    const nearest = nearestTypes(type, known);
    const meant = nearest.map((name) => `"${name}"`).join(' or ');
    return {
      kind: 'structure',
      message: `Invalid type: ${type}`,
      hint: nearest.length === 0 ? 'this version has no such type' : `did you mean ${meant}?`,
      path: pathText([...path, 'type']),
      ...reader.document.place([...path, 'type']),
    };
  });
}

/** Reports something that the flow language has and this version does not do yet: nothing is accepted and then ignored. */
export function reportUnsupported(reader: Reader, path: Path, what: string, at: 'key' | 'value' = 'key'): void {
  reader.structure(path, `${what} is not supported by this version yet`, at);
}

/** Tells of something that is accepted, and that this version does not act on yet: nobody shall find that out at night. */
export function reportNotYet(reader: Reader, path: Path, what: string): void {
  reader.warn(() => `${pathText(path)}: ${what} is accepted, but this version does not act on it yet`);
}

/** Names of all types of one kind, for suggestions. */
export const typeNames = (reader: Reader, kinds: readonly PluginDefinition['kind'][]): readonly string[] =>
  reader.registry.all().flatMap((definition) => (kinds.includes(definition.kind) ? [definition.type] : []));

/** Reports what is deprecated: the type itself, by the path of its map, and properties that are given. */
export function reportDeprecated(reader: Reader, definition: PluginDefinition, raw: RawMap, at: Path): void {
  if (definition.deprecated === true) reader.deprecate(at);
  const shape: RawMap = definition.properties.shape;
  for (const name of Object.keys(raw)) {
    if (Object.hasOwn(shape, name) && docsOf(shape[name])['deprecated'] === true) reader.deprecate([...at, name]);
  }
}

/** Reports a type that is only another, older name. */
export function reportAlias(reader: Reader, path: Path, type: string): void {
  const canonical = reader.registry.canonical(type);
  if (canonical === undefined || canonical === type) return;
  const info = `${type} is replaced by ${canonical}`;
  if (!reader.infos.includes(info)) reader.infos.push(info);
}
