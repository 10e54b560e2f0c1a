import { describe, expect, it } from 'vitest';
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

const kill = { kind: 'kill', cascade: true } as const;
const restart = { kind: 'restart' } as const;
const pause = { kind: 'pause' } as const;
const resume = { kind: 'resume' } as const;

/** Tasks named `fail…` fail until `mended`. */
function mendable(): { behave: NonNullable<DriverOptions['behave']>; mended: boolean } {
  const box = {
    mended: false,
    behave: (run: { taskId: string }) => ({
      state: run.taskId.startsWith('fail') && !box.mended ? ('FAILED' as const) : ('SUCCESS' as const),
    }),
  };
  return box;
}

const expectLegal = (d: Driver): void => {
  expect(illegalExecution(d.state.execution.history)).toBeUndefined();
  for (const run of d.all())
    expect(illegalTaskRun(run.history, d.state.nodeOf(run)?.flowable !== undefined)).toBeUndefined();
};

describe('kill', () => {
  it('of an execution that has not begun ends it at once, and it never begins', () => {
    const d = new Driver(flowOf([worker('a')]), { scheduleDate: Number.MAX_SAFE_INTEGER });
    expect(d.operate(kill)).toBe('applied');
    expect(d.history).toEqual(['CREATED', 'KILLING', 'KILLED']);
    d.feed({ kind: 'wake-up', wakeUp: { kind: 'start' } });
    expect([d.all(), d.end]).toEqual([[], 'KILLED']);
  });

  it('kills at once what no worker holds; the raised number makes the job void', () => {
    const d = new Driver(flowOf([worker('a'), worker('b')])).feed();
    const job = d.the('a');
    d.operate(kill);
    expect([d.stateOf('a'), d.end, d.kills]).toEqual(['KILLED', 'KILLED', 1]);
    d.feed(d.resultOf(job, { state: 'SUCCESS' }));
    expect([d.stateOf('a'), d.end]).toEqual(['KILLED', 'KILLED']);
    expectLegal(d);
  });

  it('waits for what workers hold, and ends KILLED when they have reported', () => {
    const d = new Driver(
      flowOf([forEach('f', ['1', '2'], [worker('a'), worker('b')], { concurrencyLimit: 0 })]),
    ).feed();
    d.leases.add(`${d.the('a', '1').seq} 1`);
    d.operate(kill);
    expect([d.end, d.stateOf('a', '1'), d.stateOf('a', '2'), d.stateOf('f')]).toEqual([
      'KILLING',
      'CREATED',
      'KILLED',
      'RUNNING',
    ]);
    d.feed(d.resultOf(d.the('a', '1'), { state: 'KILLED' }));
    expect([d.end, d.stateOf('f'), d.order().length]).toEqual(['KILLED', 'KILLED', 3]);
    expectLegal(d);
  });

  it('ends KILLED also when the task that ran came to its end, but others never began', () => {
    const d = new Driver(flowOf([worker('a'), worker('b')])).feed().lease('a');
    d.operate(kill);
    d.feed(d.resultOf(d.the('a'), { state: 'SUCCESS' }));
    expect([d.end, d.stateOf('a'), d.order()]).toEqual(['KILLED', 'SUCCESS', ['a']]);
  });

  it('comes too late when all that there is to do was done: completion wins', () => {
    const d = new Driver(flowOf([worker('a')])).feed().lease('a');
    d.operate(kill);
    d.feed(d.resultOf(d.the('a'), { state: 'SUCCESS' }));
    expect(d.history).toEqual(['CREATED', 'RUNNING', 'KILLING', 'SUCCESS']);
  });

  it('starts no error branch for a task that fails while it is being killed', () => {
    const d = new Driver(flowOf([worker('a')], { errors: [worker('e')] })).feed().lease('a');
    d.operate(kill);
    d.feed(d.resultOf(d.the('a'), { state: 'FAILED' }));
    expect([d.end, d.order()]).toEqual(['KILLED', ['a']]);
  });

  it.each([false, true])(
    'of the last task of an error branch ends the execution KILLED, not FAILED (reload: %s)',
    (reloads) => {
      const d = new Driver(flowOf([worker('fail')], { errors: [worker('e')] }), { ...mendable(), reloads })
        .feed()
        .runJob();
      d.operate(kill);
      expect([d.stateOf('e'), d.end]).toEqual(['KILLED', 'KILLED']);
    },
  );

  it('goes on after a reload, and a lease that expires meanwhile ends its run KILLED', () => {
    const d = new Driver(flowOf([sequential('s', [worker('a'), worker('b')])])).feed().lease('a');
    d.operate(kill);
    d.reload();
    d.feed({ kind: 'lease-expired', taskRunSeq: d.the('a').seq, dispatch: 1 });
    expect([d.end, d.stateOf('a'), d.stateOf('s'), d.jobs.length]).toEqual(['KILLED', 'KILLED', 'KILLED', 1]);
    expectLegal(d);
  });

  it('of a paused execution ends it KILLED (D8)', () => {
    const d = new Driver(flowOf([worker('a')])).feed();
    d.operate(pause);
    d.operate(kill);
    expect(d.history).toEqual(['CREATED', 'RUNNING', 'PAUSED', 'KILLING', 'KILLED']);
  });

  it('of an ended execution is refused, or changes nothing when it cascades; a second kill changes nothing', () => {
    const d = new Driver(flowOf([inline('a')])).play();
    expect(d.operate({ kind: 'kill', cascade: false })).toBe('refused');
    expect(d.operate(kill)).toBe('applied');
    expect(d.end).toBe('SUCCESS');
    const other = new Driver(flowOf([worker('a')])).feed().lease('a');
    other.operate(kill);
    other.operate(kill);
    expect([other.kills, other.history]).toEqual([1, ['CREATED', 'RUNNING', 'KILLING']]);
  });

  it('keeps what had ended before: a done flowable stays SUCCESS', () => {
    const d = new Driver(flowOf([sequential('s', [inline('x')]), worker('a')])).feed();
    d.operate(kill);
    expect([d.stateOf('s'), d.stateOf('a'), d.end]).toEqual(['SUCCESS', 'KILLED', 'KILLED']);
  });
});

describe('pause and resume', () => {
  it('a pause lets running tasks end and starts nothing; a resume goes on', () => {
    const d = new Driver(flowOf([worker('a'), worker('b')])).feed();
    expect(d.operate(pause)).toBe('applied');
    d.settle();
    expect([d.end, d.stateOf('a'), d.order()]).toEqual(['PAUSED', 'SUCCESS', ['a']]);
    expect(d.operate(resume)).toBe('applied');
    d.settle();
    expect(d.history).toEqual(['CREATED', 'RUNNING', 'PAUSED', 'RUNNING', 'SUCCESS']);
    expectLegal(d);
  });

  it.each([false, true])('in a loop nothing is lost between pause and resume (reload: %s)', (reloads) => {
    const d = new Driver(flowOf([forEach('f', ['1', '2', '3'], [worker('a'), worker('b')], { concurrencyLimit: 2 })]), {
      reloads,
    }).feed();
    d.operate(pause);
    d.settle();
    expect(d.order()).toEqual(['f', 'a[1]', 'a[2]']);
    d.operate(resume);
    d.settle();
    expect([d.end, d.all().length]).toEqual(['SUCCESS', 7]);
  });

  it('what was created but not sent when the pause came is started by the resume', () => {
    const d = new Driver(flowOf([forEach('f', ['1', '2', '3', '4'], [worker('a')], { concurrencyLimit: 0 })]), {
      budget: 2,
    });
    d.feed({ kind: 'wake-up', wakeUp: { kind: 'start' } });
    expect(d.jobs).toHaveLength(4);
    const other = new Driver(
      flowOf([forEach('f', ['1', '2', '3', '4'], [worker('a')], { concurrencyLimit: 0 })]),
    ).feed();
    other.state.agenda.push({ kind: 'start', seq: 1 });
    other.operate(pause);
    expect(other.state.agenda).toEqual([]);
    other.operate(resume);
    expect(other.settle().end).toBe('SUCCESS');
  });

  it('are refused in any other state', () => {
    const d = new Driver(flowOf([worker('a')])).feed();
    expect(d.operate(resume)).toBe('refused');
    d.operate(pause);
    expect(d.operate(pause)).toBe('refused');
    d.operate(resume);
    d.settle();
    expect([d.operate(pause), d.operate(resume)]).toEqual(['refused', 'refused']);
    expect(d.outcomes.filter((o) => o.outcome === 'refused').every((o) => o.reason !== undefined)).toBe(true);
  });
});

describe('force-run and scheduleDate', () => {
  const later = { scheduleDate: Number.MAX_SAFE_INTEGER };

  it('a delayed execution does not begin before its wake-up', () => {
    const d = new Driver(flowOf([worker('a')]), later).feed().reload().feed();
    expect([d.end, d.all()]).toEqual(['CREATED', []]);
    d.feed({ kind: 'wake-up', wakeUp: { kind: 'start' } }).settle();
    expect(d.end).toBe('SUCCESS');
  });

  it('its wake-up changes nothing when it has begun already', () => {
    const d = new Driver(flowOf([worker('a')]), later);
    expect(d.operate({ kind: 'force-run' })).toBe('applied');
    d.feed({ kind: 'wake-up', wakeUp: { kind: 'start' } });
    expect(d.order()).toEqual(['a']);
    expect(d.settle().end).toBe('SUCCESS');
  });

  it('force-run resumes a paused execution and is refused for an ended one', () => {
    const d = new Driver(flowOf([worker('a')])).feed();
    d.operate(pause);
    expect(d.operate({ kind: 'force-run' })).toBe('applied');
    expect(d.settle().end).toBe('SUCCESS');
    expect(d.operate({ kind: 'force-run' })).toBe('refused');
  });
});

describe('restart', () => {
  it('of a failed task that then succeeds: same ids, the third run has two attempts, one more task follows', () => {
    const box = mendable();
    const d = new Driver(flowOf([worker('a'), worker('b'), worker('fail'), worker('d')]), box).play();
    const before = d.all().map((run) => run.id);
    box.mended = true;
    expect([d.end, before.length, d.operate(restart)]).toEqual(['FAILED', 3, 'applied']);
    d.settle();
    expect(
      d
        .all()
        .slice(0, 3)
        .map((run) => run.id),
    ).toEqual(before);
    expect([d.end, d.all().length, d.the('fail').attempts.length, d.state.execution.attemptNumber]).toEqual([
      'SUCCESS',
      4,
      2,
      2,
    ]);
    expect(d.history).toEqual(['CREATED', 'RUNNING', 'FAILED', 'RESTARTED', 'RUNNING', 'SUCCESS']);
    expect(d.the('fail').history.map((e) => e.state)).toEqual([
      'CREATED',
      'RUNNING',
      'FAILED',
      'RESTARTED',
      'RUNNING',
      'SUCCESS',
    ]);
    expectLegal(d);
  });

  it.each([false, true])(
    'removes the runs of local and global error branches and makes them anew (reload: %s)',
    (reloads) => {
      const d = new Driver(
        flowOf([sequential('s', [worker('fail')], { errors: [worker('local')] })], { errors: [worker('global')] }),
        {
          behave: (run) => ({ state: run.taskId === 'fail' ? 'FAILED' : 'SUCCESS' }),
          reloads,
        },
      ).play();
      expect(d.order()).toEqual(['s', 'fail', 'local', 'global']);
      const old = [d.the('local'), d.the('global')];
      d.operate(restart);
      expect(d.order()).toEqual(['s', 'fail']);
      d.settle();
      expect(d.order()).toEqual(['s', 'fail', 'local', 'global']);
      for (const gone of old)
        expect(d.all().some((run) => run.seq === gone.seq && run.dispatch === gone.dispatch)).toBe(false);
      expect([d.end, d.the('s').history.map((e) => e.state)]).toEqual([
        'FAILED',
        ['CREATED', 'RUNNING', 'FAILED', 'RUNNING', 'FAILED'],
      ]);
      expectLegal(d);
    },
  );

  it('a late result of a removed error task is not taken for that of its successor', () => {
    const box = mendable();
    const d = new Driver(flowOf([worker('fail')], { errors: [worker('e')] }), box).feed().runJob();
    d.operate(pause);
    const removed = d.the('e');
    d.jobs = [];
    d.operate(restart);
    d.reload().runJob();
    const again = d.the('e');
    expect([again.seq, again.id]).toEqual([removed.seq, removed.id]);
    d.feed(d.resultOf(removed, { state: 'SUCCESS' }));
    expect(d.stateOf('e')).toBe('CREATED');
    expect(d.settle().end).toBe('FAILED');
  });

  it('of a failed flowable keeps its plan and its done children', () => {
    const box = mendable();
    const d = new Driver(flowOf([forEach('f', ['1', '2', '3'], [worker('a'), worker('fail')])]), box).play();
    expect(d.order()).toEqual(['f', 'a[1]', 'fail[1]']);
    box.mended = true;
    d.operate(restart);
    d.settle();
    expect(d.order()).toEqual(['f', 'a[1]', 'fail[1]', 'a[2]', 'fail[2]', 'a[3]', 'fail[3]']);
    expect([d.end, d.the('a', '1').attempts.length]).toEqual(['SUCCESS', 1]);
    expectLegal(d);
  });

  it.each([0, 2])('of a loop with limit %i goes on with the values that had not ended', (concurrencyLimit) => {
    const box = mendable();
    const tasks = [
      forEach('f', ['1', '2', '3', '4'], [worker('a'), worker('fail'), worker('c')], { concurrencyLimit }),
    ];
    const d = new Driver(flowOf(tasks), box).play();
    expect(d.end).toBe('FAILED');
    box.mended = true;
    d.operate(restart);
    d.settle();
    expect([d.end, d.all().length]).toEqual(['SUCCESS', 13]);
    for (const run of d.all()) expect(run.attempts.length).toBeLessThanOrEqual(2);
    expectLegal(d);
  });

  it('of a flowable that failed before it had started decides anew', () => {
    const d = new Driver(
      flowOf([ifTask('if', '{{ inputs.go }}', [inline('then')], { else: [inline('else')] })]),
    ).play();
    expect([d.end, d.the('if').outputs]).toEqual(['FAILED', undefined]);
    d.state.execution = { ...d.state.execution, inputs: { go: true } };
    d.operate(restart);
    expect([d.end, d.order()]).toEqual(['SUCCESS', ['if', 'then']]);
    expect(d.the('if').history.map((e) => e.state)).toEqual(['CREATED', 'FAILED', 'RESTARTED', 'RUNNING', 'SUCCESS']);
  });

  it('keeps a sibling that ran beside the failed task and succeeded', () => {
    const box = mendable();
    const tasks = [
      forEach(
        'f',
        ['1', '2'],
        [ifTask('if', '{{ taskrun.value == "1" }}', [worker('fail')], { else: [worker('slow')] })],
        { concurrencyLimit: 0 },
      ),
    ];
    const d = new Driver(flowOf(tasks), box).feed();
    const slow = d.jobs.pop()!;
    d.settle();
    expect([d.end, d.stateOf('slow')]).toEqual(['RUNNING', 'CREATED']);
    expect(d.operate(restart)).toBe('refused');
    d.jobs.push(slow);
    d.settle();
    expect(d.end).toBe('FAILED');
    box.mended = true;
    d.reload().operate(restart);
    d.settle();
    expect([d.end, d.stateOf('fail'), d.the('slow').attempts.length]).toEqual(['SUCCESS', 'SUCCESS', 1]);
  });

  it('is refused while the execution runs, and when no task run failed', () => {
    const d = new Driver(flowOf([worker('a')])).feed();
    expect(d.operate(restart)).toBe('refused');
    d.settle();
    expect(d.operate(restart)).toBe('refused');
    expect(d.outcomes.map((o) => o.reason?.slice(0, 30))).toEqual([
      'Execution must be terminated t',
      'No task found to restart execu',
    ]);
  });

  it('dispatch numbers are never used twice, whatever happens', () => {
    const box = mendable();
    const d = new Driver(flowOf([worker('fail')]), box).feed();
    const seen = new Set<number>();
    for (let i = 0; i < 5; i++) {
      d.feed({ kind: 'lease-expired', taskRunSeq: 0, dispatch: d.the('fail').dispatch });
      expect(seen.has(d.the('fail').dispatch)).toBe(false);
      seen.add(d.the('fail').dispatch);
      d.settle();
      d.operate(restart);
    }
  });
});
