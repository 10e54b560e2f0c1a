import { createdAt, newId } from '@tiercel/model';
import { anExecution, aStep, aTaskRun } from '@tiercel/testkit';
import { describe, expect, test } from 'vitest';
import { idsOf, kinds, loaded, stored, type SubjectOf } from './subject.ts';

/** Birth of executions, reading them, and asking something of them. */
export function createContract(subject: SubjectOf): void {
  describe('create and load', () => {
    test('an execution comes back as it was given', async () => {
      const plain = anExecution();
      const now = Date.now();
      const full = anExecution({
        inputs: { text: 'grüße 🦅', list: [1, null, { deep: true }], zero: 0 },
        outputs: { copied: true },
        labels: [{ key: 'a:b', value: '"' }],
        variables: { v: [] },
        trigger: { id: 't', type: 'io.x', variables: { executionId: plain.id } },
        parentId: plain.id,
        originalId: plain.id,
        attemptNumber: 2,
        scheduleDate: now + 1,
        history: createdAt(now),
      });
      expect(
        await subject().store.create([{ execution: plain }, { execution: full, triggerExecutionId: plain.id }]),
      ).toEqual([{ kind: 'created' }, { kind: 'created' }]);
      expect(await loaded(subject(), plain.id)).toEqual({
        execution: plain,
        version: 0,
        taskRuns: [],
        inbox: [],
        leases: [],
      });
      expect((await loaded(subject(), full.id)).execution).toEqual(full);
    });

    test('nothing is nothing', async () => {
      const { store } = subject();
      expect(await store.create([])).toEqual([]);
      expect(await store.load([])).toEqual([]);
      expect(await store.commit([])).toEqual([]);
      expect(await store.claim('w', [], 1_000)).toEqual([]);
      expect(await store.renew('w', [], 1_000)).toEqual([]);
      expect(await store.request([])).toEqual([]);
      expect(await store.fireWakeUps([])).toEqual([]);
      await store.report([]);
      await store.appendLogs([], []);
    });

    test('unknown ids are left out of a load; an id that stands twice is answered once', async () => {
      const { execution } = await stored(subject());
      const found = await subject().store.load([execution.id, newId(Date.now()), execution.id]);
      expect(found.map((one) => one.execution.id)).toEqual([execution.id]);
    });

    test('a repeat by id is answered with what there is, and changes nothing', async () => {
      const execution = anExecution({ inputs: { n: 1 } });
      const twice = await subject().store.create([{ execution }, { execution: { ...execution, inputs: { n: 2 } } }]);
      expect(twice).toEqual([{ kind: 'created' }, { kind: 'exists', executionId: execution.id }]);
      expect(await subject().other.create([{ execution: { ...execution, inputs: { n: 3 } } }])).toEqual([
        { kind: 'exists', executionId: execution.id },
      ]);
      expect((await loaded(subject(), execution.id)).execution.inputs).toEqual({ n: 1 });
    });

    test('a repeated delivery is answered with the first execution, until its memory expires', async () => {
      const { store, other, advance } = subject();
      const [first, second, third, elsewhere] = [
        anExecution(),
        anExecution(),
        anExecution(),
        anExecution({ tenant: 'other' }),
      ];
      const delivery = { key: 'd1', ttlMs: 60_000 };
      expect(await store.create([{ execution: first, delivery }])).toEqual([{ kind: 'created' }]);
      const repeat = [{ kind: 'exists', executionId: first.id }];
      expect(await store.create([{ execution: second, delivery }])).toEqual(repeat);
      expect(await other.create([{ execution: first, delivery }])).toEqual(repeat);
      expect(await other.create([{ execution: elsewhere, delivery }])).toEqual([{ kind: 'created' }]);
      expect(await store.load([second.id])).toEqual([]);
      await advance(60_001);
      expect(await store.create([{ execution: third, delivery }])).toEqual([{ kind: 'created' }]);
      expect(await store.create([{ execution: second, delivery }])).toEqual([
        { kind: 'exists', executionId: third.id },
      ]);
    });

    test('the same delivery twice in one batch makes one execution', async () => {
      const [one, two] = [anExecution(), anExecution()];
      const delivery = { key: 'd2', ttlMs: 60_000 };
      const answers = await subject().store.create([
        { execution: one, delivery },
        { execution: two, delivery },
        { execution: anExecution() },
      ]);
      // Which of the two comes first is open.
      const [winner, repeat] = answers[0]!.kind === 'created' ? [one, answers[1]] : [two, answers[0]];
      expect(repeat).toEqual({ kind: 'exists', executionId: winner.id });
      expect(answers[2]).toEqual({ kind: 'created' });
      expect((await subject().store.load([one.id, two.id])).map((found) => found.execution.id)).toEqual([winner.id]);
    });

    test('the same delivery at two doors at once makes one execution', async () => {
      const { store, other } = subject();
      for (let round = 0; round < 5; round++) {
        const [one, two] = [anExecution(), anExecution()];
        const delivery = { key: `door ${round}`, ttlMs: 60_000 };
        const answers = await Promise.all([
          store.create([{ execution: one, delivery }]),
          other.create([{ execution: two, delivery }]),
        ]);
        const made = answers.flat().filter((answer) => answer.kind === 'created');
        expect(made).toHaveLength(1);
        expect(await store.load([one.id, two.id])).toHaveLength(1);
      }
    });

    test('a delayed start owes nothing and has a wake-up of its own', async () => {
      const { store, advance } = subject();
      const execution = anExecution();
      const startAt = (await store.clock()) + 60_000;
      await store.create([{ execution, startAt }]);
      await advance(30_000);
      expect(await store.claimLooks({ limit: 10, inboxAgeMs: 2_000 })).toEqual([]);
      expect(await store.dueWakeUps(5_000, 10)).toEqual([]);
      await advance(30_000);
      expect(await store.fireWakeUps([execution.id])).toEqual([
        { executionId: execution.id, tenant: execution.tenant },
      ]);
      expect((await loaded(subject(), execution.id)).inbox).toEqual([
        { id: execution.id, executionId: execution.id, event: { kind: 'wake-up', wakeUp: { kind: 'start' } } },
      ]);
    });

    test('task runs come in order of their numbers', async () => {
      const execution = anExecution();
      await subject().store.create([{ execution }]);
      const taskRuns = [2, 0, 1].map((seq) => aTaskRun(execution, seq));
      await subject().store.commit([aStep(execution, 0, { taskRuns })]);
      expect((await loaded(subject(), execution.id)).taskRuns.map((run) => run.seq)).toEqual([0, 1, 2]);
    });

    test('what a caller changes afterwards does not change what is stored', async () => {
      const labels = [{ key: 'a', value: 'b' }];
      const execution = anExecution({ labels });
      await subject().store.create([{ execution }]);
      const attempt = (work: () => void): void => {
        try {
          work();
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
        }
      };
      attempt(() => void labels.push({ key: 'c', value: 'd' }));
      const first = await loaded(subject(), execution.id);
      attempt(() => void (first.execution.labels as unknown[]).push('x'));
      attempt(() => void ((first.execution as { flowId: string }).flowId = 'changed'));
      (first.taskRuns as unknown[]).push('x');
      const again = await loaded(subject(), execution.id);
      expect(again).toMatchObject({
        execution: { labels: [{ key: 'a', value: 'b' }], flowId: 'a-flow' },
        taskRuns: [],
      });
    });
  });

  describe('request', () => {
    test('an operation waits in the inbox, and is refused for an execution that does not exist', async () => {
      const { store, operation } = subject();
      const { execution } = await stored(subject());
      const [id, absent] = [newId(Date.now()), newId(Date.now())];
      const base = { tenant: execution.tenant, operation: { kind: 'kill', cascade: false } } as const;
      expect(
        await store.request([
          { ...base, id, executionId: execution.id },
          { ...base, id: absent, executionId: newId(Date.now()) },
          { ...base, id: newId(Date.now()), executionId: execution.id, tenant: 'other' },
        ]),
      ).toEqual([true, false, false]);
      expect((await loaded(subject(), execution.id)).inbox.map((row) => row.event)).toEqual([
        { kind: 'operation', operationId: id, operation: base.operation },
      ]);
      expect(await operation(id)).toMatchObject({ outcome: 'pending' });
      expect(await operation(absent)).toBeUndefined();
    });

    test('a repeat, in the same batch, later, or after it was applied, is ignored', async () => {
      const { store } = subject();
      const { execution } = await stored(subject());
      const item = {
        id: newId(Date.now()),
        tenant: execution.tenant,
        executionId: execution.id,
        operation: { kind: 'pause' },
      } as const;
      expect(await store.request([item, item])).toEqual([true, true]);
      expect(await subject().other.request([item])).toEqual([true]);
      const { inbox } = await loaded(subject(), execution.id);
      expect(kinds(inbox)).toEqual(['operation']);
      await store.commit([
        aStep(execution, 0, { applied: inbox.map((row) => row.id), operations: [{ id: item.id, outcome: 'applied' }] }),
      ]);
      expect(await store.request([item])).toEqual([true]);
      expect((await loaded(subject(), execution.id)).inbox).toEqual([]);
    });

    test('what has waited too long in an inbox is looked at', async () => {
      const { store, advance } = subject();
      const { execution } = await stored(subject(), [{}], { owes: false });
      const base = { tenant: execution.tenant, executionId: execution.id, operation: { kind: 'pause' } } as const;
      await store.request([
        { ...base, id: newId(Date.now()) },
        { ...base, id: newId(Date.now()) },
      ]);
      expect(await store.claimLooks({ limit: 10, inboxAgeMs: 2_000 })).toEqual([]);
      await advance(2_100);
      const looks = await store.claimLooks({ limit: 10, inboxAgeMs: 2_000 });
      expect(idsOf(looks)).toEqual([execution.id]);
      expect(idsOf(await store.claimLooks({ limit: 10, inboxAgeMs: 2_000 }))).toEqual([execution.id]);
    });
  });
}
