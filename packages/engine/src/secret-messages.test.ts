import { createCipher } from '@tiercel/expressions';
import { INPUT_TYPES, sealed, type Flow, type FlowOutput } from '@tiercel/model';
import { describe, expect, it } from 'vitest';
import { Driver } from './testing/driver.ts';
import { flowOf, forEach, ifTask, inline, worker } from './testing/flows.ts';
import { jobVariables } from './variables.ts';

const cipher = createCipher('MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=', (size) => new Uint8Array(size).fill(7));
const server = { cipher };

/** Short, quoted, of several lines, longer than any message, broken JSON, broken YAML, a template. */
const SECRETS = [
  'topsecret99',
  'kwx"zqj\\vbn"hfd',
  'kwxzqjvbn one\nhfdtrplmc two\nzqjhfdkwx three',
  'kwxzqjvbnhfdtrplmc'.repeat(60),
  '{"kwxzqj": [vbnhfdtrplmc}',
  'kwxzqj: [vbnhfd: trplmc',
  '"kwxzqj vbnhfdtrplmc zqjvbnhf',
  '{{ kwxzqjvbnhfd | trplmc',
  `${'kwxzqjvbnhfdtrplmc'.repeat(20)} {{2|trplmcdfh( }} ${'zqjvbnhfd'.repeat(20)}`,
];

/** Nothing of this length of a secret is readable anywhere. */
const READABLE = 8;

function expectNothingOf(secret: string, text: string): void {
  const parts = Array.from({ length: secret.length - READABLE + 1 }, (_, at) => secret.slice(at, at + READABLE));
  expect(
    parts.find((part) => text.includes(part)),
    text,
  ).toBeUndefined();
}

const FAILING = [
  '{{ inputs.pw | number }}',
  "{{ inputs.pw | number('INT') }}",
  '{{ inputs.pw ~ 1 | number }}',
  '{{ json(inputs.pw) }}',
  '{{ yaml(inputs.pw) }}',
  "{{ inputs.pw | jq('.a | tonumber') }}",
  "{{ inputs.pw | jq('. * {}') }}",
  '{{ {"a": 1} | jq(inputs.pw) }}',
  '{{ inputs[inputs.pw] }}',
  '{{ inputs.pw.nothing }}',
  '{{ inputs.pw | date }}',
  '{{ now(timeZone=inputs.pw) }}',
  "{{ now() | date(inputs.pw ~ ' {') }}",
  '{{ 1 | numberFormat(inputs.pw ~ "0.0.0") }}',
  '{{ inputs.pw + 1 }}',
  '{{ inputs.pw > 1 }}',
  '{{ -inputs.pw }}',
  '{{ range(inputs.pw, 1) }}',
  '{{ 1 + (inputs.pw | length) + inputs.pw }}',
  "{{ 'x' | replace({(inputs.pw ~ '('): 'y'}, regexp=true) }}",
  "{{ ('%' ~ inputs.pw) | urldecode }}",
  "{{ decrypt('short', inputs.pw) }}",
  "{{ decrypt(inputs.pw, 'x') }}",
  '{{ kv(inputs.pw) }}',
  '{{ read(inputs.pw) }}',
  '{{ secret(inputs.pw) }}',
  '{{ render(inputs.pw) }}',
  '{{ inputs.pw }} {{ 1 | nofilter }}',
  '{{ error(inputs.pw) }}',
];

const start = (secret: string, tasks: Flow['tasks'], extra: Partial<Flow> = {}): Driver =>
  new Driver(flowOf(tasks, { inputs: [{ id: 'pw', type: 'SECRET' }], ...extra }), {
    server,
    inputs: { pw: cipher.seal(secret) },
    io: (fn, args) => ({ error: `${fn} cannot find '${Object.values(args).join()}'` }),
  }).feed();

/** All that the engine said, of an execution that ended one way or the other. */
const said = (driver: Driver): string => driver.logs.map(({ message }) => message).join('\n');

describe.each(SECRETS)('no message of the engine tells a secret: %#', (secret) => {
  it.each(FAILING)('%s', (template) => {
    const drivers = [
      start(secret, [ifTask('a', template, [inline('b')])]),
      start(secret, [inline('a', { runIf: template })]),
      start(secret, [forEach('a', template, [inline('b')])]),
      start(secret, [forEach('a', [template, 'x'], [inline('b')])]),
      start(secret, [inline('a')], { outputs: [{ id: 'o', type: 'STRING', value: template }] }),
    ];
    for (const driver of drivers) expectNothingOf(secret, said(driver));
  });

  it.each(INPUT_TYPES)('an output of the type %s', (type) => {
    for (const value of [
      '{{ inputs.pw }}',
      { deep: ['{{ inputs.pw }}'] },
      '["{{ inputs.pw }}", 1',
      '{{ inputs.pw }}: [',
    ]) {
      const output = { id: 'o', type, value } as FlowOutput;
      expectNothingOf(secret, said(start(secret, [inline('a')], { outputs: [output] })));
    }
  });

  it('values that make no loop', () => {
    for (const values of [
      '{{ inputs.pw }}',
      '["{{ inputs.pw }}", null]',
      '{"a": "{{ inputs.pw }}"}',
      [['{{ inputs.pw }}']],
    ])
      expectNothingOf(secret, said(start(secret, [forEach('a', values, [inline('b')])])));
  });
});

describe('the log of the engine', () => {
  it('still says what is wrong', () => {
    const d = start('topsecret99', [ifTask('a', '{{ inputs.pw | number }}', [inline('b')])]);
    expect(d.end).toBe('FAILED');
    expect(said(d)).toContain('`**masked***` is no number');
    const output = { id: 'o', type: 'INT', value: '{{ inputs.pw }}' } as const;
    expect(said(start('toppass99', [inline('a')], { outputs: [output] }))).toContain(
      'Failed to render output values: Invalid output `o`: For input string: "**masked*"',
    );
  });

  it('has stars for what `secret()` gave, also after the round that asked for it', () => {
    const d = new Driver(flowOf([ifTask('a', "{{ secret('KEY') | number }}", [inline('b')])]), {
      io: () => ({ value: 'kwxzqjvbn' }),
    }).feed();
    expect(said(d)).toContain('`**masked*` is no number');
  });

  it('has stars for encrypted outputs of tasks, and for items of secret lists', () => {
    const body = { ...sealed(cipher.seal('kwxzqjvbn')) };
    const outputs = new Driver(flowOf([inline('a'), inline('b', { runIf: '{{ outputs.a.body | number }}' })]), {
      server,
      behave: () => ({ outputs: { body } }),
    }).feed();
    expect(said(outputs)).toContain('`**masked*` is no number');
    const list = new Driver(
      flowOf([inline('b', { runIf: '{{ inputs.list[0] | number }}' })], {
        inputs: [{ id: 'list', type: 'ARRAY', itemType: 'SECRET' }],
      }),
      { server, inputs: { list: [body] } },
    ).feed();
    expect(said(list)).toContain('`**masked*` is no number');
  });

  it('has stars for a secret that a loop made its value', () => {
    const loop = forEach('each', ['{{ inputs.pw }}'], [inline('b', { runIf: '{{ taskrun.value | number }}' })]);
    expect(said(start('kwxzqjvbn', [loop]))).toContain('`**masked*` is no number');
  });

  it('tells that a value was encrypted with another key', () => {
    const other = createCipher('ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=', (size) => new Uint8Array(size).fill(7));
    const flow = flowOf([inline('a', { runIf: '{{ inputs.pw }}' })], { inputs: [{ id: 'pw', type: 'SECRET' }] });
    const d = new Driver(flow, { server: { cipher: other }, inputs: { pw: cipher.seal('x') } }).feed();
    expect(said(d)).toContain('The text can not be decrypted');
  });
});

describe('secret lists', () => {
  const inputs: Flow['inputs'] = [
    { id: 'list', type: 'ARRAY', itemType: 'SECRET', defaults: ['arrsecret1', 'arrsecret2'] },
    { id: 'many', type: 'MULTISELECT', itemType: 'SECRET', values: ['arrsecret3'], defaults: '["arrsecret3"]' },
  ];

  it('as defaults of executions that were started without inputs go to workers encrypted, item by item', () => {
    const d = new Driver(flowOf([worker('a', { message: '{{ inputs.list[1] }}' })], { inputs }), { server }).feed();
    const variables = jobVariables(d.state, d.the('a'), server);
    expect(JSON.stringify(variables)).not.toContain('arrsecret');
    const item = (text: string): object => sealed(cipher.seal(text));
    expect(variables['inputs']).toEqual({ list: ['arrsecret1', 'arrsecret2'].map(item), many: [item('arrsecret3')] });
  });

  it('are read as lists of texts', () => {
    const d = new Driver(
      flowOf([inline('a')], {
        inputs,
        outputs: [{ id: 'o', type: 'STRING', value: '{{ inputs.list | join }}{{ inputs.many }}' }],
      }),
      { server },
    ).feed();
    expect(d.state.execution.outputs).toEqual({ o: 'arrsecret1arrsecret2["arrsecret3"]' });
  });

  it('go along with every job, so that its log masks them', () => {
    const flow = flowOf([worker('a', { message: 'text' })], { inputs: [inputs[0]!] });
    const list = [{ ...sealed(cipher.seal('x')) }];
    const d = new Driver(flow, { server, inputs: { list } }).feed();
    expect(jobVariables(d.state, d.the('a'), server)['inputs']).toEqual({ list });
  });
});
