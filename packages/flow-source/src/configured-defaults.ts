import type { PluginDefault } from '@tiercel/model';
import type { PluginRegistry } from '@tiercel/plugin-kit';
import { z } from 'zod';
import type { DefaultsOfNamespace } from './parse-flow.ts';
import { describeProblem, type Problem } from './problem.ts';
import { createReader, type Reader } from './reader.ts';
import { checkSchema } from './schema.ts';
import { knownNames, readPluginDefault } from './sections/plugin-defaults.ts';
import type { YamlDocument } from './yaml/read.ts';

/** Plugin defaults as the configuration has them: lists whose entries nobody has looked at. */
export interface GivenDefaults {
  /** For all flows. */
  readonly pluginDefaults: readonly unknown[];
  /** For the flows of a namespace and of those below it. */
  readonly namespaceDefaults: Readonly<Record<string, readonly unknown[]>>;
}

export interface ConfiguredDefaults {
  /** What holds for a flow, strongest first: of its namespace, of the namespaces above it, of the server. */
  readonly defaults: DefaultsOfNamespace;
  /** What is wrong, and what becomes of it; each begins with its place in the configuration. */
  readonly problems: readonly string[];
}

/**
 * Reads the plugin defaults of the server and of namespaces (execution-semantics.md §10.5). Nothing in them stops the server: an entry that is
 * none is left out, and so is a property that its type does not have; the rest of the entry holds.
 */
export function readConfiguredDefaults(given: GivenDefaults, registry: PluginRegistry): ConfiguredDefaults {
  const problems: string[] = [];
  const read = (list: readonly unknown[], place: string): readonly PluginDefault[] =>
    list.flatMap((entry, index) => readEntry(entry, `${place}[${index}]`, registry, problems) ?? []);
  const server = read(given.pluginDefaults, 'pluginDefaults');
  const namespaces = new Map(
    Object.entries(given.namespaceDefaults).map(([name, list]) => [
      name,
      read(list, `namespaceDefaults[${JSON.stringify(name)}]`),
    ]),
  );
  const listsOf = (namespace: string): readonly (readonly PluginDefault[])[] =>
    [...withParents(namespace).map((name) => namespaces.get(name) ?? []), server].filter(({ length }) => length > 0);
  return {
    problems,
    defaults: listsOf,
  };
}

/** `a.b.c`, `a.b`, `a`. */
function withParents(namespace: string): readonly string[] {
  const parts = namespace.split('.');
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('.'));
}

function readEntry(
  entry: unknown,
  place: string,
  registry: PluginRegistry,
  problems: string[],
): PluginDefault | undefined {
  const value = structuredClone(entry);
  const reader = createReader(documentOf(value), registry);
  const found = readPluginDefault(reader, value, []);
  if (found === undefined) {
    problems.push(`${place}: is left out: ${reader.problems.map(unplaced).join(', ')}`);
    return undefined;
  }
  for (const problem of reader.problems) problems.push(`${place}: ${unplaced(problem)}; that property is left out`);
  const known = knownNames(registry, found.type);
  const values = Object.fromEntries(
    Object.entries(found.values).filter(([name]) => known === undefined || known.includes(name)),
  );
  for (const text of wrongValues(reader, found.type, values))
    problems.push(`${place}: ${text}; flows that get it are refused`);
  return { ...found, values };
}

/** What no flow can take: values of a known type that are not as the type wants them. Maps and lists are only a part, so they are not judged. */
function wrongValues({ registry, document }: Reader, type: string, values: PluginDefault['values']): readonly string[] {
  const shape = registry.get(type)?.properties.shape ?? {};
  const reader = createReader(document, registry);
  for (const [name, value] of Object.entries(values)) {
    // Names come from people: `constructor` is none of the type's.
    const schema = Object.hasOwn(shape, name) ? (shape[name] as z.ZodType) : undefined;
    if (schema === undefined || typeof value === 'object') continue;
    checkSchema(reader, z.object({ [name]: schema }), { [name]: value }, ['values']);
  }
  return reader.problems.map(unplaced);
}

/** The configuration knows no lines. */
const unplaced = ({ line: _line, column: _column, ...problem }: Problem): string => describeProblem(problem);

const NOWHERE = { line: 1, column: 1 };

const documentOf = (value: unknown): YamlDocument => ({
  value,
  has: () => false,
  place: () => NOWHERE,
  textOf: () => undefined,
  placeInside: () => NOWHERE,
});
