import { defineTaskRunner, duration } from '@tiercel/plugin-kit';
import { z } from 'zod';
import { DEFAULT_OPTIONS, supervise } from './supervise.ts';

const properties = z.object({
  killGracePeriod: duration(
    'Time between the request to end and the forced end.',
    'When the task is killed or its time is over, its processes get SIGTERM, and SIGKILL after this time. Default `PT2S`.',
  ).optional(),
});

/**
 * `io.kestra.plugin.core.runner.Process`: runs commands as processes on the worker's host, with the worker's environment
 * and the task's own variables over it (execution-semantics.md §15.2).
 */
export const processRunner = defineTaskRunner({
  type: 'io.kestra.plugin.core.runner.Process',
  title: 'Run the commands of a task as processes on the host of the worker.',
  description:
    'The processes form a group of their own. The whole group ends with the task: when the task ends, is killed, runs ' +
    'out of time, or when its worker dies, however that happens.',
  examples: [
    {
      title: 'More time to end',
      code: `id: example
namespace: company.team

tasks:
  - id: script
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
      killGracePeriod: PT10S
    commands:
      - echo hello
`,
    },
  ],
  properties,
  bind: (context, { killGracePeriod }) => ({
    run: async (spec) => {
      const killGrace = (await context.duration(killGracePeriod)) ?? DEFAULT_OPTIONS.killGrace;
      return supervise(spec, context.signal, { ...DEFAULT_OPTIONS, killGrace });
    },
  }),
});
