import { defineTask, dynamicText, dynamicTexts } from '@tiercel/plugin-kit';
import { z } from 'zod';
import { scriptOutputs, scriptProperties } from '../base/properties.ts';
import { runScript } from '../base/run-script.ts';

const properties = z.object({
  ...scriptProperties,
  containerImage: dynamicText('Image of the container; only task runners with containers use it.').prefault('ubuntu'),
  commands: dynamicTexts('Shell commands to run.', undefined, 1),
});

/**
 * `io.kestra.plugin.scripts.shell.Commands` (execution-semantics.md §15). Without `taskRunner` the commands run as
 * processes on the host of the worker: an embedded server has no Docker.
 */
export const shellCommands = defineTask({
  type: 'io.kestra.plugin.scripts.shell.Commands',
  title: 'Run shell commands.',
  examples: [
    {
      title: 'A file and a value as outputs',
      code: `id: example
namespace: company.team

tasks:
  - id: shell
    type: io.kestra.plugin.scripts.shell.Commands
    outputFiles: ["*.txt"]
    commands:
      - echo "Hello" > hello.txt
      - echo '::{"outputs":{"count":1}}::'
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.shell.vars.count }} in {{ outputs.shell.outputFiles['hello.txt'] }}"
`,
    },
  ],
  lane: 'worker',
  properties,
  outputs: scriptOutputs,
  run: async (context, values) => runScript(context, values, values.commands),
});
