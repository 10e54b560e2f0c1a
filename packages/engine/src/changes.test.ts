import { describe, expect, it } from 'vitest';
import { currentState, type State } from '@tiercel/model';
import { check } from './index.ts';
import { Driver, flowOf, illegalExecution, sequential, worker, type DriverOptions } from './testing/index.ts';

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

describe('change of a task run’s state, change of status', () => {
  const change = (d: Driver, taskId: string, state: State): 'applied' | 'refused' =>
    d.operate({ kind: 'change-task-state', taskRunId: d.the(taskId).id, state });

  it('a failed run that is called SUCCESS lets the flow go on', () => {
    const d = new Driver(flowOf([sequential('s', [worker('fail'), worker('b')]), worker('c')]), mendable()).play();
    expect(change(d, 'fail', 'SUCCESS')).toBe('applied');
    d.settle();
    expect([d.end, d.order(), d.stateOf('s')]).toEqual(['SUCCESS', ['s', 'fail', 'b', 'c'], 'SUCCESS']);
    expect(illegalExecution(d.state.execution.history)).toBeUndefined();
  });

  it('a done run that is called FAILED ends the execution FAILED', () => {
    const d = new Driver(flowOf([worker('a'), worker('b')])).play();
    change(d, 'a', 'FAILED');
    expect(d.end).toBe('FAILED');
  });

  it('a run that is called CREATED runs again', () => {
    const d = new Driver(flowOf([worker('a')])).play();
    change(d, 'a', 'CREATED');
    expect(d.jobs).toHaveLength(1);
    expect([d.settle().end, d.the('a').attempts.length]).toEqual(['SUCCESS', 2]);
  });

  it('the result of a job whose run was changed meanwhile is dropped', () => {
    const d = new Driver(flowOf([worker('a')])).feed();
    const before = d.the('a');
    change(d, 'a', 'WARNING');
    d.feed(d.resultOf(before, { state: 'FAILED' }));
    expect([d.stateOf('a'), d.end]).toEqual(['WARNING', 'WARNING']);
  });

  it('is refused for an unknown run, while the execution is being killed, and for a state that nothing would ever end', () => {
    const d = new Driver(flowOf([worker('a')])).feed().lease('a');
    expect(d.operate({ kind: 'change-task-state', taskRunId: 'none', state: 'SUCCESS' })).toBe('refused');
    expect(change(d, 'a', 'RUNNING')).toBe('refused');
    d.operate(kill);
    expect(change(d, 'a', 'SUCCESS')).toBe('refused');
    expect(d.end).toBe('KILLING');
  });

  it('an ended execution may be given another terminal status, and nothing runs for it', () => {
    const d = new Driver(flowOf([worker('fail'), worker('b')]), mendable()).play();
    expect(d.operate({ kind: 'change-status', state: 'SUCCESS' })).toBe('applied');
    expect([d.end, d.jobs.length, d.order()]).toEqual(['SUCCESS', 0, ['fail']]);
    expect(d.operate({ kind: 'change-status', state: 'RUNNING' })).toBe('refused');
  });
});

describe('check', () => {
  it('refuses the same as the engine does when it applies', () => {
    const d = new Driver(flowOf([worker('fail')]), mendable()).feed();
    const checked = { state: d.state.current, taskRuns: d.all() };
    expect(check(restart, checked)).toMatchObject({ kind: 'conflict' });
    expect(check(pause, checked)).toBeUndefined();
    expect(check(resume, checked)).toMatchObject({ kind: 'conflict' });
    expect(check(kill, { state: 'SUCCESS', taskRuns: [] })).toBeUndefined();
    expect(currentState(d.state.execution.history)).toBe('RUNNING');
  });
});
