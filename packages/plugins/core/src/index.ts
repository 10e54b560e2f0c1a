import type { PluginDefinition, PluginPackage } from '@tiercel/plugin-kit';
import { conditions } from './condition/index.ts';
import { debugTasks } from './debug/index.ts';
import { executionTasks } from './execution/index.ts';
import { flowTasks } from './flow/index.ts';
import { httpTasks } from './http/index.ts';
import { kvTasks } from './kv/index.ts';
import { logTasks } from './log/index.ts';
import { outputTasks } from './output/index.ts';
import { taskRunners } from './runner/index.ts';
import { triggers } from './trigger/index.ts';

/** All plugin types of this package, under their names in `io.kestra.plugin.core`. */
export const definitions: readonly PluginDefinition[] = [
  ...conditions,
  ...debugTasks,
  ...executionTasks,
  ...flowTasks,
  ...httpTasks,
  ...kvTasks,
  ...logTasks,
  ...outputTasks,
  ...triggers,
  ...taskRunners,
];

export const packages: readonly PluginPackage[] = [
  {
    name: 'core',
    title: 'core',
    description: 'What comes with every server.',
    group: 'io.kestra.plugin.core',
    categories: ['CORE'],
    definitions,
  },
];
