import type { PluginExample } from '@tiercel/plugin-kit';

const PACKAGE = 'io.kestra.plugin.core.condition.';
const OLD_PACKAGE = 'io.kestra.core.models.conditions.types.';

export const nameOf = (word: string): string => PACKAGE + word;

/**
 * Older names of a condition: with the suffix `Condition`, here and (`old`) in the package where the first versions had it.
 * `oldWord`: what it was called there, when that was something else.
 */
export const aliasesOf = (word: string, old?: 'old', oldWord: string = word): readonly string[] => [
  `${PACKAGE}${word}Condition`,
  ...(old === undefined ? [] : [`${OLD_PACKAGE}${oldWord}Condition`]),
];

/** Older name of a condition whose name has the suffix still. */
export const oldName = (word: string): readonly string[] => [OLD_PACKAGE + word];

const indented = (yaml: string, by: number): string => yaml.trim().replaceAll(/^/gm, ' '.repeat(by));

const flowWith = (triggers: string): string => `id: example
namespace: company.team

tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: It holds.

triggers:
${triggers}
`;

/** A condition on the dates of a schedule; `yaml` is the condition without its type. */
export const onSchedule = (title: string, word: string, yaml: string): PluginExample => ({
  title,
  code: flowWith(
    `  - id: daily
    type: io.kestra.plugin.core.trigger.Schedule
    cron: "0 9 * * *"
    conditions:
      - type: ${nameOf(word)}
${indented(yaml, 8)}`.trimEnd(),
  ),
});

/** A condition on the executions of other flows. */
export const onFlow = (title: string, word: string, yaml: string): PluginExample => ({
  title,
  code: flowWith(`  - id: after
    type: io.kestra.plugin.core.trigger.Flow
    conditions:
      - type: ${nameOf(word)}
${indented(yaml, 8)}`),
});

/** A condition on a flow's own executions, for its listeners. */
export const onListener = (title: string, word: string, yaml: string): PluginExample => ({
  title,
  code: `id: example
namespace: company.team

tasks:
  - id: work
    type: io.kestra.plugin.core.debug.Return
    format: done

listeners:
  - conditions:
      - type: ${nameOf(word)}
${indented(yaml, 8)}
    tasks:
      - id: say
        type: io.kestra.plugin.core.log.Log
        message: It holds.
`,
});
