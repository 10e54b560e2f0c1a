// How long the parser and its checks take for a flow of some 2,000 lines: `node test/load/validate.mjs [--lines 2000] [--rounds 200]`.
import { parseArgs } from 'node:util';
import { bundled } from './bundle.mjs';

const { values } = parseArgs({
  options: { lines: { type: 'string', default: '2000' }, rounds: { type: 'string', default: '200' } },
});

/** Tasks of many kinds, as flows of nightly loads have them; every task has texts of its own. */
function task(n, indent) {
  const lines = [
    [
      `- id: fetch_${n}`,
      `  type: io.kestra.plugin.core.http.Request`,
      `  uri: "https://example.com/api/{{ inputs.region }}/orders/${n}?page={{ vars.page }}"`,
      `  method: POST`,
      `  headers:`,
      `    Content-Type: application/json`,
      `    X-Run: "{{ execution.id }}-${n}"`,
      `  body: |`,
      `    {"day": "{{ trigger.date ?? execution.startDate | date('yyyy-MM-dd') }}",`,
      `     "n": ${n}}`,
      `  retry:`,
      `    type: constant`,
      `    interval: PT10S`,
      `    maxAttempts: 3`,
    ],
    [
      `- id: transform_${n}`,
      `  type: io.kestra.plugin.scripts.shell.Commands`,
      `  taskRunner:`,
      `    type: io.kestra.plugin.core.runner.Process`,
      `  env:`,
      `    REGION: "{{ inputs.region | upper }}"`,
      `  commands:`,
      `    - cat orders.json | jq '.items[]' > out-${n}.json`,
      `    - echo "::{\\"outputs\\":{\\"rows\\":${n}}}::"`,
      `  outputFiles:`,
      `    - out-${n}.json`,
      `  timeout: PT5M`,
    ],
    [
      `- id: say_${n}`,
      `  type: io.kestra.plugin.core.log.Log`,
      `  # what was read`,
      `  message: "{{ inputs.name | trim | upper | replace({'A': 'B'}) }} has {{ vars.page ?? ${n} }} pages"`,
      `  level: INFO`,
    ],
    [
      `- id: branch_${n}`,
      `  type: io.kestra.plugin.core.flow.If`,
      `  condition: "{{ inputs.count > ${n} and ['eu', 'us'] contains inputs.region }}"`,
      `  then:`,
      `    - id: yes_${n}`,
      `      type: io.kestra.plugin.core.debug.Return`,
      `      format: "{{ taskrun.id }}"`,
      `  else:`,
      `    - id: no_${n}`,
      `      type: io.kestra.plugin.core.log.Log`,
      `      message:`,
      `        - first {{ execution.id }}`,
      `        - second`,
    ],
  ][n % 4];
  return lines.map((line) => `${indent}${line}`);
}

function source(count) {
  const lines = [
    'id: nightly',
    'namespace: company.team',
    'description: |',
    '  Loads everything.',
    'inputs:',
    '  - {id: region, type: STRING, defaults: eu}',
    '  - {id: name, type: STRING, defaults: orders}',
    '  - {id: count, type: INT, defaults: 4}',
    'variables:',
    '  page: 1',
    'tasks:',
  ];
  for (let n = 0; lines.length < count; n++) lines.push(...task(n, '  '));
  return `${lines.join('\n')}\n`;
}

const { parseFlow, builtInRegistry } = await bundled(
  'validate',
  `export { parseFlow } from '@tiercel/flow-source';
   export { builtInRegistry } from '@tiercel/platform';`,
);

const options = { registry: builtInRegistry(), tenant: 'main', expressionErrors: 'warning' };
const text = source(Number(values.lines));
const timed = (flow) => {
  const began = performance.now();
  const result = parseFlow(flow, options);
  const ms = performance.now() - began;
  if (result.flow === undefined) throw new Error(JSON.stringify(result.problems.slice(0, 3)));
  if (result.warnings.length > 0) throw new Error(result.warnings[0]);
  return ms;
};
const shown = (ms) => `${ms.toFixed(1)} ms`;
console.log(`${text.split('\n').length - 1} lines, ${text.length} bytes, Node.js ${process.version}`);
console.log(`first:  ${shown(timed(text))} (nothing is compiled yet)`);
console.log(`second: ${shown(timed(text.replace('id: nightly', 'id: second')))}`);
const rounds = Number(values.rounds);
const taken = [];
// Another text each time, so that nothing that is kept of one helps the next.
for (let n = 0; n < rounds; n++) taken.push(timed(text.replaceAll('orders', `orders${n}`)));
taken.sort((a, b) => a - b);
const at = (share) => taken[Math.min(rounds - 1, Math.floor(rounds * share))];
console.log(`then:   p50 ${shown(at(0.5))}, p99 ${shown(at(0.99))} (${rounds} rounds, each with texts of its own)`);
