// `wait=true` and `follow` never miss an end: many calls at a time, every one answered with an ended execution.
//   node test/load/wait.mjs [--server http://localhost:8080] [--calls 20000] [--callers 64] [--follow 0.1]
// Prints the figures, and ends with 1 when a call was not answered, or answered too early.
import { parseArgs } from 'node:util';
import { Agent, request } from 'node:http';

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: 'http://localhost:8080' },
    calls: { type: 'string', default: '20000' },
    callers: { type: 'string', default: '64' },
    /** Part of the calls that start an execution and follow it, instead of `wait=true`. */
    follow: { type: 'string', default: '0.1' },
    /** Longest answer, s. */
    limit: { type: 'string', default: '60' },
  },
});
const calls = Number(values.calls);
const callers = Number(values.callers);
const limit = Number(values.limit) * 1000;
const everyFollow = Number(values.follow) === 0 ? Infinity : Math.round(1 / Number(values.follow));
const agent = new Agent({ keepAlive: true, maxSockets: callers });
const FLOW = `id: wait
namespace: load
tasks:
  - id: one
    type: io.kestra.plugin.core.debug.Return
    format: "{{ execution.id }}"
  - id: two
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.one.value }}"
`;

const call = (method, path, { body, type, onData } = {}) =>
  new Promise((resolve, reject) => {
    const sent = request(`${values.server}/api/v1${path}`, {
      method,
      agent,
      headers: type === undefined ? {} : { 'Content-Type': type },
    });
    sent.setTimeout(limit, () => sent.destroy(new Error(`no answer within ${limit} ms`)));
    sent.on('error', reject);
    sent.on('response', (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => {
        text += chunk;
        onData?.(chunk);
      });
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode, text }));
    });
    sent.end(body);
  });

async function deploy() {
  const type = 'application/x-yaml';
  const made = await call('POST', '/flows', { body: FLOW, type });
  if (made.status === 422) await call('PUT', '/flows/load/wait', { body: FLOW, type });
  else if (made.status !== 200) throw new Error(`the flow cannot be made: ${made.status} ${made.text}`);
}

/** The state in which the answer says that the execution is. */
async function once(isFollow) {
  if (!isFollow) {
    const { status, text } = await call('POST', '/executions/load/wait?wait=true');
    if (status !== 200) throw new Error(`${status}: ${text.slice(0, 200)}`);
    return JSON.parse(text);
  }
  const created = await call('POST', '/executions/load/wait');
  const { id } = JSON.parse(created.text);
  const { text } = await call('GET', `/executions/${id}/follow`);
  const frames = text.split('\n').filter((line) => line.startsWith('data:'));
  return JSON.parse(frames.at(-1).slice(5));
}

await deploy();
const times = [];
const failures = new Map();
let next = 0;
const began = performance.now();
const caller = async () => {
  while (next < calls) {
    const number = next++;
    const start = performance.now();
    let failure;
    try {
      const { state, taskRunList } = await once(number % everyFollow === 0);
      if (state?.current !== 'SUCCESS') failure = `answered with ${state?.current}`;
      else if (taskRunList?.length !== 2) failure = `answered with ${taskRunList?.length} task runs`;
    } catch (error) {
      failure = error.message;
    }
    times.push(performance.now() - start);
    if (failure !== undefined) failures.set(failure, (failures.get(failure) ?? 0) + 1);
  }
};
await Promise.all(Array.from({ length: callers }, caller));
agent.destroy();

const seconds = (performance.now() - began) / 1000;
times.sort((a, b) => a - b);
const part = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))].toFixed(0);
const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
process.stdout.write(
  `${times.length} calls, ${callers} at a time, in ${seconds.toFixed(1)} s (${(times.length / seconds).toFixed(0)}/s); ` +
    `ms: median ${part(0.5)}, 99 % ${part(0.99)}, longest ${part(1)}; failed ${failed}\n`,
);
for (const [message, count] of failures) process.stdout.write(`  ${count} × ${message}\n`);
process.exitCode = failed === 0 && times.length === calls ? 0 : 1;
