import type { PluginDefinition } from '@tiercel/plugin-kit';
import { shellTasks } from './shell/index.ts';

/** All plugin types of this package, under their names in `io.kestra.plugin.scripts`. */
export const definitions: readonly PluginDefinition[] = [...shellTasks];
