/** Flows that the clients of these tests call. */
export const FLOWS = {
  greet: `
id: greet
namespace: company.team
inputs:
  - id: greeting
    type: STRING
    defaults: hello
tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: "{{ inputs.greeting }}"
outputs:
  - id: said
    type: STRING
    value: "{{ inputs.greeting }}"
triggers:
  - id: call
    type: io.kestra.plugin.core.trigger.Webhook
    key: a-long-secret
`,
  upload: `
id: upload
namespace: company.team
inputs:
  - id: file
    type: FILE
tasks:
  - id: count
    type: io.kestra.plugin.scripts.shell.Commands
    inputFiles:
      data.txt: "{{ inputs.file }}"
    commands:
      - echo '::{"outputs":{"bytes":'$(wc -c < data.txt)'}}::'
outputs:
  - id: bytes
    type: INT
    value: "{{ outputs.count.vars.bytes }}"
`,
  typed: `
id: typed
namespace: company.team
inputs:
  - id: string
    type: STRING
  - id: int
    type: INT
  - id: file
    type: FILE
tasks:
  - id: all
    type: io.kestra.plugin.core.debug.Return
    format: "{{ inputs.string }} {{ inputs.int + 1 }} {{ read(inputs.file) }}"
outputs:
  - id: all
    type: STRING
    value: "{{ outputs.all.value }}"
`,
} as const;

/** The same flow with another text, for one more revision. */
export const revised = (source: string, revision: number): string =>
  source.replace('message: "', `message: "revision ${revision}: `);
