// The flows that are measured.

/** Two tasks that run inline: how fast executions as such are. */
const b1 = (namespace) => `id: b1
namespace: ${namespace}
triggers:
  - { id: hook, type: io.kestra.plugin.core.trigger.Webhook, key: load }
inputs:
  - { id: name, type: STRING, defaults: World }
tasks:
  - id: greeting
    type: io.kestra.plugin.core.output.OutputValues
    values: { text: "Hello {{ inputs.name }}" }
  - { id: say, type: io.kestra.plugin.core.log.Log, message: "{{ outputs.greeting.values.text }}" }
`;

/** Every task but the last does I/O, so it goes to a worker and back. */
const b5 = (namespace) => `id: b5
namespace: ${namespace}
triggers:
  - { id: hook, type: io.kestra.plugin.core.trigger.Webhook, key: load }
tasks:
  - { id: set, type: io.kestra.plugin.core.kv.Set, key: "k-{{ execution.id }}", value: "{{ execution.startDate }}" }
  - { id: get, type: io.kestra.plugin.core.kv.Get, key: "k-{{ execution.id }}" }
  - { id: say, type: io.kestra.plugin.core.log.Log, message: "{{ outputs.get.value }}" }
`;

/** One loop over many values, all at once. */
const b3 = (namespace, size) => `id: b3-${size}
namespace: ${namespace}
tasks:
  - id: loop
    type: io.kestra.plugin.core.flow.ForEach
    values: "{{ range(1, ${size}) }}"
    concurrencyLimit: 0
    tasks:
      - { id: output, type: io.kestra.plugin.core.output.OutputValues, values: { some: value } }
`;

export const flows = { b1, b3, b5 };
