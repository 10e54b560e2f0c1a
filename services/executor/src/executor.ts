import { executorQueue, type ExecutionHint } from '@tiercel/contracts';
import { ALIVE_MS, createMembership, type Consumer } from '@tiercel/queue';
import { DEFAULT_LIMITS, type ExecutorDeps, type ExecutorLimits } from './deps.ts';
import { Desk } from './desk.ts';
import { createLoader } from './loader.ts';

export interface Executor {
  /** Announces itself and begins to take hints. */
  start(): Promise<void>;
  /** Takes no more hints, ends the steps in hand, and leaves. */
  stop(): Promise<void>;
  /** Executions in memory, and the task runs that they hold. */
  size(): { readonly executions: number; readonly taskRuns: number };
}

/** How long an executor that leaves goes on passing hints to its heirs, until all who send have heard of it, ms. */
const HANDOVER_MS = 1_500;

/**
 * One executor: it takes hints from its own queue and works on each execution at that execution's desk. Any number of executors
 * run side by side; each looks after some of the partitions, and versions keep it right when two believe that they do.
 */
export function createExecutor(deps: ExecutorDeps): Executor {
  const limits: ExecutorLimits = { ...DEFAULT_LIMITS, ...deps.limits };
  const desks = new Map<string, Desk>();
  const load = createLoader((ids) => deps.store.load(ids));
  let held = 0;
  let consumer: Consumer | undefined;
  const { id, store } = deps;
  const membership = createMembership({
    ...deps,
    announce: () => store.announce({ id, service: 'executor' }, ALIVE_MS),
    leave: () => store.leave(id),
  });

  const deskOf = (executionId: string): Desk => {
    let desk = desks.get(executionId);
    if (desk === undefined) desk = new Desk(executionId, deps, limits, load);
    else desks.delete(executionId);
    // Last used stands last.
    desks.set(executionId, desk);
    return desk;
  };

  const handle = async (hint: ExecutionHint): Promise<void> => {
    if (hint.passedOn !== true) {
      const owner = deps.router.ownerOf(hint.partition);
      if (owner !== undefined && owner !== deps.id) {
        deps.router.send([{ ...hint, passedOn: true }]);
        return;
      }
    }
    const desk = deskOf(hint.executionId);
    await desk.take(hint);
    account(desk);
    evict();
  };

  /** Counts what a desk holds now. One that was put away meanwhile holds nothing any more. */
  const account = (desk: Desk): void => {
    if (desks.get(desk.executionId) !== desk) return;
    if (desk.done) desks.delete(desk.executionId);
    const weight = desk.done ? 0 : desk.weight;
    held += weight - desk.counted;
    desk.counted = weight;
  };

  /** Puts idle executions out of memory, the longest unused first, until the rest fits. */
  const evict = (): void => {
    if (held <= limits.cachedTaskRuns) return;
    for (const [id, desk] of desks) {
      if (held <= limits.cachedTaskRuns) return;
      if (!desk.idle) continue;
      held -= desk.counted;
      desk.counted = 0;
      desks.delete(id);
    }
  };

  return {
    async start() {
      consumer = deps.queue.consume<ExecutionHint>(executorQueue(id), { concurrency: limits.concurrency }, handle);
      await membership.join();
    },
    async stop() {
      await membership.leave();
      const heirs = membership.members().some((member) => member.service === 'executor' && member.id !== id);
      // Steps in hand end here; what comes now is passed on.
      if (heirs) await new Promise<void>((resolve) => deps.clock.after(HANDOVER_MS, resolve));
      consumer?.pause();
      for (const desk of desks.values()) desk.stopped = true;
      await consumer?.stop();
      await Promise.all([...desks.values()].map((desk) => desk.settle()));
      await deps.queue
        .remove(executorQueue(id))
        .catch((error: unknown) => deps.log.warn({ error }, 'the queue of this executor stays behind'));
    },
    size: () => ({ executions: desks.size, taskRuns: held }),
  };
}
