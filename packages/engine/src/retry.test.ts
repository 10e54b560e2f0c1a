import { describe, expect, it } from 'vitest';
import { Driver, flowOf, inline, sequential, worker } from './testing/index.ts';
import type { State, Task } from '@tiercel/model';

const CONSTANT = { type: 'constant', interval: 'PT1S' };

/** Plays a flow; each retry is woken as soon as nothing else goes on. `failures`: how often the task fails before it succeeds. */
function playRetries(tasks: readonly Task[], failures: number, errors: readonly Task[] = []): Driver {
  let failed = 0;
  const d = new Driver(flowOf(tasks, { errors }), {
    behave: (run) => (run.taskId === 'flaky' && failed++ < failures ? { state: 'FAILED' } : {}),
  });
  d.play();
  for (let round = 0; round < 20; round++) {
    const waiting = d.all().find((run) => run.history[run.history.length - 1]!.state === 'RETRYING');
    if (waiting === undefined) break;
    d.feed({ kind: 'wake-up', wakeUp: { kind: 'retry', taskRunSeq: waiting.seq, dispatch: waiting.dispatch } }).play();
  }
  return d;
}

const statesOf = (d: Driver, taskId: string): readonly State[] => d.the(taskId).history.map((entry) => entry.state);

describe('retry of a task in place', () => {
  it('tries again until it succeeds: same run, one more attempt each time', () => {
    const d = playRetries([worker('flaky', { retry: { ...CONSTANT, maxAttempt: 4 } }), inline('after')], 2);
    expect(d.end).toBe('SUCCESS');
    expect(d.the('flaky').attempts).toHaveLength(3);
    expect(statesOf(d, 'flaky')).toEqual([
      'CREATED',
      'RUNNING',
      'FAILED',
      'RETRYING',
      'CREATED',
      'RUNNING',
      'FAILED',
      'RETRYING',
      'CREATED',
      'RUNNING',
      'SUCCESS',
    ]);
    expect(d.history).toEqual(['CREATED', 'RUNNING', 'RETRYING', 'RUNNING', 'RETRYING', 'RUNNING', 'SUCCESS']);
  });

  it('gives up after maxAttempt attempts in all, and only then runs the errors branch', () => {
    const d = playRetries([inline('flaky', { retry: { ...CONSTANT, maxAttempt: 5 } })], 99, [inline('cleanup')]);
    expect(d.end).toBe('FAILED');
    expect(d.the('flaky').attempts).toHaveLength(5);
    expect(d.order()).toEqual(['flaky', 'cleanup']);
  });

  it('gives up when the next attempt would come after maxDuration', () => {
    const d = playRetries(
      [inline('flaky', { retry: { type: 'constant', interval: 'PT10S', maxDuration: 'PT5S' } })],
      99,
    );
    expect(d.the('flaky').attempts).toHaveLength(1);
    expect(d.end).toBe('FAILED');
  });

  it('takes the retry of the nearest flowable around the task that has one', () => {
    const inner = sequential('inner', [worker('flaky')], { retry: { ...CONSTANT, maxAttempt: 3 } });
    const d = playRetries([sequential('outer', [inner], { retry: { ...CONSTANT, maxAttempt: 9 } })], 99);
    expect(d.the('flaky').attempts).toHaveLength(3);
    expect(d.end).toBe('FAILED');
  });

  it('makes WARNING of the failure after the last attempt with allowFailure, and of a late success with warningOnRetry', () => {
    const tolerant = playRetries(
      [inline('flaky', { retry: { ...CONSTANT, maxAttempt: 3 }, allowFailure: true }), inline('after')],
      99,
    );
    expect(tolerant.the('flaky').attempts).toHaveLength(3);
    expect(tolerant.end).toBe('WARNING');
    const late = playRetries([inline('flaky', { retry: { ...CONSTANT, maxAttempt: 3, warningOnRetry: true } })], 1);
    expect(late.end).toBe('WARNING');
  });

  it('forgets a retry when the execution is killed while it waits', () => {
    const d = new Driver(flowOf([worker('flaky', { retry: CONSTANT })]), {
      behave: () => ({ state: 'FAILED' }),
    }).play();
    const waiting = d.the('flaky');
    d.operate({ kind: 'kill', cascade: true });
    expect(d.end).toBe('KILLED');
    d.feed({ kind: 'wake-up', wakeUp: { kind: 'retry', taskRunSeq: waiting.seq, dispatch: waiting.dispatch } });
    expect(statesOf(d, 'flaky').at(-1)).toBe('KILLED');
    expect(d.jobs).toEqual([]);
  });
});
