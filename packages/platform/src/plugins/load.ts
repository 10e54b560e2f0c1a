import { pathToFileURL } from 'node:url';
import { KIT_VERSION, pluginKit, type PluginDefinition, type PluginPackage } from '@tiercel/plugin-kit';
import { PlatformError } from '../platform-error.ts';
import { findPlugins, type FoundPlugin, type PluginPlaces } from './find.ts';
import { definitionMistake } from './judge.ts';

/**
 * Loads the plugins from outside; `present` are those that are there already. Throws PlatformError with one sentence that names
 * the file: a server does not start with half of its plugins.
 */
export async function loadPlugins(
  places: PluginPlaces,
  present: readonly PluginPackage[],
  cwd: string,
): Promise<readonly PluginPackage[]> {
  const owners = new Map<string, string>();
  for (const { name, definitions } of present)
    for (const type of definitions.flatMap(namesOf)) owners.set(type, `Tiercel's ${name}`);
  const packages: PluginPackage[] = [];
  for (const found of await findPlugins(places, cwd)) {
    const definitions = await definitionsOf(found);
    for (const type of definitions.flatMap(namesOf)) {
      const owner = owners.get(type);
      if (owner !== undefined) throw refusal(found, `the type ${type} is there already, from ${owner}`);
      owners.set(type, found.file);
    }
    packages.push(packageOf(found, definitions));
  }
  return packages;
}

const namesOf = ({ type, aliases = [] }: PluginDefinition): readonly string[] => [type, ...aliases];

const refusal = ({ file }: FoundPlugin, reason: string, cause?: unknown): PlatformError =>
  new PlatformError(`The plugin ${file} cannot be loaded: ${reason}.`, cause === undefined ? undefined : { cause });

async function definitionsOf(found: FoundPlugin): Promise<readonly PluginDefinition[]> {
  const module = await imported(found);
  const { apiVersion } = module;
  if (apiVersion !== KIT_VERSION) {
    const given =
      apiVersion === undefined
        ? 'names no version of the kit'
        : `is made for version ${JSON.stringify(apiVersion)} of the kit`;
    throw refusal(
      found,
      `it ${given}, and this server has ${KIT_VERSION} (\`export const apiVersion = ${KIT_VERSION}\`)`,
    );
  }
  const given = await listOf(found, module['plugins'] ?? module['default']);
  if (!Array.isArray(given) || given.length === 0)
    throw refusal(found, 'its export `plugins`, or its default export, must give a list of definitions');
  for (const [index, definition] of given.entries()) {
    const mistake = definitionMistake(definition, index);
    if (mistake !== undefined) throw refusal(found, mistake);
  }
  return given as readonly PluginDefinition[];
}

async function imported(found: FoundPlugin): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(/* @vite-ignore */ pathToFileURL(found.file).href)) as Record<string, unknown>;
  } catch (error) {
    throw refusal(found, messageOf(error), error);
  }
}

/** A list, or a function of the kit that gives one. */
async function listOf(found: FoundPlugin, given: unknown): Promise<unknown> {
  if (typeof given !== 'function') return given;
  try {
    return await (given as (kit: typeof pluginKit) => unknown)(pluginKit);
  } catch (error) {
    throw refusal(found, messageOf(error), error);
  }
}

/** In one line. */
const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!.replace(/\.$/, '');

function packageOf(found: FoundPlugin, definitions: readonly PluginDefinition[]): PluginPackage {
  const { name, description, version } = found;
  return {
    name,
    title: name,
    ...(description === undefined ? {} : { description }),
    ...(version === undefined ? {} : { version }),
    group: commonGroup(definitions.map(({ type }) => type.split('.').slice(0, -1))),
    categories: [],
    definitions,
  };
}

/** The longest beginning that all names share. */
function commonGroup([first = [], ...rest]: readonly (readonly string[])[]): string {
  const differs = first.findIndex((word, at) => rest.some((words) => words[at] !== word));
  return first.slice(0, differs < 0 ? first.length : Math.max(differs, 1)).join('.');
}
