import type { PluginDefinition } from './define.ts';

/** All plugin types of a server, by their names and aliases. */
export interface PluginRegistry {
  get(type: string): PluginDefinition | undefined;
  /** The name under which a type or alias is defined, or undefined. */
  canonical(type: string): string | undefined;
  all(): readonly PluginDefinition[];
}

/** Builds a registry. Throws when two definitions claim the same name. */
export function createRegistry(definitions: readonly PluginDefinition[]): PluginRegistry {
  const byName = new Map<string, PluginDefinition>();
  for (const definition of definitions) {
    for (const name of [definition.type, ...(definition.aliases ?? [])]) {
      const other = byName.get(name);
      if (other !== undefined)
        throw new Error(`plugin type ${name} is defined by ${other.type} and ${definition.type}`);
      byName.set(name, definition);
    }
  }
  return {
    get: (type) => byName.get(type),
    canonical: (type) => byName.get(type)?.type,
    all: () => definitions,
  };
}
