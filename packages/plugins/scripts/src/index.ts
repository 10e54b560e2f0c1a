import type { PluginPackage } from '@tiercel/plugin-kit';
import { shellTasks } from './shell/index.ts';

/** The plugins of this package, one for each language, under their names in `io.kestra.plugin.scripts`. */
export const packages: readonly PluginPackage[] = [
  {
    name: 'plugin-script-shell',
    title: 'Shell',
    description: 'Shell commands and scripts.',
    group: 'io.kestra.plugin.scripts.shell',
    categories: ['SCRIPT'],
    definitions: shellTasks,
  },
];

/** All plugin types of this package. */
export const definitions = packages.flatMap((one) => one.definitions);
