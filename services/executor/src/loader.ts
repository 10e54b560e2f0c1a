import type { LoadedExecution } from '@tiercel/store';

/** Joins loads that are asked for in the same turn into one read of the store. */
export function createLoader(
  load: (ids: readonly string[]) => Promise<readonly LoadedExecution[]>,
): (executionId: string) => Promise<LoadedExecution | undefined> {
  let waiting: Map<string, Promise<LoadedExecution | undefined>> | undefined;
  let batch: Promise<Map<string, LoadedExecution>> | undefined;
  return (executionId) => {
    if (waiting === undefined) {
      const asked: Map<string, unknown> = (waiting = new Map());
      batch = Promise.resolve().then(async () => {
        waiting = undefined;
        const loaded = await load([...asked.keys()]);
        return new Map(loaded.map((one) => [one.execution.id, one]));
      });
    }
    let one = waiting.get(executionId);
    if (one === undefined) waiting.set(executionId, (one = batch!.then((all) => all.get(executionId))));
    return one;
  };
}
