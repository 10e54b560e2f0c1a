import { defineTask, dynamicText } from '@tiercel/plugin-kit';
import { z } from 'zod';
import { scriptOutputs, scriptProperties } from '../base/properties.ts';
import { runScript } from '../base/run-script.ts';

const properties = z.object({
  ...scriptProperties,
  containerImage: dynamicText('Image of the container; only task runners with containers use it.').prefault('ubuntu'),
  script: dynamicText('The script itself, not the path of one.').refine((text) => text.length > 0, {
    message: 'a script is required',
  }),
});

/** `io.kestra.plugin.scripts.shell.Script` (execution-semantics.md §15); see `shellCommands` for the task runner. */
export const shellScript = defineTask({
  type: 'io.kestra.plugin.scripts.shell.Script',
  title: 'Run a shell script.',
  examples: [
    {
      title: 'Several lines',
      code: `id: example
namespace: company.team

tasks:
  - id: shell
    type: io.kestra.plugin.scripts.shell.Script
    script: |
      for name in a b; do
        echo "$name"
      done
`,
    },
  ],
  lane: 'worker',
  properties,
  outputs: scriptOutputs,
  run: async (context, values) => runScript(context, values, [values.script]),
});
