import { createCipher } from '@tiercel/expressions';
import { isSealed, sealed, type Flow, type JsonObject } from '@tiercel/model';
import { describe, expect, it } from 'vitest';
import { Driver } from './testing/driver.ts';
import { flowOf, inline, worker } from './testing/flows.ts';
import { buildVariables, hasSealed, jobVariables } from './variables.ts';

const cipher = createCipher('MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=', (size) => new Uint8Array(size).fill(7));
const server = { cipher };
const SECRET: Partial<Flow> = { inputs: [{ id: 'token', type: 'SECRET' }] };

const start = (flow: Flow, inputs?: JsonObject, outputs?: JsonObject): Driver =>
  new Driver(flow, {
    server,
    ...(inputs !== undefined && { inputs }),
    ...(outputs !== undefined && { behave: () => ({ outputs }) }),
  }).feed();

describe('secrets', () => {
  it('are read by conditions of the engine, and stay encrypted in the row', () => {
    const flow = flowOf([inline('a', { runIf: "{{ inputs.token == 'hush' }}" })], SECRET);
    const d = start(flow, { token: cipher.seal('hush') });
    expect(d.state.current).toBe('SUCCESS');
    expect(JSON.stringify(d.state.execution)).not.toContain('hush');
    expect(d.the('a').history.at(-1)?.state).toBe('SUCCESS');
  });

  it('go to workers encrypted, also when the task does not name them', () => {
    const flow = flowOf([worker('a', { message: '{{ inputs.other }}' })], {
      inputs: [
        { id: 'deep.token', type: 'SECRET' },
        { id: 'other', type: 'STRING' },
        { id: 'third', type: 'STRING' },
      ],
    });
    const token = cipher.seal('hush');
    const d = start(flow, { deep: { token }, other: 'x', third: 'y' });
    expect(hasSealed(d.state)).toBe(true);
    expect(jobVariables(d.state, d.the('a'), server)['inputs']).toEqual({ other: 'x', deep: { token: sealed(token) } });
  });

  it('as defaults of executions that were started without inputs are encrypted, too', () => {
    const flow = flowOf([worker('a', { message: '{{ inputs }}' })], {
      inputs: [{ id: 'token', type: 'SECRET', defaults: 'hush' }],
    });
    const d = start(flow);
    expect(JSON.stringify(jobVariables(d.state, d.the('a'), server))).not.toContain('hush');
  });

  it('among outputs of tasks are read by the engine', () => {
    const output = { id: 'o', type: 'STRING', value: '{{ outputs.a.body }}' } as const;
    const d = start(flowOf([inline('a')], { outputs: [output] }), undefined, { body: { ...sealed(cipher.seal('x')) } });
    expect(d.state.execution.outputs).toEqual({ o: 'x' });
  });

  it('as outputs of the flow are encrypted values', () => {
    const output = { id: 'o', type: 'SECRET', value: '{{ 1 + 1 }}' } as const;
    const d = start(flowOf([inline('a')], { outputs: [output] }));
    const value = d.state.execution.outputs?.['o'];
    expect(isSealed(value) && cipher.open(value.value)).toBe('2');
    const without = new Driver(flowOf([inline('a')], { outputs: [output] })).feed();
    expect(without.state.current).toBe('FAILED');
    expect(without.logs.at(-1)?.message).toContain('as encryption is not configured');
  });
});

describe('the variable inputs', () => {
  const INPUTS: Flow['inputs'] = [
    { id: 'when', type: 'DATE', defaults: '2024-01-02' },
    { id: 'a.n', type: 'INT', defaults: '7' },
    { id: 'j', type: 'JSON', defaults: '{"k": [1]}' },
    { id: 'dep', type: 'STRING', defaults: 'x', dependsOn: { inputs: ['when'], condition: '{{ false }}' } },
  ];
  const inputsOf = (given?: JsonObject): unknown => {
    const d = start(flowOf([worker('w')], { inputs: INPUTS }), given);
    return buildVariables(d.state, undefined, {})['inputs'];
  };

  it('has typed defaults where an execution was started without inputs', () => {
    expect(inputsOf()).toEqual({ when: '2024-01-02', a: { n: 7 }, j: { k: [1] }, dep: 'x' });
  });

  it('has not those of inputs that were left out', () => {
    expect(inputsOf({ when: '2023-01-01', a: { n: null }, j: null })).toEqual({
      when: '2023-01-01',
      a: { n: null },
      j: null,
    });
  });
});

describe('flow outputs of every type', () => {
  it('are read as inputs are, without their bounds', () => {
    const outputs: Flow['outputs'] = [
      { id: 'dt', type: 'DATETIME', value: '2019-10-06T18:27:49+02:00' },
      { id: 'du', type: 'DURATION', value: 'PT90S' },
      { id: 'y', type: 'YAML', value: 'a: [1]' },
      { id: 'l', type: 'ARRAY', value: ['{{ 1 }}', 'x'] },
      { id: 'm', type: 'MULTISELECT', value: '["A"]' },
      { id: 'mail', type: 'EMAIL', value: 'nobody' },
      { id: 'none', type: 'INT', value: null, required: false },
    ];
    expect(start(flowOf([inline('a')], { outputs })).state.execution.outputs).toEqual({
      dt: '2019-10-06T16:27:49Z',
      du: 'PT1M30S',
      y: { a: [1] },
      l: ['1', 'x'],
      m: ['A'],
      mail: 'nobody',
      none: null,
    });
  });

  it('nothing is no value of a type', () => {
    const d = start(flowOf([inline('a')], { outputs: [{ id: 'n', type: 'INT', value: null }] }));
    expect(d.state.current).toBe('FAILED');
    expect(d.logs.at(-1)?.message).toContain('Invalid output `n`: Expected `INT` but received `null`');
  });
});
