import { isMainThread, parentPort } from 'node:worker_threads';
import { PLANTED } from './planted.ts';
import { simulate, type Outcome } from './world.ts';

/** Promises that nobody took care of, of the run at hand. */
let unhandled: string[] = [];
process.on('unhandledRejection', (reason) =>
  unhandled.push(`unhandled rejection: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`),
);

/** Runs one seed; what nobody caught counts as a violation. */
async function runSeed(
  seed: number,
  plant: string | undefined,
  trace?: (at: number, message: string) => void,
): Promise<Outcome> {
  unhandled = [];
  const patch = plant === undefined ? undefined : PLANTED[plant]?.patch;
  const outcome = await simulate({
    seed,
    ...(patch !== undefined && { patch }),
    ...(trace !== undefined && { trace }),
  });
  return unhandled.length === 0 ? outcome : { ...outcome, violations: [...outcome.violations, ...unhandled] };
}

/** Replays one seed, with a trace if it is wanted. */
export const replay = (seed: number, verbose: boolean, plant: string | undefined): Promise<Outcome> =>
  runSeed(
    seed,
    plant,
    verbose ? (at, message) => console.log(`${(at / 1000).toFixed(3).padStart(9)}  ${message}`) : undefined,
  );

if (!isMainThread) {
  // Nobody reads the stacks of injected failures, and they cost more than the failures do.
  Error.stackTraceLimit = 0;
  parentPort!.on('message', (task: { from: number; to: number; plant: string | undefined } | undefined) => {
    if (task === undefined) {
      parentPort!.close();
      return;
    }
    void (async () => {
      const outcomes: Outcome[] = [];
      for (let seed = task.from; seed < task.to; seed++) outcomes.push(await runSeed(seed, task.plant));
      parentPort!.postMessage(outcomes);
    })();
  });
}
