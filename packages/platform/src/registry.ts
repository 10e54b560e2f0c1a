import type { TaskTypes } from '@tiercel/engine';
import type { DefaultsOfNamespace } from '@tiercel/flow-source';
import { packages as core } from '@tiercel/plugin-core';
import { registryOf, type PluginRegistry } from '@tiercel/plugin-kit';
import { packages as scripts } from '@tiercel/plugin-scripts';
import { loadConfig } from '@tiercel/runtime';
import { serverConfig } from './config.ts';
import { pluginDefaultsOf } from './plugin-defaults.ts';
import type { PluginPlaces } from './plugins/find.ts';
import { loadPlugins } from './plugins/load.ts';

const BUILT_IN = [...core, ...scripts];

/** All plugin types that come with Tiercel. */
export const builtInRegistry = (): PluginRegistry => registryOf(BUILT_IN);

/** Those, and the ones from outside that the configuration names. Throws PlatformError when one cannot be loaded. */
export const configuredRegistry = async (places: PluginPlaces, cwd = process.cwd()): Promise<PluginRegistry> =>
  registryOf([...BUILT_IN, ...(await loadPlugins(places, BUILT_IN, cwd))]);

/** What a command without a server needs to read flows. */
export interface LanguageOfEnvironment {
  readonly registry: PluginRegistry;
  readonly defaults: DefaultsOfNamespace;
}

/**
 * Plugins and plugin defaults as the variables of the environment name them. `warn`: told of each mistake in the defaults.
 * Throws ConfigError or PlatformError.
 */
export async function languageOfEnvironment(
  environment: NodeJS.ProcessEnv,
  warn: (problem: string) => void,
): Promise<LanguageOfEnvironment> {
  const { server } = loadConfig({ server: serverConfig }, environment, undefined, 'any');
  const registry = await configuredRegistry(server);
  return { registry, defaults: pluginDefaultsOf(server, registry, warn) };
}

/** What the engine must know of them. */
export const taskTypesOf = (registry: PluginRegistry): TaskTypes => ({
  canonical: (type) => registry.canonical(type),
  lane: (type) => {
    const definition = registry.get(type);
    return definition?.kind === 'task' ? definition.lane : 'worker';
  },
});
