import { partitionOf, taskRunIdOf } from '@tiercel/model';
import { aStep } from '@tiercel/testkit';
import { describe, expect, test } from 'vitest';
import { idsOf, kinds, loaded, stored, type Subject, type SubjectOf } from './subject.ts';

const LOOK = { limit: 100, inboxAgeMs: 2_000 };

/** Wake-ups, the reconciler's looks, and who is alive. */
export function lookContract(subject: SubjectOf): void {
  const manyStored = async (count: number) => Promise.all(Array.from({ length: count }, () => stored(subject())));

  describe('looks', () => {
    test('come after 5 s, then after 10, 20, 40 and at most 60; a step begins anew', async () => {
      const { store, advance } = subject();
      const { execution } = await stored(subject());
      const nextLookAfter = async (seconds: number): Promise<void> => {
        await advance(seconds * 1_000 - 500);
        expect(await store.claimLooks(LOOK)).toEqual([]);
        await advance(600);
        expect(await store.claimLooks(LOOK)).toEqual([{ executionId: execution.id, tenant: execution.tenant }]);
      };
      for (const seconds of [5, 10, 20, 40, 60, 60]) await nextLookAfter(seconds);
      await store.commit([aStep(execution, 0)]);
      for (const seconds of [5, 10]) await nextLookAfter(seconds);
    });

    test('each is claimed by one of several replicas, at most as many as asked, the longest due first', async () => {
      const { store, other, advance } = subject();
      const early = await manyStored(3);
      await advance(1_000);
      const late = await manyStored(3);
      await advance(10_000);
      const first = await store.claimLooks({ ...LOOK, limit: 3 });
      expect(idsOf(first)).toEqual(early.map(({ execution }) => execution.id).toSorted());
      const rest = await Promise.all([store.claimLooks(LOOK), other.claimLooks(LOOK)]);
      expect(idsOf(rest.flat())).toEqual(late.map(({ execution }) => execution.id).toSorted());
    });

    test('all that is owed, due or not, page by page in order of ids', async () => {
      const { store } = subject();
      const made = await manyStored(5);
      await store.commit([aStep(made[2]!.execution, 0, { owes: false })]);
      const expected = made
        .filter((_, i) => i !== 2)
        .map(({ execution }) => execution.id)
        .toSorted();
      const seen: string[] = [];
      for (let after: string | undefined; ;) {
        const page = await store.claimAllLooks(after, 2);
        expect(page.length).toBeLessThanOrEqual(2);
        if (page.length === 0) break;
        seen.push(...page.map((look) => look.executionId));
        after = seen.at(-1);
      }
      expect(seen).toEqual(expected);
    });

    test('of some partitions only: those that have lost their executor', async () => {
      const { store } = subject();
      const made = (await manyStored(6)).map(({ execution }) => execution.id);
      const partitions = [partitionOf(made[0]!), partitionOf(made[3]!)];
      const expected = made.filter((id) => partitions.includes(partitionOf(id))).toSorted();
      expect(idsOf(await store.claimAllLooks(undefined, 10, partitions))).toEqual(expected);
      expect(await store.claimAllLooks(undefined, 10, [])).toEqual([]);
    });

    test('looking at all pushes the next look forward', async () => {
      const { store, advance } = subject();
      await manyStored(1);
      await advance(6_000);
      expect(await store.claimAllLooks(undefined, 10)).toHaveLength(1);
      expect(await store.claimLooks(LOOK)).toEqual([]);
    });
  });

  describe('wake-ups', () => {
    const withWakeUps = async (
      delays: readonly number[],
    ): Promise<{ readonly id: string; readonly ids: readonly string[] }> => {
      const { store } = subject();
      const { execution } = await stored(subject());
      const now = await store.clock();
      const ids = delays.map((_, i) => taskRunIdOf(execution.id, 100 + i));
      const wakeUps = delays.map((delay, i) => ({
        id: ids[i]!,
        dueAt: now + delay,
        wakeUp: { kind: 'retry', taskRunSeq: i, dispatch: 1 } as const,
      }));
      await store.commit([aStep(execution, 0, { wakeUps })]);
      return { id: execution.id, ids };
    };

    test('due ones are answered by time, with how long until each', async () => {
      const { store } = subject();
      const { ids } = await withWakeUps([4_000, -2_000, 1_000, 60_000]);
      const due = await store.dueWakeUps(5_000, 10);
      expect(due.map((one) => one.id)).toEqual([ids[1], ids[2], ids[0]]);
      expect(due[0]!.inMs).toBeLessThanOrEqual(0);
      expect(due[2]!.inMs).toBeGreaterThan(1_000);
      expect(due[2]!.inMs).toBeLessThanOrEqual(4_000);
      expect(await store.dueWakeUps(5_000, 2)).toHaveLength(2);
    });

    test('fire when they are due, once', async () => {
      const { store, advance } = subject();
      const { id, ids } = await withWakeUps([1_000, 2_000]);
      expect(await store.fireWakeUps(ids)).toEqual([]);
      await advance(1_500);
      expect(await store.fireWakeUps([...ids, taskRunIdOf(id, 999)])).toEqual([{ executionId: id, tenant: 'main' }]);
      expect(await store.fireWakeUps(ids)).toEqual([]);
      expect((await loaded(subject(), id)).inbox).toEqual([
        {
          id: ids[0],
          executionId: id,
          event: { kind: 'wake-up', wakeUp: { kind: 'retry', taskRunSeq: 0, dispatch: 1 } },
        },
      ]);
      expect((await store.dueWakeUps(60_000, 10)).map((one) => one.id)).toEqual([ids[1]]);
    });

    test('two that fire the same ones at once fire each once', async () => {
      const { store, other } = subject();
      const { id, ids } = await withWakeUps(Array.from({ length: 20 }, () => -1));
      await Promise.all([store.fireWakeUps(ids), other.fireWakeUps(ids.toReversed()), store.fireWakeUps(ids)]);
      const { inbox } = await loaded(subject(), id);
      expect(inbox.map((row) => row.id).toSorted()).toEqual(ids.toSorted());
      expect(new Set(kinds(inbox))).toEqual(new Set(['wake-up']));
    });
  });

  describe('members', () => {
    const names = (members: Awaited<ReturnType<Subject['store']['announce']>>): string[] =>
      members.map((one) => one.id).toSorted();

    test('who announces itself is known until it leaves or is not seen for too long', async () => {
      const { store, advance } = subject();
      expect(await store.announce({ id: 'e1', service: 'executor' }, 5_000)).toEqual([
        { id: 'e1', service: 'executor' },
      ]);
      expect(names(await store.announce({ id: 'w1', service: 'worker', workerGroup: 'gpu' }, 5_000))).toEqual([
        'e1',
        'w1',
      ]);
      await advance(3_000);
      expect(await store.announce({ id: 'e1', service: 'executor' }, 5_000)).toContainEqual({
        id: 'w1',
        service: 'worker',
        workerGroup: 'gpu',
      });
      await advance(3_000);
      expect(names(await store.announce({ id: 'e2', service: 'executor' }, 5_000))).toEqual(['e1', 'e2']);
      expect((await store.deadMembers(5_000)).map((one) => one.id)).toEqual(['w1']);
      await store.leave('w1');
      expect(await store.deadMembers(5_000)).toEqual([]);
      await store.leave('e1');
      await store.leave('unknown');
      expect(names(await store.announce({ id: 'e2', service: 'executor' }, 5_000))).toEqual(['e2']);
    });
  });
}
