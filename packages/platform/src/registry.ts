import type { TaskTypes } from '@tiercel/engine';
import { definitions as core } from '@tiercel/plugin-core';
import { createRegistry, type PluginRegistry } from '@tiercel/plugin-kit';
import { definitions as scripts } from '@tiercel/plugin-scripts';

/** All plugin types that come with Tiercel. */
export const builtInRegistry = (): PluginRegistry => createRegistry([...core, ...scripts]);

/** What the engine must know of them. */
export const taskTypesOf = (registry: PluginRegistry): TaskTypes => ({
  canonical: (type) => registry.canonical(type),
  lane: (type) => {
    const definition = registry.get(type);
    return definition?.kind === 'task' ? definition.lane : 'worker';
  },
});
