/** One shape of flow that the chaos test runs, and what an execution of it must have when it has ended. */
export interface Shape {
  readonly id: string;
  readonly source: string;
  /** Task runs of an ended execution. */
  readonly taskRuns: number;
  /** Ids of tasks whose script writes `begin` and `end` into the journal. */
  readonly scripts: readonly string[];
  readonly outputs?: Readonly<Record<string, unknown>>;
}

export const NAMESPACE = 'chaos';

/** A script that writes down when it begins and ends, with its process id; `marker` finds it among all processes. */
const script = (id: string, journal: string, marker: string, seconds: string): string => `
  - id: ${id}
    type: io.kestra.plugin.scripts.shell.Commands
    commands:
      - ': ${marker}'
      - echo "begin {{ taskrun.id }} $$" >> ${journal}
      - sleep ${seconds}
      - echo "end {{ taskrun.id }} $$" >> ${journal}`;

/** Several shapes, over one journal of side effects. */
export const shapes = (journal: string, marker: string): readonly Shape[] => [
  {
    id: 'chain',
    taskRuns: 4,
    scripts: [],
    outputs: { last: 'three of two of one' },
    source: `
id: chain
namespace: ${NAMESPACE}
tasks:
  - id: one
    type: io.kestra.plugin.core.output.OutputValues
    values:
      said: one
  - id: two
    type: io.kestra.plugin.core.debug.Return
    format: "two of {{ outputs.one['values'].said }}"
  - id: tell
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.two.value }}"
  - id: three
    type: io.kestra.plugin.core.debug.Return
    format: "three of {{ outputs.two.value }}"
outputs:
  - id: last
    type: STRING
    value: "{{ outputs.three.value }}"
`,
  },
  {
    id: 'scripts',
    taskRuns: 3,
    scripts: ['first', 'second'],
    source: `
id: scripts
namespace: ${NAMESPACE}
tasks:${script('first', journal, marker, '0.2')}
  - id: between
    type: io.kestra.plugin.core.log.Log
    message: between
${script('second', journal, marker, '0.6')}
`,
  },
  {
    id: 'long',
    taskRuns: 1,
    scripts: ['only'],
    source: `
id: long
namespace: ${NAMESPACE}
tasks:${script('only', journal, marker, '2.5')}
`,
  },
  {
    id: 'each',
    taskRuns: 1 + 6 * 2,
    scripts: [],
    source: `
id: each
namespace: ${NAMESPACE}
tasks:
  - id: each
    type: io.kestra.plugin.core.flow.ForEach
    values: [1, 2, 3, 4, 5, 6]
    concurrencyLimit: 2
    tasks:
      - id: value
        type: io.kestra.plugin.core.debug.Return
        format: "value {{ taskrun.value }}"
      - id: wait
        type: io.kestra.plugin.core.flow.Sleep
        duration: PT0.2S
`,
  },
  {
    id: 'kv',
    taskRuns: 3,
    scripts: [],
    outputs: { found: 'kept' },
    source: `
id: kv
namespace: ${NAMESPACE}
tasks:
  - id: set
    type: io.kestra.plugin.core.kv.Set
    key: "{{ execution.id }}"
    value: kept
  - id: wait
    type: io.kestra.plugin.core.flow.Sleep
    duration: PT0.3S
  - id: get
    type: io.kestra.plugin.core.kv.Get
    key: "{{ execution.id }}"
    errorOnMissing: true
outputs:
  - id: found
    type: STRING
    value: "{{ outputs.get.value }}"
`,
  },
];
