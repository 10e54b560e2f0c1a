import { describe, expect, it } from 'vitest';
import { currentState, isTerminal, type Task } from '@tiercel/model';
import { Driver, flowOf, forEach, inline, sequential, worker, type DriverOptions } from './testing/index.ts';

const loop = (limit: number | undefined, values: unknown, tasks: readonly Task[], more: object = {}): Task =>
  forEach('f', values, tasks, { ...(limit !== undefined && { concurrencyLimit: limit }), ...more });

const started = (tasks: readonly Task[], options: DriverOptions = {}): Driver =>
  new Driver(flowOf(tasks), options).feed();

/** Values that have a run that has not ended. */
const liveValues = (d: Driver): readonly string[] => [
  ...new Set(
    d.all().flatMap((run) => (run.value !== undefined && !isTerminal(currentState(run.history)) ? [run.value] : [])),
  ),
];

describe('ForEach', () => {
  it.each([undefined, 1, 2, 0])('three values and two tasks with limit %s: 7 task runs, SUCCESS', (limit) => {
    const d = started([loop(limit, ['a', 'b', 'c'], [worker('x'), worker('y')])]).settle();
    expect(d.all()).toHaveLength(7);
    expect(d.end).toBe('SUCCESS');
  });

  it('with limit 1 goes value by value, task by task', () => {
    const d = started([loop(1, ['a', 'b'], [inline('x'), worker('y')])]).settle();
    expect(d.order()).toEqual(['f', 'x[a]', 'y[a]', 'x[b]', 'y[b]']);
  });

  it.each([
    [0, 5],
    [2, 2],
    [1, 1],
    [9, 5],
  ])('with limit %i keeps %i of five values going, whichever ends first', (limit, width) => {
    const d = started([loop(limit, ['1', '2', '3', '4', '5'], [worker('x'), worker('y'), worker('z')])]);
    let most = 0;
    for (let round = 0; d.jobs.length > 0; round++) {
      most = Math.max(most, liveValues(d).length);
      expect(liveValues(d).length).toBeLessThanOrEqual(width);
      d.runJob((round * 7) % d.jobs.length);
    }
    expect(most).toBe(width);
    expect([d.end, d.all().length]).toEqual(['SUCCESS', 16]);
  });

  it('inside a value the tasks run strictly one after the other (D1)', () => {
    const d = started([loop(0, ['a', 'b'], [worker('x'), worker('y')])]);
    expect(d.order()).toEqual(['f', 'x[a]', 'x[b]']);
    d.runJob(1);
    expect(d.order()).toEqual(['f', 'x[a]', 'x[b]', 'y[b]']);
    d.settle();
    for (const value of ['a', 'b']) {
      expect(d.the('y', value).history[0]!.date).toBeGreaterThanOrEqual(d.the('x', value).history.at(-1)!.date);
    }
  });

  it.each([0, 1, 2])('with limit %i and an error branch ends after the branch has run, in order (D2)', (limit) => {
    const behave: DriverOptions['behave'] = (run) => ({
      state: run.taskId === 'x' && run.value === 'a' ? 'FAILED' : 'SUCCESS',
    });
    const d = started(
      [
        loop(limit, ['a', 'b', 'c'], [worker('x'), worker('y')], { errors: [worker('e1'), worker('e2')] }),
        inline('no'),
      ],
      { behave },
    ).settle();
    expect(d.order().filter((id) => id.startsWith('e'))).toEqual(['e1', 'e2']);
    expect(d.order()).not.toContain('no');
    expect([d.stateOf('f'), d.end]).toEqual(['FAILED', 'FAILED']);
    expect(d.open()).toEqual([]);
  });

  it.each([false, true])(
    'after a failure no further task starts, and the end waits for what still runs (D32; reload: %s)',
    (reloads) => {
      const d = started([loop(0, ['a', 'b'], [worker('x'), worker('y')])], {
        behave: (run) => ({ state: run.value === 'a' ? 'FAILED' : 'SUCCESS' }),
        reloads,
      }).runJob();
      expect([d.end, d.stateOf('f'), d.stateOf('x', 'b')]).toEqual(['RUNNING', 'RUNNING', 'CREATED']);
      d.settle();
      expect([d.end, d.stateOf('f'), d.stateOf('x', 'b')]).toEqual(['FAILED', 'FAILED', 'SUCCESS']);
      expect(d.order()).toEqual(['f', 'x[a]', 'x[b]']);
      expect(d.history).toEqual(['CREATED', 'RUNNING', 'FAILED']);
    },
  );

  it('over an empty list is SUCCESS at once, and the next task follows: 2 task runs', () => {
    for (const values of [[], '[]', '{{ [] }}']) {
      const d = started([loop(1, values, [worker('x')]), inline('after')]);
      expect(d.order()).toEqual(['f', 'after']);
      expect(d.end).toBe('SUCCESS');
    }
  });

  it('names the number of nulls among its values and fails with one task run', () => {
    const d = started([loop(1, [1, null, { a: 1 }], [worker('x')])]);
    expect([d.end, d.all().length]).toEqual(['FAILED', 1]);
    expect(d.logs[0]!.message).toContain("Found '1' null values on Each, with values=[1, null, {a=1}]");
  });

  it.each(['{{ 7 }}', '{{ "no list" }}', '{"a":1}', 7, [[1]]])('fails on values that are no list: %j', (values) => {
    expect(started([loop(1, values, [worker('x')])]).end).toBe('FAILED');
  });

  it('takes text, numbers, maps and expressions as values; duplicates run once', () => {
    const d = started([loop(1, ['{{ inputs.a }}', 1, '1', { k: '{{ inputs.a }}' }, 'x'], [inline('t')])], {
      inputs: { a: 'x' },
    });
    expect(d.order()).toEqual(['f', 't[x]', 't[1]', 't[{"k":"x"}]']);
  });

  it('takes an expression that is a list, or JSON text of one', () => {
    for (const values of ['{{ inputs.list }}', '["a", "b"]', '{{ inputs.text }}']) {
      const d = started([loop(1, values, [inline('t')])], { inputs: { list: ['a', 'b'], text: '["a","b"]' } });
      expect(d.order()).toEqual(['f', 't[a]', 't[b]']);
    }
  });

  it('works its values out once: later steps and restarts go by the plan', () => {
    const d = started([loop(1, '{{ inputs.list }}', [worker('t')])], { inputs: { list: ['a', 'b'] } });
    d.state.execution = { ...d.state.execution, inputs: { list: ['z'] } };
    d.reload().settle();
    expect(d.order()).toEqual(['f', 't[a]', 't[b]']);
  });

  it('children see their value, and outputs are found by value', () => {
    const d = started(
      [loop(0, ['a', 'b'], [worker('t'), inline('u', { runIf: '{{ outputs.t[taskrun.value].v == taskrun.value }}' })])],
      { behave: (run) => ({ outputs: { v: run.value ?? '' } }) },
    ).settle();
    expect(['a', 'b'].map((v) => d.stateOf('u', v))).toEqual(['SUCCESS', 'SUCCESS']);
  });

  it('loops in loops: outputs are keyed by the values from the outermost in', () => {
    const inner = forEach(
      'g',
      ['x', 'y'],
      [worker('t'), inline('u', { runIf: "{{ outputs.t[parents[0].taskrun.value][taskrun.value].v == 'v' }}" })],
    );
    const d = started([loop(2, ['a', 'b', 'c'], [inner])], { behave: () => ({ outputs: { v: 'v' } }) }).settle();
    expect(d.all()).toHaveLength(1 + 3 + 3 * 4);
    expect(
      d
        .all()
        .filter((run) => run.taskId === 'u')
        .every((run) => currentState(run.history) === 'SUCCESS'),
    ).toBe(true);
  });

  it('holds flowables: a sequence for each value', () => {
    const d = started([loop(2, ['a', 'b', 'c'], [sequential('s', [worker('x'), worker('y')])])]).settle();
    expect([d.all().length, d.end]).toEqual([10, 'SUCCESS']);
  });
});
