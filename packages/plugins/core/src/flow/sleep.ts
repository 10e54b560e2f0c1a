import { setTimeout as delay } from 'node:timers/promises';
import { defineTask, duration, TaskFailure } from '@tiercel/plugin-kit';
import { z } from 'zod';

const properties = z.object({ duration: duration('How long to sleep.') });

/** Node's timers take no longer time than this. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** `io.kestra.plugin.core.flow.Sleep` (execution-semantics.md §14). */
export const sleep = defineTask({
  type: 'io.kestra.plugin.core.flow.Sleep',
  title: 'Sleep for a time, then go on.',
  examples: [
    {
      title: 'Ten seconds',
      code: `id: example
namespace: company.team

tasks:
  - id: wait
    type: io.kestra.plugin.core.flow.Sleep
    duration: PT10S
`,
    },
  ],
  lane: 'worker',
  properties,
  run: async (context, { duration: text }) => {
    const wait = await context.duration(text);
    if (wait === undefined) throw new TaskFailure('`duration` rendered to nothing: give a duration such as PT10S');
    for (let left = wait; left > 0; left -= LONGEST_TIMER) {
      await delay(Math.min(left, LONGEST_TIMER), undefined, { signal: context.signal });
    }
    return undefined;
  },
});
