import { createdAt, STATES } from '@tiercel/model';
import { anExecution, aReport, aStep, aTaskRun } from '@tiercel/testkit';
import { describe, expect, test } from 'vitest';
import { idsOf, jobOf, kinds, LEASE_MS, loaded, stored, type SubjectOf } from './subject.ts';

/** Claims, renewals, reports and expiry. */
export function leaseContract(subject: SubjectOf): void {
  describe('claim', () => {
    test('grants a job once, and says who is leased', async () => {
      const { store, other } = subject();
      const { execution, runs } = await stored(subject(), [{}]);
      const job = jobOf(execution, runs[0]!);
      expect(await store.claim('w1', [job], LEASE_MS)).toEqual([true]);
      expect(await other.claim('w2', [job], LEASE_MS)).toEqual([false]);
      expect(await store.claim('w1', [job], LEASE_MS)).toEqual([false]);
      expect((await loaded(subject(), execution.id)).leases).toEqual([{ taskRunSeq: 0, dispatch: 1 }]);
    });

    test('a job that stands twice in a batch is granted once', async () => {
      const { execution, runs } = await stored(subject(), [{}, {}]);
      const [a, b] = runs.map((run) => jobOf(execution, run));
      const answers = await subject().store.claim('w1', [a!, b!, a!], LEASE_MS);
      expect(answers[1]).toBe(true);
      expect([answers[0], answers[2]].toSorted()).toEqual([false, true]);
    });

    test('not a job whose result or expiry waits to be applied: a hint that comes late runs nothing again', async () => {
      const { store, advance } = subject();
      const { execution, runs } = await stored(subject(), [{}, {}]);
      const jobs = runs.map((run) => jobOf(execution, run));
      await store.claim('w1', jobs, LEASE_MS);
      await store.report([aReport(execution, runs[0]!)]);
      expect(await store.claim('w2', jobs, LEASE_MS)).toEqual([false, false]);
      await advance(10_000);
      await store.expireLeases(10);
      expect(await store.claim('w2', jobs, LEASE_MS)).toEqual([false, false]);
    });

    test('only a job whose number is in force and whose run may still begin', async () => {
      const states = STATES.map((state) => ({ history: createdAt(1, state), dispatch: 3 }));
      const { execution, runs } = await stored(subject(), states);
      const answers = await subject().store.claim(
        'w1',
        runs.map((run) => jobOf(execution, run)),
        LEASE_MS,
      );
      const granted = STATES.filter((_, i) => answers[i]);
      expect(granted).toEqual(['CREATED', 'RUNNING', 'RESTARTED']);
      const [run] = runs;
      const wrong = [2, 4].map((dispatch) => ({ ...jobOf(execution, run!), dispatch }));
      const absent = [{ ...jobOf(execution, run!), taskRunSeq: 99 }, { ...jobOf(anExecution(), run!) }];
      expect(await subject().store.claim('w1', [...wrong, ...absent], LEASE_MS)).toEqual([false, false, false, false]);
    });

    test('takes over the lease of an older dispatch, whose worker loses it', async () => {
      const { store } = subject();
      const { execution, runs } = await stored(subject(), [{}]);
      const [old] = runs;
      await store.claim('w1', [jobOf(execution, old!)], LEASE_MS);
      const fresh = { ...old!, dispatch: 2 };
      await store.commit([aStep(execution, 1, { taskRuns: [fresh], killLeases: true })]);
      expect(await store.claim('w2', [jobOf(execution, fresh)], LEASE_MS)).toEqual([true]);
      expect((await loaded(subject(), execution.id)).leases).toEqual([{ taskRunSeq: 0, dispatch: 2 }]);
      expect(await store.renew('w1', [jobOf(execution, old!)], LEASE_MS)).toEqual(['lost']);
      expect(await store.renew('w2', [jobOf(execution, fresh)], LEASE_MS)).toEqual(['kept']);
    });
  });

  describe('renew', () => {
    test('keeps a lease alive', async () => {
      const { store, advance } = subject();
      const { execution, runs } = await stored(subject(), [{}, {}]);
      const [kept, left] = runs.map((run) => jobOf(execution, run));
      await store.claim('w1', [kept!, left!], LEASE_MS);
      await advance(6_000);
      expect(await store.renew('w1', [kept!], LEASE_MS)).toEqual(['kept']);
      await advance(4_000);
      expect(idsOf(await store.expireLeases(10))).toEqual([execution.id]);
      const { inbox, leases } = await loaded(subject(), execution.id);
      expect(inbox.map((row) => row.event)).toEqual([{ kind: 'lease-expired', taskRunSeq: 1, dispatch: 1 }]);
      expect(leases).toEqual([{ taskRunSeq: 0, dispatch: 1 }]);
    });

    test('inserts again a lease that was lost', async () => {
      const { execution, runs } = await stored(subject(), [{}]);
      const job = jobOf(execution, runs[0]!);
      expect(await subject().store.renew('w1', [job], LEASE_MS)).toEqual(['kept']);
      expect(await subject().store.claim('w2', [job], LEASE_MS)).toEqual([false]);
    });

    test('does not when another worker has it', async () => {
      const { execution, runs } = await stored(subject(), [{}]);
      const job = jobOf(execution, runs[0]!);
      await subject().store.claim('w2', [job], LEASE_MS);
      expect(await subject().store.renew('w1', [job], LEASE_MS)).toEqual(['lost']);
      expect(await subject().store.renew('w2', [job], LEASE_MS)).toEqual(['kept']);
    });

    test('does not when its expiry or its result waits in the inbox', async () => {
      const { store, advance } = subject();
      const { execution, runs } = await stored(subject(), [{}, {}, {}]);
      const jobs = runs.map((run) => jobOf(execution, run));
      await store.claim('w1', [jobs[0]!, jobs[1]!], LEASE_MS);
      await store.report([aReport(execution, runs[1]!)]);
      await advance(10_000);
      await store.expireLeases(10);
      expect(await store.renew('w1', jobs, LEASE_MS)).toEqual(['lost', 'lost', 'kept']);
    });

    test('does not when the task run has ended or has moved on', async () => {
      const { store } = subject();
      const { execution, runs } = await stored(subject(), [{}, {}, {}, {}]);
      const jobs = runs.map((run) => jobOf(execution, run));
      await store.claim('w1', [jobs[0]!, jobs[1]!], LEASE_MS);
      const moved = (seq: number) => ({ ...runs[seq]!, dispatch: 2 });
      const ended = (seq: number) => aTaskRun(execution, seq, { history: createdAt(1, 'KILLED') });
      await store.commit([aStep(execution, 1, { taskRuns: [moved(0), ended(1), moved(2), ended(3)] })]);
      expect(await store.renew('w1', jobs, LEASE_MS)).toEqual(['lost', 'lost', 'lost', 'lost']);
      expect(await store.renew('w1', [jobOf(anExecution(), runs[0]!)], LEASE_MS)).toEqual(['lost']);
    });

    test('goes on renewing in a state that cannot be claimed', async () => {
      const { store } = subject();
      const { execution, runs } = await stored(subject(), [{}]);
      const job = jobOf(execution, runs[0]!);
      await store.claim('w1', [job], LEASE_MS);
      await store.commit([
        aStep(execution, 1, { taskRuns: [{ ...runs[0]!, history: createdAt(1, 'KILLING') }], killLeases: true }),
      ]);
      expect(await store.renew('w1', [job], LEASE_MS)).toEqual(['kill']);
    });
  });

  describe('report', () => {
    test('a result waits in the inbox and ends the lease; a repeat is ignored', async () => {
      const { store, other } = subject();
      const { execution, runs } = await stored(subject(), [{}]);
      await store.claim('w1', [jobOf(execution, runs[0]!)], LEASE_MS);
      const report = aReport(execution, runs[0]!);
      await store.report([report, report]);
      await other.report([report]);
      const found = await loaded(subject(), execution.id);
      expect(found.inbox).toEqual([{ id: report.inboxId, executionId: execution.id, event: report.event }]);
      expect(found.leases).toEqual([]);
    });

    test('the news that a task has begun does not end its lease', async () => {
      const { store } = subject();
      const { execution, runs } = await stored(subject(), [{}]);
      const job = jobOf(execution, runs[0]!);
      await store.claim('w1', [job], LEASE_MS);
      await store.report([
        aReport(execution, runs[0]!, { event: { kind: 'task-started', taskRunSeq: 0, dispatch: 1, date: 5 } }),
      ]);
      expect(await store.renew('w1', [job], LEASE_MS)).toEqual(['kept']);
      expect(kinds((await loaded(subject(), execution.id)).inbox)).toEqual(['task-started']);
    });

    test('the result of an older dispatch leaves the lease of the newer one', async () => {
      const { store } = subject();
      const { execution, runs } = await stored(subject(), [{ dispatch: 2 }]);
      await store.claim('w2', [jobOf(execution, runs[0]!)], LEASE_MS);
      await store.report([aReport(execution, { ...runs[0]!, dispatch: 1 })]);
      expect((await loaded(subject(), execution.id)).leases).toEqual([{ taskRunSeq: 0, dispatch: 2 }]);
    });

    test('events come in the order in which they were reported', async () => {
      const { store } = subject();
      const { execution, runs } = await stored(subject(), [{}, {}, {}]);
      for (const seq of [2, 0, 1]) await store.report([aReport(execution, runs[seq]!)]);
      const { inbox } = await loaded(subject(), execution.id);
      expect(inbox.map(({ event }) => event.kind === 'task-result' && event.taskRunSeq)).toEqual([2, 0, 1]);
    });

    test("news of an execution that does not exist is nobody's work", async () => {
      const { store, advance } = subject();
      const absent = anExecution();
      await store.report([aReport(absent, aTaskRun(absent))]);
      await advance(10_000);
      expect(await store.claimLooks({ limit: 10, inboxAgeMs: 2_000 })).toEqual([]);
      expect(await store.claimLooks({ limit: 10, inboxAgeMs: 2_000 })).toEqual([]);
    });
  });

  describe('expiry', () => {
    test('not before its time, once, at most as many as asked, the oldest first', async () => {
      const { store, other, advance } = subject();
      const made = await Promise.all([0, 1, 2].map(() => stored(subject(), [{}])));
      for (const { execution, runs } of made) {
        await store.claim('w1', [jobOf(execution, runs[0]!)], LEASE_MS);
        await advance(100);
      }
      await advance(8_500);
      expect(await store.expireLeases(10)).toEqual([]);
      await advance(600);
      const ids = made.map(({ execution }) => execution.id);
      expect(idsOf(await store.expireLeases(2))).toEqual(ids.slice(0, 2).toSorted());
      const both = await Promise.all([store.expireLeases(10), other.expireLeases(10)]);
      expect(both.flat()).toEqual([{ executionId: ids[2], tenant: 'main' }]);
      for (const id of ids) expect(kinds((await loaded(subject(), id)).inbox)).toEqual(['lease-expired']);
    });

    test('an execution with several expired leases is answered once', async () => {
      const { store, advance } = subject();
      const { execution, runs } = await stored(subject(), [{}, {}, {}]);
      await store.claim(
        'w1',
        runs.map((run) => jobOf(execution, run)),
        LEASE_MS,
      );
      await advance(10_000);
      expect(await store.expireLeases(10)).toHaveLength(1);
      expect((await loaded(subject(), execution.id)).inbox).toHaveLength(3);
    });

    test('nothing expires before one lease length after the start of the database', async (context) => {
      const { store, fresh, advance } = subject();
      if (fresh === undefined) return context.skip();
      const { execution, runs } = await stored(subject(), [{}]);
      await store.claim('w1', [jobOf(execution, runs[0]!)], LEASE_MS);
      await advance(9_500);
      expect(await fresh.expireLeases(10)).toEqual([]);
      expect(await store.expireLeases(10)).toHaveLength(1);
    });

    test('all leases of a dead worker at once, and of no other', async () => {
      const { store } = subject();
      const { execution, runs } = await stored(subject(), [{}, {}, {}]);
      const [a, b, c] = runs.map((run) => jobOf(execution, run));
      await store.claim('host1:1', [a!], LEASE_MS);
      await store.claim('host1:2', [b!], LEASE_MS);
      await store.claim('host2:1', [c!], LEASE_MS);
      expect(await store.expireLeasesOf('host1:')).toEqual([{ executionId: execution.id, tenant: execution.tenant }]);
      const found = await loaded(subject(), execution.id);
      expect(kinds(found.inbox)).toEqual(['lease-expired', 'lease-expired']);
      expect(found.leases).toEqual([{ taskRunSeq: 2, dispatch: 1 }]);
      expect(await store.expireLeasesOf('host%')).toEqual([]);
    });
  });
}
