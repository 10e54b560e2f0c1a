import { anExecution, aReport, aStep, createRandom, inState } from '@tiercel/testkit';
import { describe, expect, test } from 'vitest';
import { jobOf, LEASE_MS, loaded, stored, type SubjectOf } from './subject.ts';

const ROUNDS = 10;

/** What happens at the same moment in several processes. */
export function raceContract(subject: SubjectOf): void {
  describe('races', () => {
    test('of concurrent steps of one execution exactly one wins', async () => {
      const { store, other } = subject();
      const { execution } = await stored(subject());
      for (let version = 0; version < ROUNDS; version++) {
        const steps = [2, 3, 4, 5].map((attemptNumber) => aStep({ ...execution, attemptNumber }, version));
        const outcomes = await Promise.all(
          steps.map(async (step, i) => (await (i % 2 === 0 ? store : other).commit([step]))[0]),
        );
        expect(outcomes.filter((outcome) => outcome === 'committed')).toHaveLength(1);
        const found = await loaded(subject(), execution.id);
        expect(found.version).toBe(version + 1);
        expect(found.execution.attemptNumber).toBe(outcomes.indexOf('committed') + 2);
      }
    });

    test('steps of many executions in any order and grouping: each version is written once', async () => {
      const random = createRandom(1);
      const { store, other } = subject();
      const executions = (await Promise.all(Array.from({ length: 12 }, () => stored(subject())))).map(
        ({ execution }) => execution,
      );
      for (let version = 0; version < 5; version++) {
        const batches = [store, other, store].map((one) =>
          one.commit(random.shuffle(executions).map((execution) => aStep(execution, version))),
        );
        const committed = (await Promise.all(batches)).flat().filter((outcome) => outcome === 'committed');
        expect(committed).toHaveLength(executions.length);
      }
      const found = await store.load(executions.map((execution) => execution.id));
      expect(found.map((one) => one.version)).toEqual(executions.map(() => 5));
    });

    test('of concurrent claims of one job exactly one is granted', async () => {
      const { store, other } = subject();
      const { execution, runs } = await stored(
        subject(),
        Array.from({ length: ROUNDS }, () => ({})),
      );
      const jobs = runs.map((run) => jobOf(execution, run));
      const answers = await Promise.all([
        store.claim('w1', jobs, LEASE_MS),
        other.claim('w2', jobs.toReversed(), LEASE_MS),
        store.claim('w3', jobs, LEASE_MS),
      ]);
      const granted = jobs.map(
        (_, i) => [answers[0][i], answers[1][ROUNDS - 1 - i], answers[2][i]].filter(Boolean).length,
      );
      expect(granted).toEqual(jobs.map(() => 1));
    });

    test('of concurrent creations of one execution exactly one is the first', async () => {
      const { store, other } = subject();
      const rows = Array.from({ length: 6 }, () => ({ execution: anExecution() }));
      const answers = await Promise.all([store.create(rows), other.create(rows.toReversed()), store.create(rows)]);
      expect(answers.flat().filter((answer) => answer.kind === 'created')).toHaveLength(rows.length);
    });

    test('an event is applied once, whoever takes it', async () => {
      const { store, other } = subject();
      const { execution, runs } = await stored(subject(), [{}]);
      await store.report([aReport(execution, runs[0]!)]);
      const [a, b] = await Promise.all([
        loaded(subject(), execution.id),
        loaded({ ...subject(), store: other }, execution.id),
      ]);
      const step = (found: typeof a) =>
        aStep(inState(found.execution, 'RUNNING'), found.version, { applied: found.inbox.map((row) => row.id) });
      const outcomes = await Promise.all([store.commit([step(a)]), other.commit([step(b)])]);
      expect(outcomes.flat().toSorted()).toEqual(['committed', 'conflict']);
      expect((await loaded(subject(), execution.id)).inbox).toEqual([]);
    });

    test('a lease is ended either by its expiry or by its result, and the result is never lost', async () => {
      const { store, other, advance } = subject();
      const { execution, runs } = await stored(
        subject(),
        Array.from({ length: ROUNDS }, () => ({})),
      );
      await store.claim(
        'w1',
        runs.map((run) => jobOf(execution, run)),
        LEASE_MS,
      );
      await advance(10_000);
      await Promise.all([
        store.report(runs.map((run) => aReport(execution, run))),
        other.expireLeases(5),
        other.expireLeases(5),
      ]);
      const found = await loaded(subject(), execution.id);
      expect(found.inbox.filter(({ event }) => event.kind === 'task-result')).toHaveLength(ROUNDS);
      const rest = await store.expireLeases(100);
      expect((await loaded(subject(), execution.id)).leases).toEqual([]);
      expect(rest.length).toBeLessThanOrEqual(1);
    });
  });
}
