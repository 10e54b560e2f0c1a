/** One shape of flow that tests of faults run, and what an execution of it must have when it has ended. */
export interface Shape {
  readonly id: string;
  readonly source: string;
  /** Task runs of an ended execution. */
  readonly taskRuns: number;
  /** Ids of tasks whose script writes `begin` and `end` into the journal. */
  readonly scripts: readonly string[];
  /** Attempts of tasks that fail before they succeed. */
  readonly attempts?: Readonly<Record<string, number>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** Key of the webhook by which `chain` can be started. */
export const WEBHOOK_KEY = 'evidence-key';

export interface ShapeOptions {
  readonly namespace: string;
  /** File of side effects. */
  readonly journal: string;
  /** Finds the scripts among all processes. */
  readonly marker: string;
  /** How long the script of `long` runs, s; default 2.5. */
  readonly longSeconds?: number;
}

/** A script that writes down when it begins and ends, with its process id and the folder that its worker gave it. */
const script = (id: string, { journal, marker }: ShapeOptions, seconds: number): string => `
  - id: ${id}
    type: io.kestra.plugin.scripts.shell.Commands
    commands:
      - ': ${marker}'
      - echo "begin {{ taskrun.id }} $$ $PWD" >> ${journal}
      - sleep ${seconds}
      - echo "end {{ taskrun.id }} $$ $PWD" >> ${journal}`;

/** Several shapes, over one journal of side effects. */
export const shapes = (options: ShapeOptions): readonly Shape[] => [
  {
    id: 'chain',
    taskRuns: 4,
    scripts: [],
    outputs: { last: 'three of two of one' },
    source: `
id: chain
namespace: ${options.namespace}
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
triggers:
  - id: door
    type: io.kestra.plugin.core.trigger.Webhook
    key: ${WEBHOOK_KEY}
`,
  },
  {
    id: 'scripts',
    taskRuns: 3,
    scripts: ['first', 'second'],
    source: `
id: scripts
namespace: ${options.namespace}
tasks:${script('first', options, 0.2)}
  - id: between
    type: io.kestra.plugin.core.log.Log
    message: between
${script('second', options, 0.6)}
`,
  },
  {
    id: 'long',
    taskRuns: 1,
    scripts: ['only'],
    source: `
id: long
namespace: ${options.namespace}
tasks:${script('only', options, options.longSeconds ?? 2.5)}
`,
  },
  {
    id: 'each',
    taskRuns: 1 + 6 * 2,
    scripts: [],
    source: `
id: each
namespace: ${options.namespace}
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
namespace: ${options.namespace}
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
