import { createdAt, newId, taskRunIdOf } from '@tiercel/model';
import { aLog, aMetric, anExecution, aReport, aStep, aTaskRun, inState } from '@tiercel/testkit';
import { describe, expect, test } from 'vitest';
import { jobOf, kinds, LEASE_MS, loaded, stored, type SubjectOf } from './subject.ts';

/** Steps: what they write, and that they write all of it or nothing. */
export function commitContract(subject: SubjectOf): void {
  describe('commit', () => {
    test('writes what changes in the life of an execution, and the version goes up by one', async () => {
      const { store } = subject();
      const { execution } = await stored(subject());
      const running = {
        ...inState(execution, 'RUNNING'),
        outputs: { o: [1] },
        labels: [{ key: 'k', value: 'v' }],
        attemptNumber: 2,
      };
      expect(await store.commit([aStep(running, 0)])).toEqual(['committed']);
      expect(await loaded(subject(), execution.id)).toMatchObject({ execution: running, version: 1 });
      const { outputs: _, ...without } = running;
      expect(await store.commit([aStep(without, 1)])).toEqual(['committed']);
      expect((await loaded(subject(), execution.id)).execution).toEqual(without);
    });

    test('of another version is a conflict and writes nothing', async () => {
      const { store, logs } = subject();
      const { execution } = await stored(subject(), [{}]);
      const step = aStep(inState(execution, 'RUNNING'), 0, {
        taskRuns: [aTaskRun(execution, 1)],
        removedTaskRuns: [0],
        logs: [aLog(execution, undefined)],
        wakeUps: [{ id: newId(Date.now()), dueAt: 0, wakeUp: { kind: 'start' } }],
      });
      for (const version of [0, 2, 99]) expect(await store.commit([{ ...step, version }])).toEqual(['conflict']);
      expect(await loaded(subject(), execution.id)).toMatchObject({
        version: 1,
        execution: { history: execution.history },
        taskRuns: [{ seq: 0 }],
      });
      expect(await logs(execution.id)).toEqual([]);
      expect(await store.dueWakeUps(5_000, 10)).toEqual([]);
      expect(await store.commit([aStep(anExecution(), 0)])).toEqual(['conflict']);
    });

    test('deletes what was applied; when one of it is gone it is a conflict and the rest stays', async () => {
      const { store } = subject();
      const { execution, runs } = await stored(subject(), [{}, {}]);
      await store.report(runs.map((run) => aReport(execution, run)));
      const ids = (await loaded(subject(), execution.id)).inbox.map((row) => row.id);
      expect(ids).toHaveLength(2);
      expect(await store.commit([aStep(execution, 1, { applied: [ids[0]!] })])).toEqual(['committed']);
      expect(await store.commit([aStep(execution, 2, { applied: ids })])).toEqual(['conflict']);
      expect(await loaded(subject(), execution.id)).toMatchObject({ version: 2, inbox: [{ id: ids[1] }] });
    });

    test('in a batch some conflict and the others commit', async () => {
      const made = await Promise.all([1, 2, 3, 4].map(() => stored(subject())));
      const steps = made.map(({ execution }, i) =>
        aStep(execution, i === 1 ? 5 : 0, {
          applied: i === 2 ? [newId(Date.now())] : [],
          taskRuns: [aTaskRun(execution, 0)],
        }),
      );
      expect(await subject().store.commit(steps)).toEqual(['committed', 'conflict', 'conflict', 'committed']);
      const counts = (await Promise.all(made.map(({ execution }) => loaded(subject(), execution.id)))).map(
        (one) => one.taskRuns.length,
      );
      expect(counts).toEqual([1, 0, 0, 1]);
    });

    test('two steps of one execution, in a batch or from two calls at once, never both commit', async () => {
      const { store } = subject();
      const { execution } = await stored(subject());
      const steps = [aStep({ ...execution, attemptNumber: 2 }, 0), aStep({ ...execution, attemptNumber: 3 }, 0)];
      const outcomes = await store.commit(steps);
      expect(outcomes.toSorted()).toEqual(['committed', 'conflict']);
      expect(await loaded(subject(), execution.id)).toMatchObject({
        version: 1,
        execution: { attemptNumber: outcomes[0] === 'committed' ? 2 : 3 },
      });
      const calls = await Promise.all(
        [2, 3, 4].map((attemptNumber) => store.commit([aStep({ ...execution, attemptNumber }, 1)])),
      );
      expect(calls.flat().toSorted()).toEqual(['committed', 'conflict', 'conflict']);
    });

    test('task runs are inserted, updated and removed', async () => {
      const { store } = subject();
      const execution = anExecution();
      await store.create([{ execution }]);
      const full = aTaskRun(execution, 0, {
        parent: 3,
        value: 'ü"',
        item: 7,
        branch: 'errors',
        workerGroup: 'gpu',
        outputs: { a: { b: null } },
        plan: { values: ['x'] },
        attempts: [{ history: createdAt(1) }],
      });
      const minimal = aTaskRun(execution, 1);
      await store.commit([aStep(execution, 0, { taskRuns: [full, minimal] })]);
      expect((await loaded(subject(), execution.id)).taskRuns).toEqual([full, minimal]);
      const { outputs: _, plan: __, workerGroup: ___, ...smaller } = full;
      const later = {
        ...smaller,
        dispatch: 5,
        sent: false,
        attempts: [],
        history: [...full.history, { state: 'RUNNING', date: 9 }],
      } as const;
      await store.commit([aStep(execution, 1, { taskRuns: [later, aTaskRun(execution, 2)], removedTaskRuns: [1, 9] })]);
      expect((await loaded(subject(), execution.id)).taskRuns).toEqual([later, aTaskRun(execution, 2)]);
    });

    test('logs and metrics are written once, by their keys', async () => {
      const { store, logs, metrics } = subject();
      const { execution, runs } = await stored(subject(), [{}]);
      const lines = [aLog(execution, runs[0], 0), aLog(execution, runs[0], 1), aLog(execution, undefined, 0)];
      const measures = [aMetric(execution, runs[0]!, 0, { value: 1.5, tags: { a: 'b' } })];
      await store.commit([aStep(execution, 1, { logs: lines, metrics: measures })]);
      await store.commit([aStep(execution, 2, { logs: [{ ...lines[0]!, message: 'again' }], metrics: measures })]);
      await store.appendLogs(
        [{ ...lines[1]!, message: 'again' }, aLog(execution, runs[0], 2)],
        [aMetric(execution, runs[0]!, 1)],
      );
      await store.report([
        aReport(execution, runs[0]!, { logs: [aLog(execution, runs[0], 3), lines[0]!], metrics: measures }),
      ]);
      const found = (await logs(execution.id)).map(
        (log) => `${log.taskRunSeq}.${log.dispatch}.${log.number} ${log.message}`,
      );
      expect(found.toSorted()).toEqual([
        '-1.0.0 line 0',
        '0.1.0 line 0',
        '0.1.1 line 1',
        '0.1.2 line 2',
        '0.1.3 line 3',
      ]);
      expect((await metrics(execution.id)).map((metric) => metric.value).toSorted()).toEqual([1, 1.5]);
    });

    test('wake-ups are written once, by their ids', async () => {
      const { store } = subject();
      const { execution } = await stored(subject());
      const now = await store.clock();
      const wakeUp = { kind: 'retry', taskRunSeq: 0, dispatch: 1 } as const;
      const id = taskRunIdOf(execution.id, 77);
      await store.commit([aStep(execution, 0, { wakeUps: [{ id, dueAt: now + 1_000, wakeUp }] })]);
      await store.commit([aStep(execution, 1, { wakeUps: [{ id, dueAt: now + 99_000, wakeUp: { kind: 'start' } }] })]);
      const [due] = await store.dueWakeUps(2_000, 10);
      expect(due).toMatchObject({ id });
      expect(due!.inMs).toBeLessThanOrEqual(1_000);
    });

    test('operations are resolved once, with their reason', async () => {
      const { store, operation } = subject();
      const { execution } = await stored(subject());
      const ids = [newId(Date.now()), newId(Date.now())];
      await store.request(
        ids.map((id) => ({ id, tenant: execution.tenant, executionId: execution.id, operation: { kind: 'restart' } })),
      );
      await store.commit([
        aStep(execution, 0, {
          operations: [
            { id: ids[0]!, outcome: 'applied' },
            { id: ids[1]!, outcome: 'refused', reason: 'no' },
          ],
        }),
      ]);
      expect(await operation(ids[0]!)).toMatchObject({ outcome: 'applied' });
      expect(await operation(ids[1]!)).toMatchObject({ outcome: 'refused', reason: 'no' });
      await store.commit([aStep(execution, 1, { operations: [{ id: ids[0]!, outcome: 'refused', reason: 'late' }] })]);
      expect(await operation(ids[0]!)).toMatchObject({ outcome: 'applied' });
    });

    test('pushes what is owed, or clears it', async () => {
      const { store, advance } = subject();
      const { execution } = await stored(subject());
      const look = () => store.claimLooks({ limit: 10, inboxAgeMs: 2_000 });
      await advance(4_000);
      await store.commit([aStep(execution, 0, { owes: true })]);
      await advance(4_000);
      expect(await look()).toEqual([]);
      await advance(1_100);
      expect(await look()).toHaveLength(1);
      await store.commit([aStep(execution, 1, { owes: false })]);
      await advance(600_000);
      expect(await look()).toEqual([]);
    });

    test('tells workers at their next renewal to kill what they run of it', async () => {
      const { store } = subject();
      const { execution, runs } = await stored(subject(), [{}, {}]);
      const jobs = runs.map((run) => jobOf(execution, run));
      await store.claim('w1', [jobs[0]!], LEASE_MS);
      await store.commit([aStep(inState(execution, 'KILLING'), 1, { killLeases: true })]);
      expect(await store.renew('w1', [jobs[0]!], LEASE_MS)).toEqual(['kill']);
      // Claimed after that: not told.
      await store.claim('w1', [jobs[1]!], LEASE_MS);
      expect(await store.renew('w1', [jobs[1]!], LEASE_MS)).toEqual(['kept']);
    });

    test('an ended execution can be started again', async () => {
      const { store } = subject();
      const { execution } = await stored(subject());
      const ended = inState(inState(execution, 'RUNNING'), 'FAILED');
      expect(await store.commit([aStep(ended, 0, { owes: false })])).toEqual(['committed']);
      const again = inState(ended, 'RESTARTED');
      expect(await store.commit([aStep(again, 1)])).toEqual(['committed']);
      expect(await store.commit([aStep(inState(again, 'SUCCESS'), 2, { owes: false })])).toEqual(['committed']);
      expect((await loaded(subject(), execution.id)).execution.history.at(-1)?.state).toBe('SUCCESS');
    });

    test('texts with NUL and halves of surrogate pairs survive, replaced', async () => {
      const { store, logs } = subject();
      const { execution } = await stored(subject());
      const bad = 'a\u0000b\ud800c\udc00d\\u0000 🦅';
      const good = 'a\uFFFDb\uFFFDc\uFFFDd\\u0000 🦅';
      const run = aTaskRun(execution, 0, { value: bad, outputs: { text: bad, [`key ${bad}`]: [bad] } });
      const step = aStep({ ...execution, labels: [{ key: 'k', value: bad }] }, 0, {
        taskRuns: [run],
        logs: [aLog(execution, undefined, 0, { message: bad })],
      });
      expect(await store.commit([step])).toEqual(['committed']);
      await store.appendLogs([aLog(execution, undefined, 1, { message: bad })], []);
      await store.report([
        aReport(execution, run, {
          event: {
            kind: 'task-result',
            taskRunSeq: 0,
            dispatch: 1,
            result: { state: 'FAILED', started: 1, ended: 2, error: bad },
          },
        }),
      ]);
      const found = await loaded(subject(), execution.id);
      expect(found.execution.labels).toEqual([{ key: 'k', value: good }]);
      expect(found.taskRuns[0]).toMatchObject({ value: good, outputs: { text: good, [`key ${good}`]: [good] } });
      expect(found.inbox[0]!.event).toMatchObject({ result: { error: good } });
      expect((await logs(execution.id)).map((log) => log.message)).toEqual([good, good]);
    });

    test('what can never be written fails alone, the others of the batch succeed', async () => {
      const { store } = subject();
      const made = await Promise.all(Array.from({ length: 7 }, () => stored(subject())));
      const steps = made.map(({ execution }, i) =>
        aStep(execution, 0, { taskRuns: [aTaskRun(execution, 0, i === 4 ? { dispatch: 2 ** 40 } : {})] }),
      );
      const outcomes = await Promise.allSettled(steps.map((step) => store.commit([step])));
      outcomes.forEach((outcome, i) =>
        expect(outcome).toMatchObject(
          i === 4
            ? { status: 'rejected', reason: { code: 'bad-data' } }
            : { status: 'fulfilled', value: ['committed'] },
        ),
      );
      expect(await loaded(subject(), made[4]!.execution.id)).toMatchObject({ version: 0, taskRuns: [] });

      const [one, two] = [anExecution(), anExecution()];
      const created = await Promise.allSettled([
        store.create([{ execution: one }]),
        store.create([{ execution: { ...two, id: 'no id' } }]),
      ]);
      expect(created.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected']);
      expect(await store.load([one.id])).toHaveLength(1);

      // All in one call: the good ones are done, and the caller is told.
      const { execution } = await stored(subject(), [{}, {}]);
      const reports = (await loaded(subject(), execution.id)).taskRuns.map((run) => aReport(execution, run));
      await expect(store.report([reports[0]!, { ...reports[1]!, inboxId: 'no id' }])).rejects.toMatchObject({
        code: 'bad-data',
      });
      expect(kinds((await loaded(subject(), execution.id)).inbox)).toEqual(['task-result']);
    });
  });
}
