import { simpleName, type PluginDefinition, type PluginPackage, type PluginRegistry } from '@tiercel/plugin-kit';
import { groupIcon, typeIcon } from './icons.ts';

/** A plugin as clients know it (rest-api.md §13). */
export interface PluginJson {
  readonly name: string;
  readonly title: string;
  readonly description?: string;
  readonly group: string;
  readonly subGroup?: string;
  readonly version?: string;
  readonly manifest: Readonly<Record<string, string>>;
  readonly tasks: readonly string[];
  readonly triggers: readonly string[];
  readonly conditions: readonly string[];
  readonly taskRunners: readonly string[];
  readonly aliases: readonly string[];
  readonly categories: readonly string[];
  readonly [other: string]: unknown;
}

export interface IconJson {
  readonly name: string;
  readonly icon: string;
  readonly flowable: boolean;
}

/** What clients see of all plugins. */
export interface Catalogue {
  readonly plugins: readonly PluginJson[];
  /** Each plugin, and after it each of its groups of types. */
  readonly subgroups: readonly PluginJson[];
  readonly icons: Readonly<Record<string, IconJson>>;
  readonly groupIcons: Readonly<Record<string, IconJson>>;
}

/** Made once: plugins do not change while a server runs. */
export function createCatalogue(registry: PluginRegistry): Catalogue {
  const packages = registry.packages();
  const subgroups = packages.flatMap((one) => [pluginJson(one, one.definitions), ...subgroupsOf(one)]);
  return {
    plugins: packages.map((one) => pluginJson(one, one.definitions)),
    subgroups,
    icons: Object.fromEntries(registry.all().flatMap(iconsOf)),
    groupIcons: Object.fromEntries(
      subgroups.map(({ group, subGroup = group }) => [
        subGroup,
        { name: simpleName(subGroup), icon: groupIcon(subGroup), flowable: false },
      ]),
    ),
  };
}

function iconsOf(definition: PluginDefinition): readonly (readonly [string, IconJson])[] {
  const icon = typeIcon(definition);
  const flowable = definition.kind === 'flowable';
  return [definition.type, ...(definition.aliases ?? [])].map((name) => [
    name,
    { name: simpleName(name), icon, flowable },
  ]);
}

function subgroupsOf(plugin: PluginPackage): readonly PluginJson[] {
  const groups = new Map<string, PluginDefinition[]>();
  for (const definition of plugin.definitions) {
    const group = definition.type.slice(0, definition.type.lastIndexOf('.'));
    if (group === plugin.group) continue;
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [definition]);
    else members.push(definition);
  }
  return [...groups].map(([subGroup, members]) => ({
    ...pluginJson(plugin, members),
    title: simpleName(subGroup),
    subGroup,
  }));
}

/** A plugin with some of its types. What this server has no kind of is empty. */
function pluginJson(plugin: PluginPackage, definitions: readonly PluginDefinition[]): PluginJson {
  const { name, title, description, group, version, categories } = plugin;
  const typesOf = (...kinds: readonly PluginDefinition['kind'][]): readonly string[] =>
    definitions.flatMap(({ kind, type }) => (kinds.includes(kind) ? [type] : [])).toSorted();
  return {
    name,
    title,
    ...(description === undefined ? {} : { description }),
    group,
    ...(version === undefined ? {} : { version }),
    manifest: manifestOf(plugin),
    tasks: typesOf('task', 'flowable'),
    triggers: typesOf('trigger'),
    conditions: typesOf('condition'),
    controllers: [],
    storages: [],
    secrets: [],
    taskRunners: typesOf('task-runner'),
    guides: [],
    aliases: definitions.flatMap(({ aliases = [] }) => aliases).toSorted(),
    apps: [],
    appBlocks: [],
    categories,
  };
}

const manifestOf = ({ name, title, description, group, version }: PluginPackage): Record<string, string> => ({
  'X-Kestra-Name': name,
  'X-Kestra-Title': title,
  'X-Kestra-Group': group,
  ...(description === undefined ? {} : { 'X-Kestra-Description': description }),
  ...(version === undefined ? {} : { 'X-Kestra-Version': version }),
});
