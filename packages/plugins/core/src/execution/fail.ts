import { defineTask, dynamicText, TaskFailure } from '@tiercel/plugin-kit';
import { z } from 'zod';

const properties = z.object({
  condition: dynamicText(
    'Condition on which the task fails.',
    'Rendered to text; empty, `false`, `0` and `-0` are false. Without it the task always fails.',
  ).optional(),
  errorMessage: dynamicText('Message of the failure.').prefault('Task failure'),
});

/** The texts that count as false after rendering (execution-semantics.md §1.1, `T(s)`). */
const FALSE: ReadonlySet<string> = new Set(['', 'false', '0', '-0']);

/** `io.kestra.plugin.core.execution.Fail` (execution-semantics.md §14). */
export const fail = defineTask({
  type: 'io.kestra.plugin.core.execution.Fail',
  aliases: ['io.kestra.core.tasks.executions.Fail'],
  title: 'Fail the execution, always or on a condition.',
  examples: [
    {
      title: 'Fail on a condition',
      code: `id: example
namespace: company.team

inputs:
  - id: rows
    type: INT
    defaults: 0

tasks:
  - id: check
    type: io.kestra.plugin.core.execution.Fail
    condition: "{{ inputs.rows == 0 }}"
    errorMessage: There are no rows.
`,
    },
  ],
  lane: 'inline',
  properties,
  run: async (context, { condition, errorMessage }) => {
    if (condition === undefined) throw new TaskFailure((await context.text(errorMessage)) ?? '');
    const rendered = await context.text(condition);
    if (rendered === undefined || FALSE.has(rendered)) return undefined;
    context.logger.error((await context.text(errorMessage)) ?? '');
    throw new TaskFailure('Fail on a condition');
  },
});
