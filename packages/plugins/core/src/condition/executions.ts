import { STATES } from '@tiercel/model';
import { defineCondition } from '@tiercel/plugin-kit';
import { z } from 'zod';
import { aliasesOf, nameOf, oldName, onFlow, onListener } from './names.ts';

const text = (title: string) => z.string().min(1).meta({ title, $dynamic: false });
const states = (title: string) => z.array(z.enum(STATES)).optional().meta({ title, $dynamic: false });
const prefix = z
  .boolean()
  .default(false)
  .meta({ title: 'Whether namespaces below this one count, too.', $dynamic: false });

/** Labels: a map, or a list of `{key, value}`. */
const labels = z
  .union([z.array(z.strictObject({ key: z.string(), value: z.unknown() })), z.record(z.string(), z.unknown())])
  .meta({ title: 'Labels that the execution must have, all of them.', $dynamic: false });

export const executionFlow = defineCondition({
  type: nameOf('ExecutionFlow'),
  aliases: aliasesOf('ExecutionFlow', 'old'),
  title: 'The execution is one of a given flow.',
  examples: [
    onFlow(
      'After each execution of one flow',
      'ExecutionFlow',
      `namespace: company.team
flowId: orders`,
    ),
  ],
  properties: z.object({ namespace: text('Namespace of the flow.'), flowId: text('Id of the flow.') }),
});

export const executionNamespace = defineCondition({
  type: nameOf('ExecutionNamespace'),
  aliases: aliasesOf('ExecutionNamespace', 'old'),
  title: 'The execution is one of a namespace.',
  examples: [
    onFlow(
      'After each execution in a namespace or below it',
      'ExecutionNamespace',
      `namespace: company
comparison: PREFIX`,
    ),
  ],
  properties: z.object({
    namespace: text('Namespace, or the beginning or end of it.'),
    comparison: z
      .enum(['EQUALS', 'PREFIX', 'SUFFIX'])
      .optional()
      .meta({ title: 'How it is compared; by default EQUALS, or PREFIX with `prefix: true`.', $dynamic: false }),
    prefix,
  }),
});

export const executionStatus = defineCondition({
  type: nameOf('ExecutionStatus'),
  aliases: aliasesOf('ExecutionStatus', 'old'),
  title: 'The execution is in one of some states.',
  examples: [
    onFlow(
      'After executions that failed or ended with a warning',
      'ExecutionStatus',
      `in:
  - FAILED
  - WARNING`,
    ),
  ],
  properties: z.object({ in: states('States that do.'), notIn: states('States that do not.') }),
});

export const executionLabels = defineCondition({
  type: nameOf('ExecutionLabels'),
  aliases: aliasesOf('ExecutionLabels', 'old'),
  title: 'The execution has some labels.',
  examples: [
    onFlow(
      'After executions with a label',
      'ExecutionLabels',
      `labels:
  team: sales`,
    ),
  ],
  properties: z.object({ labels }),
});

export const executionOutputs = defineCondition({
  type: nameOf('ExecutionOutputs'),
  aliases: aliasesOf('ExecutionOutputs', 'old'),
  title: 'An expression on the outputs of the execution holds.',
  description: 'The expression sees them as `trigger.outputs`; without outputs the condition does not hold.',
  examples: [
    onFlow(
      'After executions with more than ten rows',
      'ExecutionOutputs',
      `expression: "{{ trigger.outputs.rows > 10 }}"`,
    ),
  ],
  properties: z.object({ expression: z.string().min(1).meta({ title: 'The expression.', $dynamic: true }) }),
});

export const hasRetryAttempt = defineCondition({
  type: nameOf('HasRetryAttempt'),
  aliases: aliasesOf('HasRetryAttempt', 'old'),
  title: 'A task of the execution was tried more than once.',
  examples: [
    onFlow(
      'After executions of which a task failed and was tried again',
      'HasRetryAttempt',
      `in:
  - FAILED`,
    ),
  ],
  properties: z.object({ in: states('States of an attempt that do.'), notIn: states('States that do not.') }),
});

export const flowCondition = defineCondition({
  type: nameOf('FlowCondition'),
  aliases: oldName('FlowCondition'),
  title: 'The listening flow is a given one.',
  deprecated: true,
  examples: [
    onListener(
      'When this flow is the one that listens',
      'FlowCondition',
      `namespace: company.team
flowId: example`,
    ),
  ],
  properties: z.object({ namespace: text('Namespace of the flow.'), flowId: text('Id of the flow.') }),
});

export const flowNamespaceCondition = defineCondition({
  type: nameOf('FlowNamespaceCondition'),
  aliases: oldName('FlowNamespaceCondition'),
  title: 'The listening flow is one of a namespace.',
  deprecated: true,
  examples: [
    onListener(
      'When the listening flow is in a namespace or below it',
      'FlowNamespaceCondition',
      `namespace: company
prefix: true`,
    ),
  ],
  properties: z.object({ namespace: text('The namespace.'), prefix }),
});
