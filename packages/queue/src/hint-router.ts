import { executorQueue, type ExecutionHint } from '@tiercel/contracts';
import { partitionOf, PARTITIONS } from '@tiercel/model';
import type { Queue } from './port.ts';

/** Sends hints to the executor that looks after an execution's partition. */
export interface HintRouter {
  send(hints: readonly Omit<ExecutionHint, 'v' | 'kind' | 'partition'>[]): void;
  /** Tells who lives. Partitions move only as far as they must (rendezvous hashing). */
  setExecutors(ids: readonly string[]): void;
  /** The executor that owns a partition; undefined while none is known. */
  ownerOf(partition: number): string | undefined;
}

const hash = (text: string): number => {
  let h = 0x811c_9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x0100_0193);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b_3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a_2d39);
  return (h ^ (h >>> 15)) >>> 0;
};

/** The owner of each partition among the living executors: computed by everybody alike, stored nowhere. */
export function rendezvous(ids: readonly string[]): readonly (string | undefined)[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => {
    let best: string | undefined;
    let bestScore = -1;
    for (const id of ids) {
      const score = hash(`${id}/${partition}`);
      if (score > bestScore || (score === bestScore && best !== undefined && id < best)) {
        best = id;
        bestScore = score;
      }
    }
    return best;
  });
}

export interface HintRouterOptions {
  /** Those known at the start; hints sent while none is known are dropped, and the reconciler sends them again. */
  readonly executors?: readonly string[];
  /** Of this process; keeps the ids of its looks apart from those of others. */
  readonly instance?: string;
}

export function createHintRouter(queue: Queue, options: HintRouterOptions = {}): HintRouter {
  let known = [...(options.executors ?? [])].toSorted();
  let owners = rendezvous(known);
  let looks = 0;
  /**
   * The inbox row's id for news, the execution's id for a start: a repeat of these is of no use. A plain look is told apart
   * from all others, for one that is in hand has read its rows already. What is owed may wait for the next question.
   */
  const idOf = (hint: ExecutionHint): string => {
    if (hint.events?.[0] !== undefined) return hint.events[0].id;
    if (hint.created !== undefined) return hint.executionId;
    if (hint.resend === true) return `${hint.executionId}-owed`;
    return `${hint.executionId}-${options.instance ?? ''}${(looks++).toString(36)}`;
  };
  return {
    send(hints) {
      const byOwner = new Map<string, { id: string; message: ExecutionHint }[]>();
      for (const hint of hints) {
        const partition = partitionOf(hint.executionId);
        const owner = owners[partition];
        if (owner === undefined) continue;
        const message: ExecutionHint = { v: 1, kind: 'look', partition, ...hint };
        const item = { id: idOf(message), message };
        const items = byOwner.get(owner);
        if (items === undefined) byOwner.set(owner, [item]);
        else items.push(item);
      }
      for (const [owner, items] of byOwner) queue.add(executorQueue(owner), items);
    },
    setExecutors(ids) {
      const next = [...ids].toSorted();
      if (next.length === known.length && next.every((id, i) => id === known[i])) return;
      known = next;
      owners = rendezvous(known);
    },
    ownerOf: (partition) => owners[partition],
  };
}
