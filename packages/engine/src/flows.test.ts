import { describe, expect, it } from 'vitest';
import { Driver, flowOf, forEach, ifTask, inline, sequential, worker, type DriverOptions } from './testing/index.ts';
import type { Flow, FlowOutput, Task } from '@tiercel/model';

const play = (tasks: readonly Task[], flow: Partial<Flow> = {}, options: DriverOptions = {}): Driver =>
  new Driver(flowOf(tasks, flow), options).play();

/** Tasks whose ids begin with `fail` fail. */
const failing: DriverOptions = { behave: (run) => (run.taskId.startsWith('fail') ? { state: 'FAILED' } : {}) };

describe('sequences', () => {
  it('runs tasks one after the other, in either lane, and ends SUCCESS', () => {
    const d = play([inline('a'), worker('b'), sequential('s', [worker('c'), inline('d')]), inline('e')]);
    expect(d.order()).toEqual(['a', 'b', 's', 'c', 'd', 'e']);
    expect(d.history).toEqual(['CREATED', 'RUNNING', 'SUCCESS']);
    expect(d.the('b').history.map((e) => e.state)).toEqual(['CREATED', 'RUNNING', 'SUCCESS']);
    expect(d.the('b').attempts.map((a) => a.history.map((e) => e.state))).toEqual([['CREATED', 'RUNNING', 'SUCCESS']]);
  });

  it('dispatches the next worker task only when the one before has ended', () => {
    const d = new Driver(flowOf([worker('a'), worker('b')])).feed();
    expect(d.order()).toEqual(['a']);
    d.runJob();
    expect(d.order()).toEqual(['a', 'b']);
  });

  it('ends a flow without enabled tasks at once, straight from CREATED', () => {
    expect(play([inline('a', { disabled: true })]).history).toEqual(['CREATED', 'SUCCESS']);
    expect(play([]).history).toEqual(['CREATED', 'SUCCESS']);
  });

  it('runs disabled tasks never: flowables of one enabled and one disabled child make 10 task runs', () => {
    const pair = (id: string): Task[] => [inline(`${id}1`), inline(`${id}2`, { disabled: true })];
    const d = play([
      forEach('each', ['a', 'b', 'c'], pair('e')),
      sequential('seq', pair('s')),
      sequential('seq2', pair('t')),
      ifTask('if', 'true', pair('i')),
    ]);
    expect(d.all()).toHaveLength(10);
    expect(d.end).toBe('SUCCESS');
  });

  it('ends a flowable whose children are all disabled, or that has none, SUCCESS at once (D3)', () => {
    const none = [inline('x', { disabled: true })];
    const d = play([
      sequential('s', none),
      forEach('f', ['a'], none),
      ifTask('i', 'true', none),
      sequential('e', []),
      inline('after'),
    ]);
    expect(d.order()).toEqual(['s', 'f', 'i', 'e', 'after']);
    expect(d.end).toBe('SUCCESS');
  });
});

describe('runIf', () => {
  it('true, false and an invalid expression end SUCCESS, SKIPPED and FAILED; the execution FAILED', () => {
    const d = play([
      inline('yes', { runIf: '{{ 1 == 1 }}' }),
      inline('no', { runIf: '{{ 1 == 2 }}' }),
      inline('bad', { runIf: '{{ nothing.here }}' }),
      inline('never'),
    ]);
    expect(['yes', 'no', 'bad'].map((id) => d.stateOf(id))).toEqual(['SUCCESS', 'SKIPPED', 'FAILED']);
    expect(d.order()).not.toContain('never');
    expect(d.end).toBe('FAILED');
    expect(d.the('no').attempts).toEqual([]);
    expect(d.the('no').outputs).toBeUndefined();
    expect(d.the('bad').attempts).toEqual([]);
    expect(d.logs).toHaveLength(1);
  });

  it.each([
    ['runIf', inline('bad', { runIf: '{{ flow.idd }}' })],
    ['the condition of a flowable', ifTask('bad', '{{ flow.idd }}', [inline('a')])],
  ])('what is wrong in %s is logged with its place and the nearest name', (_, task) => {
    const [line] = play([task]).logs;
    expect(line!.message).toContain(
      [
        'Unable to find `idd` used in the expression `{{ flow.idd }}` at line 1',
        'line 1, column 9:',
        '{{ flow.idd }}',
        '        ^',
        'Did you mean `id`?',
      ].join('\n'),
    );
  });

  it('a failing runIf is not softened by allowFailure (D36, kept)', () => {
    expect(play([inline('bad', { runIf: '{{ nope }}', allowFailure: true })]).end).toBe('FAILED');
  });

  it('a skipped flowable creates no child and its siblings go on', () => {
    const d = play([sequential('s', [inline('a')], { runIf: 'false' }), inline('b')]);
    expect(d.order()).toEqual(['s', 'b']);
    expect(d.end).toBe('SUCCESS');
  });

  it('is evaluated for each value of a loop (D7)', () => {
    const d = play([
      forEach('f', ['1', '2', '3'], [worker('a', { runIf: '{{ taskrun.value != "2" }}' }), inline('b')]),
    ]);
    expect(['1', '2', '3'].map((value) => d.stateOf('a', value))).toEqual(['SUCCESS', 'SKIPPED', 'SUCCESS']);
    expect(d.all()).toHaveLength(7);
    expect(d.end).toBe('SUCCESS');
  });
});

describe('If', () => {
  it.each(['true', '"true"', '1', true, 1, 'yes'])('takes `then` for %j', (condition) => {
    const d = play([ifTask('if', condition, [inline('then')], { else: [inline('else')] })]);
    expect(d.order()).toEqual(['if', 'then']);
    expect(d.the('if').outputs).toEqual({ evaluationResult: true });
  });

  it.each(['false', '"false"', '0', '-0', '', false, 0])('takes `else` for %j', (condition) => {
    const quoted = condition === '"false"' ? 'false' : condition;
    const d = play([ifTask('if', quoted, [inline('then')], { else: [inline('else')] })]);
    expect(d.order()).toEqual(['if', 'else']);
  });

  it('without else and with a false condition makes one task run, SUCCESS', () => {
    const d = play([ifTask('if', '{{ false }}', [inline('then')])]);
    expect(d.order()).toEqual(['if']);
    expect(d.end).toBe('SUCCESS');
  });

  it('keeps the branch that it took, whatever the condition would say later (D30)', () => {
    const d = new Driver(
      flowOf([ifTask('if', '{{ inputs.go }}', [worker('a'), worker('b')], { else: [inline('c')] })]),
      {
        inputs: { go: true },
      },
    ).feed();
    d.state.execution = { ...d.state.execution, inputs: { go: false } };
    d.reload().settle();
    expect(d.order()).toEqual(['if', 'a', 'b']);
    expect(d.the('if').outputs).toEqual({ evaluationResult: true });
  });

  it('fails, with the reason in its log, when the condition cannot be evaluated', () => {
    const d = play([ifTask('if', '{{ nothing.here }}', [inline('then')]), inline('never')]);
    expect(d.stateOf('if')).toBe('FAILED');
    expect(d.end).toBe('FAILED');
    expect(d.logs.map((l) => l.level)).toEqual(['ERROR']);
  });
});

describe('errors, allowFailure, allowWarning', () => {
  it('one failing task and three global error tasks, one disabled: 3 task runs, FAILED', () => {
    const d = play(
      [inline('fail'), inline('never')],
      { errors: [inline('e1'), inline('e2', { disabled: true }), inline('e3')] },
      failing,
    );
    expect(d.order()).toEqual(['fail', 'e1', 'e3']);
    expect(d.end).toBe('FAILED');
  });

  it('a failure two levels down with two global error tasks: 6 task runs, FAILED', () => {
    const tasks = [
      sequential('outer', [inline('t1'), sequential('inner', [inline('fail'), inline('x'), inline('y')])]),
    ];
    const d = play(tasks, { errors: [inline('e1'), inline('e2')] }, failing);
    expect(d.order()).toEqual(['outer', 't1', 'inner', 'fail', 'e1', 'e2']);
    expect([d.stateOf('inner'), d.stateOf('outer'), d.end]).toEqual(['FAILED', 'FAILED', 'FAILED']);
  });

  it('the same with two local error tasks: 6 task runs, FAILED', () => {
    const inner = sequential('inner', [inline('fail'), inline('x')], { errors: [inline('e1'), inline('e2')] });
    const d = play([sequential('outer', [inline('t1'), inner])], {}, failing);
    expect(d.order()).toEqual(['outer', 't1', 'inner', 'fail', 'e1', 'e2']);
    expect(d.the('e1').parent).toBe(d.the('inner').seq);
    expect(d.end).toBe('FAILED');
  });

  it('local error tasks run before the flowable ends, global ones after it', () => {
    const d = play(
      [sequential('s', [worker('fail')], { errors: [worker('local')] })],
      { errors: [worker('global')] },
      failing,
    );
    expect(d.order()).toEqual(['s', 'fail', 'local', 'global']);
    expect(d.the('local').history.at(-1)!.date).toBeLessThan(d.the('s').history.at(-1)!.date + 1);
    expect(d.the('global').history[0]!.date).toBeGreaterThanOrEqual(d.the('s').history.at(-1)!.date);
  });

  it('a failing error task stops no other and changes no result', () => {
    const d = play([inline('fail')], { errors: [inline('fail2'), inline('e2')] }, failing);
    expect(d.order()).toEqual(['fail', 'fail2', 'e2']);
    expect(d.end).toBe('FAILED');
  });

  it('an error branch may hold flowables', () => {
    const d = play([inline('fail')], { errors: [forEach('each', ['a', 'b'], [worker('e')]), inline('last')] }, failing);
    expect(d.order()).toEqual(['fail', 'each', 'e[a]', 'e[b]', 'last']);
  });

  it('allowFailure makes the run WARNING and keeps the attempt FAILED; the flow goes on', () => {
    const d = play([inline('fail', { allowFailure: true }), inline('b')], {}, failing);
    expect(d.stateOf('fail')).toBe('WARNING');
    expect(d.the('fail').attempts[0]!.history.at(-1)!.state).toBe('FAILED');
    expect(d.end).toBe('WARNING');
    expect(d.order()).toEqual(['fail', 'b']);
  });

  it('allowFailure with allowWarning ends SUCCESS, allowWarning alone softens a WARNING', () => {
    expect(play([inline('fail', { allowFailure: true, allowWarning: true })], {}, failing).end).toBe('SUCCESS');
    expect(play([inline('w', { allowWarning: true })], {}, { behave: () => ({ state: 'WARNING' }) }).end).toBe(
      'SUCCESS',
    );
    expect(play([inline('w')], {}, { behave: () => ({ state: 'WARNING' }) }).end).toBe('WARNING');
  });

  it('allowFailure on a flowable: its error branch runs first, then it is WARNING and the flow goes on', () => {
    const d = play(
      [sequential('s', [inline('fail'), inline('x')], { allowFailure: true, errors: [inline('e')] }), inline('b')],
      {},
      failing,
    );
    expect(d.order()).toEqual(['s', 'fail', 'e', 'b']);
    expect([d.stateOf('s'), d.end]).toEqual(['WARNING', 'WARNING']);
  });

  it('only the runs of the main branch count for the end', () => {
    const behave: DriverOptions['behave'] = (run) => ({ state: run.branch === 'errors' ? 'WARNING' : 'FAILED' });
    expect(play([inline('a')], { errors: [inline('e')] }, { behave }).end).toBe('FAILED');
  });
});

describe('flow outputs', () => {
  const output = (id: string, value: string, type: FlowOutput['type'] = 'STRING'): FlowOutput => ({ id, type, value });

  it('are rendered and typed at the end', () => {
    const d = play(
      [inline('a')],
      { outputs: [output('n', '{{ outputs.a.n }}', 'INT'), output('s', 'v{{ outputs.a.n }}')] },
      {
        behave: () => ({ outputs: { n: 7 } }),
      },
    );
    expect(d.state.execution.outputs).toEqual({ n: 7, s: 'v7' });
    expect(d.end).toBe('SUCCESS');
  });

  it('with an invalid expression or type: FAILED, no outputs, the reason in the log', () => {
    for (const bad of [output('x', '{{ outputs.nope.n }}'), output('x', 'seven', 'INT')]) {
      const d = play([inline('a')], { outputs: [bad] });
      expect(d.end).toBe('FAILED');
      expect(d.state.execution.outputs).toBeUndefined();
      expect(d.logs[0]!.message).toContain('Failed to render output values');
      if (bad.type !== 'INT') expect(d.logs[0]!.message).toContain('column 12:\n{{ outputs.nope.n }}\n           ^');
    }
  });

  it('are rendered for a failed execution as well, and never for a killed one', () => {
    const failed = play([inline('fail')], { outputs: [output('x', 'there')] }, failing);
    expect([failed.end, failed.state.execution.outputs]).toEqual(['FAILED', { x: 'there' }]);
    const killed = new Driver(flowOf([worker('a')], { outputs: [output('x', 'there')] })).feed();
    killed.operate({ kind: 'kill', cascade: true });
    expect([killed.end, killed.state.execution.outputs]).toEqual(['KILLED', undefined]);
  });
});
