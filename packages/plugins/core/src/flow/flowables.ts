import { defineFlowable, dynamicText, taskList } from '@tiercel/plugin-kit';
import { z } from 'zod';

const errors = taskList('Tasks to run when a task inside has failed.').optional();

/** `io.kestra.plugin.core.flow.Sequential` (execution-semantics.md §6.6). */
export const sequential = defineFlowable({
  type: 'io.kestra.plugin.core.flow.Sequential',
  aliases: ['io.kestra.core.tasks.flows.Sequential'],
  title: 'Run tasks one after the other.',
  examples: [
    {
      title: 'A group with error handling of its own',
      code: `id: example
namespace: company.team

tasks:
  - id: group
    type: io.kestra.plugin.core.flow.Sequential
    tasks:
      - id: first
        type: io.kestra.plugin.core.debug.Return
        format: a
      - id: second
        type: io.kestra.plugin.core.log.Log
        message: "{{ outputs.first.value }}"
    errors:
      - id: tell
        type: io.kestra.plugin.core.log.Log
        level: ERROR
        message: The group has failed.
`,
    },
  ],
  properties: z.object({ tasks: taskList('Tasks to run.').optional(), errors }),
});

/** `io.kestra.plugin.core.flow.If` (execution-semantics.md §6.6). */
export const ifTask = defineFlowable({
  type: 'io.kestra.plugin.core.flow.If',
  aliases: ['io.kestra.core.tasks.flows.If'],
  title: 'Run one of two lists of tasks, by a condition.',
  examples: [
    {
      title: 'One of two ways',
      code: `id: example
namespace: company.team

inputs:
  - id: full
    type: BOOLEAN
    defaults: false

tasks:
  - id: which
    type: io.kestra.plugin.core.flow.If
    condition: "{{ inputs.full }}"
    then:
      - id: all
        type: io.kestra.plugin.core.log.Log
        message: Everything
    else:
      - id: some
        type: io.kestra.plugin.core.log.Log
        message: Only what is new
`,
    },
  ],
  properties: z.object({
    condition: dynamicText(
      'Condition, rendered to text.',
      'Empty, `false`, `0` and `-0` are false, all else is true. Evaluated once, when the task starts.',
    ).optional(),
    // oxlint-disable-next-line unicorn/no-thenable -- the flow language calls it so, and no schema is a function
    then: taskList('Tasks to run when the condition is true.', 1),
    else: taskList('Tasks to run when the condition is false.').optional(),
    errors,
  }),
  outputs: z.object({ evaluationResult: z.boolean().meta({ title: 'What the condition gave.' }) }),
});

/** `io.kestra.plugin.core.flow.ForEach` (execution-semantics.md §6.1, §6.4). */
export const forEach = defineFlowable({
  type: 'io.kestra.plugin.core.flow.ForEach',
  title: 'Run a group of tasks for each value of a list.',
  description: 'Inside the group `{{ taskrun.value }}` is the value; the tasks of one group run one after the other.',
  examples: [
    {
      title: 'Two values at a time',
      code: `id: example
namespace: company.team

tasks:
  - id: regions
    type: io.kestra.plugin.core.flow.ForEach
    values: [north, south, west]
    concurrencyLimit: 2
    tasks:
      - id: say
        type: io.kestra.plugin.core.log.Log
        message: "Region {{ taskrun.value }}"
`,
    },
  ],
  properties: z.object({
    values: z.union([z.string(), z.array(z.unknown())]).meta({
      title: 'The values: a list, or a text that renders to a JSON array.',
      $dynamic: true,
    }),
    concurrencyLimit: z
      .int()
      .min(0)
      .default(1)
      .meta({ title: 'How many groups run at the same time; 0 is no limit.', $dynamic: false }),
    tasks: taskList('Tasks to run for each value.').optional(),
    errors,
  }),
});
