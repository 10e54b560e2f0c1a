import { analyse } from '@tiercel/expressions';
import { describe, expect, it } from 'vitest';
import { pickVariables } from './variables.ts';

const pick = (template: string, variables: Record<string, unknown>, self: Record<string, unknown> = {}): unknown => {
  const {
    flow: _flow,
    execution: _execution,
    ...picked
  } = pickVariables({ flow: {}, execution: {}, ...variables }, analyse(template), self);
  return picked;
};

const OUTPUTS = { t: { a: { x: 1, y: 2 }, b: { x: 3 } }, other: { x: 4 } };

describe('variables of a job', () => {
  it('are those that the expressions name, and no more', () => {
    expect(
      pick('{{ outputs.other.x }} {{ inputs.name ?? 1 }}', {
        outputs: OUTPUTS,
        inputs: { name: 'n', secret: 's' },
        vars: { v: 1 },
      }),
    ).toEqual({
      outputs: { other: { x: 4 } },
      inputs: { name: 'n' },
    });
  });

  it('hold one entry of a loop when the subscript is the value of the run', () => {
    const self = { taskrun: { value: 'b' } };
    expect(pick('{{ outputs.t[taskrun.value].x }}', { outputs: OUTPUTS }, self)).toEqual({
      outputs: { t: { b: { x: 3 } } },
    });
  });

  it('follow the values of enclosing loops', () => {
    const nested = { outputs: { t: { v: { w: { x: 1 } }, other: {} } }, parents: [{ taskrun: { value: 'v' } }] };
    expect(
      pick('{{ outputs.t[parents[0].taskrun.value][taskrun.value] }}', nested, { taskrun: { value: 'w' } }),
    ).toMatchObject({
      outputs: { t: { v: { w: { x: 1 } } } },
    });
  });

  it('hold everything below a subscript that is computed', () => {
    expect(pick("{{ outputs.t['a' ~ ''].x }}", { outputs: OUTPUTS })).toEqual({ outputs: { t: OUTPUTS.t } });
  });

  it('hold a place whole when one expression needs it whole and another a part of it', () => {
    for (const template of ['{{ outputs.t.a.x }}{{ outputs.t }}', '{{ outputs.t }}{{ outputs.t.a.x }}']) {
      expect(pick(template, { outputs: OUTPUTS })).toEqual({ outputs: { t: OUTPUTS.t } });
    }
  });

  it('hold all when an expression is dynamic', () => {
    expect(pick('{{ render(vars.a) }}', { vars: { a: '{{ outputs.t }}' }, outputs: OUTPUTS })).toEqual({
      vars: { a: '{{ outputs.t }}' },
      outputs: OUTPUTS,
    });
  });
});
