import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTerminal, type ExecutionEvent, type Operation, type Task } from '@tiercel/model';
import {
  Driver,
  flowOf,
  forEach,
  ifTask,
  illegalExecution,
  illegalTaskRun,
  inline,
  sequential,
  worker,
  type DriverOptions,
} from './testing/index.ts';

/** Flows of any shape, up to a handful of tasks; ids are made unique afterwards. */
const shapes = fc.letrec<{ task: Task; list: Task[] }>((tie) => ({
  task: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc
      .record({ lane: fc.boolean(), allowFailure: fc.boolean(), disabled: fc.boolean(), skip: fc.boolean() })
      .map(({ lane, skip, ...p }) =>
        (lane ? worker : inline)('t', {
          ...(p.allowFailure && { allowFailure: true }),
          ...(p.disabled && { disabled: true }),
          ...(skip && { runIf: 'false' }),
        }),
      ),
    fc.tuple(tie('list'), tie('list')).map(([tasks, errors]) => sequential('s', tasks, { errors })),
    fc
      .tuple(fc.boolean(), tie('list'), tie('list'))
      .map(([holds, then, other]) => ifTask('i', holds, then, { else: other })),
    fc
      .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 2 }), tie('list'), tie('list'))
      .map(([values, concurrencyLimit, tasks, errors]) =>
        forEach('f', ['x', 'y', 'z'].slice(0, values), tasks, { concurrencyLimit, errors }),
      ),
  ),
  list: fc.array(tie('task'), { maxLength: 3 }),
}));

let count = 0;
const unique = (tasks: readonly Task[]): Task[] =>
  tasks.map((task) => {
    const copy: Record<string, unknown> = { ...task, id: `${task.id}${count++}` };
    for (const list of ['tasks', 'errors', 'then', 'else'])
      if (Array.isArray(copy[list])) copy[list] = unique(copy[list] as Task[]);
    return copy as Task;
  });

const flows = fc.tuple(shapes.list, shapes.list).map(([tasks, errors]) => {
  count = 0;
  return flowOf(unique(tasks), { errors: unique(errors) });
});

/** Which tasks fail, by a hash of their place: the same however often and in whatever order they run. */
const failures =
  (salt: number): NonNullable<DriverOptions['behave']> =>
  (run) => {
    const hash = [...`${run.taskId} ${run.value ?? ''}`].reduce(
      (h, c) => Math.imul(h ^ c.charCodeAt(0), 0x0100_0193),
      salt,
    );
    return { state: (hash >>> 8) % 4 === 0 ? 'FAILED' : 'SUCCESS', outputs: { h: hash % 7 } };
  };

const expectLegal = (d: Driver): void => {
  expect(illegalExecution(d.state.execution.history)).toBeUndefined();
  for (const run of d.all()) {
    expect(illegalTaskRun(run.history, d.state.nodeOf(run)?.flowable !== undefined)).toBeUndefined();
  }
};

const numbers = fc.array(fc.nat(), { minLength: 60, maxLength: 60 });
const OPERATIONS: readonly Operation[] = [
  { kind: 'pause' },
  { kind: 'resume' },
  { kind: 'kill', cascade: true },
  { kind: 'restart' },
  { kind: 'force-run' },
];

describe('whatever the flow', () => {
  it('an execution ends, in a legal state, and nothing is left open', () => {
    fc.assert(
      fc.property(flows, fc.nat(), (flow, salt) => {
        const d = new Driver(flow, { behave: failures(salt) }).play();
        expect(isTerminal(d.end)).toBe(true);
        expectLegal(d);
        expect(d.open()).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('reading the state back from its rows after every step changes nothing', () => {
    fc.assert(
      fc.property(flows, fc.nat(), numbers, (flow, salt, picks) => {
        const run = (reloads: boolean): unknown => {
          const d = new Driver(flow, { behave: failures(salt), reloads }).feed();
          for (let i = 0; d.jobs.length > 0; i++) d.runJob(picks[i % picks.length]! % d.jobs.length);
          return d.summary();
        };
        expect(run(true)).toEqual(run(false));
      }),
      { numRuns: 200 },
    );
  });

  it('the same events give the same state, to the last byte', () => {
    fc.assert(
      fc.property(flows, fc.nat(), (flow, salt) => {
        const run = (): unknown => {
          const d = new Driver(flow, { behave: failures(salt) }).play();
          return [d.state.execution, d.all()];
        };
        expect(run()).toEqual(run());
      }),
      { numRuns: 100 },
    );
  });

  it('lost, late, repeated and reordered news, lost workers and operations end in a legal state with one result a task run', () => {
    fc.assert(
      fc.property(flows, fc.nat(), numbers, fc.boolean(), (flow, salt, picks, reloads) => {
        const d = new Driver(flow, { behave: failures(salt), reloads }).feed();
        const seen: ExecutionEvent[] = [];
        for (const pick of picks) disturb(d, pick, seen);
        for (let round = 0; !isTerminal(d.end); round++) {
          expect(round).toBeLessThan(500);
          if (d.end === 'PAUSED') d.operate({ kind: 'resume' });
          d.leases.clear();
          d.reload().feed().resend().runJob();
        }
        expectLegal(d);
        for (const run of d.all()) expect(run.attempts.length).toBeLessThanOrEqual(1 + d.state.execution.attemptNumber);
      }),
      { numRuns: 300 },
    );
  });
});

/** Lets one thing happen, chosen by a number. */
function disturb(d: Driver, pick: number, seen: ExecutionEvent[]): void {
  const job = d.jobs.length === 0 ? undefined : d.jobs[(pick >>> 4) % d.jobs.length];
  const run = job === undefined ? undefined : d.state.find(job.seq);
  switch (pick % 9) {
    case 0:
    case 1:
    case 2:
      if (run !== undefined && run.dispatch === job!.dispatch) {
        const event = d.resultOf(run);
        seen.push(event);
        d.feed(event);
      }
      break;
    case 3:
      if (job !== undefined) d.feed({ kind: 'lease-expired', taskRunSeq: job.seq, dispatch: job.dispatch });
      break;
    case 4:
      if (job !== undefined) d.feed({ kind: 'task-started', taskRunSeq: job.seq, dispatch: job.dispatch, date: d.now });
      break;
    case 5:
      if (seen.length > 0) d.feed(seen[(pick >>> 4) % seen.length]!);
      break;
    case 6:
      d.operate(OPERATIONS[(pick >>> 4) % OPERATIONS.length]!);
      break;
    case 7:
      d.resend();
      break;
    default:
      d.reload();
  }
}
