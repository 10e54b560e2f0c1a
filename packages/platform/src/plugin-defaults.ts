import { readConfiguredDefaults, type DefaultsOfNamespace } from '@tiercel/flow-source';
import type { PluginRegistry } from '@tiercel/plugin-kit';
import type { ServerConfig } from './config.ts';

/**
 * The plugin defaults of the configuration (execution-semantics.md §10.5), for everything in this process that parses flows. A mistake in
 * them stops nothing; `warn` is told of each, with place and remedy.
 */
export function pluginDefaultsOf(
  { pluginDefaults, namespaceDefaults }: Pick<ServerConfig, 'pluginDefaults' | 'namespaceDefaults'>,
  registry: PluginRegistry,
  warn: (problem: string) => void,
): DefaultsOfNamespace {
  const { defaults, problems } = readConfiguredDefaults({ pluginDefaults, namespaceDefaults }, registry);
  for (const problem of problems) warn(`The setting server.${problem}. Correct it and start again.`);
  return defaults;
}
