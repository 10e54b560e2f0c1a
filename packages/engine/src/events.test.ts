import { describe, expect, it } from 'vitest';
import { owed, owesALook } from './index.ts';
import {
  Driver,
  flowOf,
  forEach,
  ifTask,
  illegalTaskRun,
  inline,
  sequential,
  worker,
  type DriverOptions,
} from './testing/index.ts';

describe('news of tasks', () => {
  it('a repeated result changes nothing', () => {
    const d = new Driver(flowOf([worker('a'), worker('b')])).feed();
    const result = d.resultOf(d.the('a'), { outputs: { n: 1 } });
    d.feed(result, result);
    d.feed({ ...result, result: { ...result.result, state: 'FAILED', outputs: { n: 2 } } });
    expect([d.stateOf('a'), d.the('a').outputs, d.order()]).toEqual(['SUCCESS', { n: 1 }, ['a', 'b']]);
  });

  it('a result of an older dispatch is dropped', () => {
    const d = new Driver(flowOf([worker('a')])).feed();
    const old = d.resultOf(d.the('a'), { state: 'FAILED' });
    d.feed({ kind: 'lease-expired', taskRunSeq: 0, dispatch: 1 });
    d.feed(old);
    expect([d.stateOf('a'), d.the('a').dispatch]).toEqual(['CREATED', 2]);
  });

  it('a repeated failure of a run that waits for its retry counts once', () => {
    const retry = { type: 'constant', interval: 'PT1S', maxAttempt: 3 };
    const d = new Driver(flowOf([worker('a', { retry })])).feed();
    const failure = d.resultOf(d.the('a'), { state: 'FAILED' });
    d.feed(failure).feed(failure).reload().feed(failure);
    expect([d.stateOf('a'), d.the('a').attempts.length]).toEqual(['RETRYING', 1]);
  });

  it('a run that waits for a retry or a restart has another number: jobs that still travel are void', () => {
    const d = new Driver(flowOf([worker('a', { retry: { type: 'constant', interval: 'PT1S', maxAttempt: 2 } })]), {
      behave: () => ({ state: 'FAILED' }),
    }).play();
    expect([d.stateOf('a'), d.the('a').dispatch]).toEqual(['RETRYING', 2]);
    d.feed({ kind: 'wake-up', wakeUp: { kind: 'retry', taskRunSeq: 0, dispatch: 2 } }).settle();
    expect([d.end, d.the('a').dispatch]).toEqual(['FAILED', 3]);
    d.feed({ kind: 'operation', operationId: 'r', operation: { kind: 'restart' } });
    expect(d.the('a').dispatch).toBeGreaterThan(4);
  });

  it('a pause while a task runs does not make its failure final: it is tried again after the resume', () => {
    const retry = { type: 'constant', interval: 'PT1S', maxAttempt: 3 };
    const d = new Driver(flowOf([worker('a', { retry })]), {
      behave: (run) => ({ state: run.attempts.length === 0 ? 'FAILED' : 'SUCCESS' }),
    }).feed();
    d.operate({ kind: 'pause' });
    d.settle();
    expect([d.end, d.stateOf('a')]).toEqual(['PAUSED', 'RETRYING']);
    d.feed({ kind: 'wake-up', wakeUp: { kind: 'retry', taskRunSeq: 0, dispatch: d.the('a').dispatch } });
    expect([d.end, d.jobs.length]).toEqual(['PAUSED', 0]);
    d.reload().operate({ kind: 'resume' });
    expect(d.settle().end).toBe('SUCCESS');
  });

  it('a result that comes together with the expiry of its lease counts, in either order', () => {
    for (const turned of [false, true]) {
      const d = new Driver(flowOf([worker('a')])).feed();
      const both = [{ kind: 'lease-expired', taskRunSeq: 0, dispatch: 1 } as const, d.resultOf(d.the('a'))];
      d.feed(...(turned ? both.toReversed() : both));
      expect([d.end, d.the('a').dispatch]).toEqual(['SUCCESS', 1]);
    }
  });

  it('an expired lease sends the task again under the next number, tells of it, and counts no attempt', () => {
    const d = new Driver(flowOf([worker('a')])).feed();
    d.feed({ kind: 'task-started', taskRunSeq: 0, dispatch: 1, date: d.now });
    expect([d.stateOf('a'), d.the('a').attempts.length]).toEqual(['RUNNING', 1]);
    d.now += 60_000;
    const told = d.now;
    d.feed(
      { kind: 'lease-expired', taskRunSeq: 0, dispatch: 1 },
      { kind: 'lease-expired', taskRunSeq: 0, dispatch: 1 },
    );
    expect(d.jobs.map((job) => job.dispatch)).toEqual([1, 2]);
    expect(d.logs[0]!.date).toBeGreaterThanOrEqual(told);
    expect([d.logs.length, d.the('a').attempts.length]).toEqual([1, 0]);
    d.settle();
    expect([d.end, d.the('a').attempts.length]).toEqual(['SUCCESS', 1]);
    expect(illegalTaskRun(d.the('a').history, false)).toBeUndefined();
  });

  it('a start that is told late, after the result, changes nothing; told in time it becomes part of the attempt', () => {
    const d = new Driver(flowOf([worker('a')])).feed();
    const started = { kind: 'task-started', taskRunSeq: 0, dispatch: 1, date: d.now } as const;
    d.feed(started).settle().feed(started);
    expect(d.the('a').attempts.map((a) => a.history.map((e) => e.state))).toEqual([['CREATED', 'RUNNING', 'SUCCESS']]);
    expect(d.the('a').history.map((e) => e.state)).toEqual(['CREATED', 'RUNNING', 'SUCCESS']);
  });

  it('news of a run that does not exist changes nothing', () => {
    const d = new Driver(flowOf([worker('a')])).feed();
    d.feed(
      { kind: 'task-started', taskRunSeq: 9, dispatch: 1, date: 0 },
      { kind: 'lease-expired', taskRunSeq: 9, dispatch: 1 },
    );
    expect(d.settle().end).toBe('SUCCESS');
  });

  it('a result that comes while the execution is paused is kept', () => {
    const d = new Driver(flowOf([worker('a'), worker('b')])).feed();
    d.operate({ kind: 'pause' });
    d.runJob().reload();
    expect([d.end, d.stateOf('a')]).toEqual(['PAUSED', 'SUCCESS']);
  });

  it('a history never runs backwards when two clocks differ', () => {
    const d = new Driver(flowOf([worker('a')])).feed();
    const result = d.resultOf(d.the('a'));
    d.feed({ ...result, result: { ...result.result, started: 5, ended: 6 } });
    expect(illegalTaskRun(d.the('a').history, false)).toBeUndefined();
  });
});

describe('owed, owesALook', () => {
  const none = (): boolean => false;

  it('lists jobs that were sent and that nobody holds', () => {
    const d = new Driver(
      flowOf([forEach('f', ['1', '2'], [worker('a')], { concurrencyLimit: 0 }), inline('b')]),
    ).feed();
    expect(owed(d.state, none).jobs.map((run) => run.value)).toEqual(['1', '2']);
    expect(owed(d.state, (seq) => seq === 1).jobs.map((run) => run.value)).toEqual(['2']);
    d.settle();
    expect(owed(d.state, none).jobs).toEqual([]);
  });

  it('an execution owes a look while it goes on, a delayed one from its date on, an ended one never', () => {
    const delayed = new Driver(flowOf([worker('a')]), { scheduleDate: 2e15 });
    expect([owesALook(delayed.state, 0), owesALook(delayed.state, 2e15)]).toEqual([false, true]);
    const d = new Driver(flowOf([worker('a')])).feed();
    expect(owesALook(d.state, d.now)).toBe(true);
    d.operate({ kind: 'pause' });
    expect(owesALook(d.state, d.now)).toBe(true);
    d.settle();
    expect(owesALook(d.state, d.now)).toBe(false);
    d.operate({ kind: 'resume' });
    expect(owesALook(d.settle().state, d.now)).toBe(false);
  });

  it('an execution that is being killed owes a look until the last worker has reported', () => {
    const d = new Driver(flowOf([worker('a')])).feed().lease('a');
    d.operate({ kind: 'kill', cascade: true });
    expect([d.end, owesALook(d.state, d.now)]).toEqual(['KILLING', true]);
  });
});

describe('I/O in what the engine renders', () => {
  const io: DriverOptions['io'] = (_, args) => ({
    value: args['key'] === 'list' ? '["x","y"]' : `value of ${String(args['key'])}`,
  });

  it('a condition waits for it, and the host is asked once for each key', () => {
    const d = new Driver(
      flowOf([ifTask('if', "{{ kv('k') == 'value of k' and kv('k') != kv('l') }}", [inline('then')])]),
      { io },
    ).feed();
    expect([d.end, d.order()]).toEqual(['SUCCESS', ['if', 'then']]);
    expect(new Set(d.asked).size).toBe(d.asked.length);
    expect(d.asked).toHaveLength(2);
  });

  it('runIf, loop values and flow outputs may need it as well', () => {
    const tasks = [
      inline('a', { runIf: "{{ kv('a') == 'value of a' }}" }),
      forEach('f', "{{ kv('list') }}", [inline('t')]),
    ];
    const d = new Driver(flowOf(tasks, { outputs: [{ id: 'o', type: 'STRING', value: "{{ kv('o') }}" }] }), {
      io,
    }).play();
    expect(d.order()).toEqual(['a', 'f', 't[x]', 't[y]']);
    expect([d.end, d.state.execution.outputs]).toEqual(['SUCCESS', { o: 'value of o' }]);
  });

  it('fails what needed it when it fails', () => {
    const d = new Driver(flowOf([ifTask('if', "{{ kv('k') }}", [inline('then')])]), {
      io: () => ({ error: 'no such store' }),
    }).feed();
    expect([d.end, d.stateOf('if')]).toEqual(['FAILED', 'FAILED']);
    expect(d.logs[0]!.message).toContain('no such store');
  });

  it('what waits for it does not hold up what does not', () => {
    const tasks = [
      forEach('f', ['1', '2'], [ifTask('if', "{{ taskrun.value == '1' ? kv('k') : true }}", [worker('w')])], {
        concurrencyLimit: 0,
      }),
    ];
    const d = new Driver(flowOf(tasks), { io: () => ({ value: true }) }).feed();
    expect(d.jobs).toHaveLength(2);
  });
});

describe('the budget of a step', () => {
  const wide = (count: number): ReturnType<typeof flowOf> =>
    flowOf([
      forEach(
        'f',
        Array.from({ length: count }, (_, i) => i),
        [worker('a'), worker('b')],
        { concurrencyLimit: 0 },
      ),
    ]);

  it('ends a step early and asks for another one, until all is started', () => {
    const d = new Driver(wide(100), { budget: 7 }).feed();
    expect(d.steps).toBeGreaterThan(100 / 7);
    expect(d.jobs).toHaveLength(100);
    expect(d.settle().end).toBe('SUCCESS');
  });

  it.each([false, true])('whatever it is, the outcome is the same (reload at each commit: %s)', (reloads) => {
    const whole = new Driver(wide(25)).play().summary();
    for (const budget of [1, 2, 5, 1_000])
      expect(new Driver(wide(25), { budget, reloads }).play().summary()).toEqual(whole);
  });

  it('skipped runs count as well: a loop of them does not keep all others waiting', () => {
    const values = Array.from({ length: 50 }, (_, i) => i);
    const d = new Driver(flowOf([forEach('f', values, [inline('a', { runIf: 'false' })], { concurrencyLimit: 0 })]), {
      budget: 5,
    }).feed();
    expect(d.steps).toBeGreaterThanOrEqual(10);
    expect(d.end).toBe('SUCCESS');
  });
});

describe('cost', () => {
  /** Counts how often task runs are read or written while a loop of `n` values runs to its end. */
  function touches(n: number): number {
    const values = Array.from({ length: n }, (_, i) => i);
    const d = new Driver(
      flowOf([sequential('s', [forEach('f', values, [worker('a'), inline('b')], { concurrencyLimit: 4 })])]),
    );
    let count = 0;
    for (const method of ['run', 'find', 'update', 'create'] as const) {
      // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- one signature for all of them
      const original = (d.state[method] as (...args: never[]) => unknown).bind(d.state);
      d.state[method] = ((...args: never[]) => {
        count++;
        return original(...args);
      }) as never;
    }
    d.play();
    expect(d.end).toBe('SUCCESS');
    return count;
  }

  it('a loop of 10,000 values costs ten times one of 1,000: each run is touched a bounded number of times', () => {
    const small = touches(1_000);
    const large = touches(10_000);
    expect(large / small).toBeLessThan(10.5);
    expect(large / 20_000).toBeLessThan(25);
  });
});
