import type { PluginDefinition } from './define.ts';

/** Types that come together, under one name (rest-api.md §13). */
export interface PluginPackage {
  readonly name: string;
  readonly title: string;
  readonly description?: string;
  /** Beginning of the names of its types: `io.kestra.plugin.core`. */
  readonly group: string;
  readonly version?: string;
  /** Such as CORE or SCRIPT. */
  readonly categories: readonly string[];
  readonly definitions: readonly PluginDefinition[];
}

/** All plugin types of a server, by their names and aliases. */
export interface PluginRegistry {
  get(type: string): PluginDefinition | undefined;
  /** The name under which a type or alias is defined, or undefined. */
  canonical(type: string): string | undefined;
  all(): readonly PluginDefinition[];
  /** In which packages they came; types that were given one by one are in none. */
  packages(): readonly PluginPackage[];
}

/** A registry of whole packages. Throws when two definitions claim the same name. */
export const registryOf = (packages: readonly PluginPackage[]): PluginRegistry =>
  createRegistry(
    packages.flatMap(({ definitions }) => definitions),
    packages,
  );

/** Builds a registry. Throws when two definitions claim the same name. */
export function createRegistry(
  definitions: readonly PluginDefinition[],
  packages: readonly PluginPackage[] = [],
): PluginRegistry {
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
    packages: () => packages,
  };
}
