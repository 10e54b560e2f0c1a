import type { IoCall, IoResult } from '@tiercel/expressions';
import { INPUT_TYPES, type JsonObject } from '@tiercel/model';
import { describe, expect, it } from 'vitest';
import { bench, flowSource, type Bench } from '../testing/bench.ts';
import type { ResolvedInput } from './verdict.ts';

const request = { tenant: 'main', namespace: 'company.team', flowId: 'f' };
const HIDDEN_LIST = { id: 'list', type: 'ARRAY', itemType: 'SECRET', required: false };

/** Short, quoted, of several lines, longer than any message, broken JSON, broken YAML. */
const SECRETS = [
  'topsecret99',
  'kwx"zqj\\vbn"hfd',
  'kwxzqjvbn one\nhfdtrplmc two',
  'kwxzqjvbnhfdtrplmc'.repeat(60),
  '["kwxzqj", [vbnhfdtrplmc]',
  'kwxzqj: [vbnhfd: trplmc',
];
/** Nothing of this length of a secret is readable anywhere. */
const READABLE = 8;

function withInputs(inputs: readonly object[], secret = ''): Bench {
  const perform = async (_flow: unknown, calls: readonly IoCall[]): Promise<ReadonlyMap<string, IoResult>> =>
    new Map(calls.map(({ key, fn }) => [key, fn === 'secret' ? { value: secret } : { error: `no ${fn}` }]));
  const b = bench({ seal: (text) => `sealed ${text.length}`, perform });
  b.save(flowSource('f', `inputs: ${JSON.stringify(inputs)}\n`));
  return b;
}

const report = (b: Bench, inputs: JsonObject): Promise<readonly ResolvedInput[]> =>
  b.intake.validateInputs({ ...request, inputs });

/** What a client is told that starts an execution with these values, and what one that validates them. */
async function told(b: Bench, inputs: JsonObject): Promise<string> {
  const refusal = await b.intake.prepare({ ...request, inputs }).then(
    () => '',
    (error: unknown) => `${String(error)}\n${JSON.stringify((error as { violations?: unknown }).violations)}`,
  );
  return `${refusal}\n${JSON.stringify((await report(b, inputs)).map((verdict) => ({ ...verdict })))}`;
}

function expectNothingOf(secret: string, text: string): void {
  const parts = Array.from({ length: secret.length - READABLE + 1 }, (_, at) => secret.slice(at, at + READABLE));
  expect(
    parts.find((part) => text.includes(part)),
    text,
  ).toBeUndefined();
}

const extrasOf = (type: string): object => {
  if (type === 'ENUM' || type === 'SELECT') return { values: ['x'] };
  if (type === 'MULTISELECT') return { values: ['x'], itemType: 'STRING' };
  return type === 'ARRAY' ? { itemType: 'INT' } : {};
};

describe.each(SECRETS)('nobody is told a secret: %#', (secret) => {
  it.each(INPUT_TYPES)('by an input of the type %s whose default is made of one', async (type) => {
    if (type === 'FILE') return;
    for (const defaults of ['{{ inputs.pw }}', 'x {{ inputs.pw }} {{ inputs.pw }}', "{{ secret('KEY') }}"]) {
      const inputs = [
        { id: 'pw', type: 'SECRET' },
        { id: 'd', type, defaults, dependsOn: { inputs: ['pw'] }, ...extrasOf(type) },
      ];
      expectNothingOf(secret, await told(withInputs(inputs, secret), { pw: secret }));
    }
  });

  it.each(['SECRET', 'ARRAY', 'MULTISELECT'])('by the type %s that keeps it', async (type) => {
    const item = type === 'SECRET' ? { validator: '[0-9]' } : { itemType: 'SECRET', values: ['x'] };
    const b = withInputs([{ id: 'pw', type, ...(type === 'ARRAY' ? { itemType: 'SECRET' } : item) }]);
    for (const pw of [
      secret,
      [secret, null],
      { deep: secret },
      [[secret]],
      `["${secret}", 1`,
      JSON.stringify([secret, null]),
    ])
      expectNothingOf(secret, await told(b, { pw }));
  });

  it.each(INPUT_TYPES)('by an input of the type %s that was given the same', async (type) => {
    if (type === 'STRING' || type === 'JSON' || type === 'YAML' || type === 'BOOLEAN') return;
    const b = withInputs([
      { id: 'pw', type: 'SECRET' },
      { id: 'd', type, ...extrasOf(type) },
    ]);
    const [, verdict] = await report(b, { pw: secret, d: secret });
    expectNothingOf(secret, verdict?.error ?? '');
  });

  it.each([
    '{{ inputs.pw | number }}',
    '{{ json(inputs.pw) }}',
    '{{ inputs[inputs.pw] }}',
    '{{ inputs.pw | date }}',
    '{{ [inputs.pw] }}',
    '{{ {"a": inputs.pw} }}',
    "{{ secret('KEY') | number }}",
    "{{ [secret('KEY')] }}",
  ])('by %s', async (template) => {
    const b = withInputs(
      [
        { id: 'pw', type: 'SECRET' },
        { id: 'c', type: 'INT', dependsOn: { inputs: ['pw'], condition: template } },
        { id: 'e', type: 'SELECT', expression: template, dependsOn: { inputs: ['pw'] } },
        { id: 'm', type: 'MULTISELECT', expression: template, dependsOn: { inputs: ['pw'] } },
        { id: 'd', type: 'INT', defaults: template, dependsOn: { inputs: ['pw'] } },
        { id: 's', type: 'STRING', defaults: template, dependsOn: { inputs: ['pw'] } },
      ],
      secret,
    );
    expectNothingOf(secret, await told(b, { pw: secret, m: ['x'] }));
    expectNothingOf(secret, await told(b, { pw: secret, e: 'x', d: 1, s: 'x' }));
  });
});

describe('messages about secrets', () => {
  it('still say what is wrong', async () => {
    const b = withInputs([
      { id: 'pw', type: 'SECRET' },
      { id: 'c', type: 'INT', dependsOn: { inputs: ['pw'], condition: '{{ inputs.pw | number }}' } },
      { id: 'e', type: 'SELECT', expression: '{{ inputs.pw | number }}' },
      { id: 'd', type: 'INT', defaults: '{{ inputs.pw }}' },
    ]);
    const [, c, e, d] = await report(b, { pw: 'topsecret99' });
    expect(c?.error).toContain('Invalid condition: `**masked***` is no number');
    expect(e?.error).toContain("Cannot render 'expression'. Cause: `**masked***` is no number");
    expect(d).toMatchObject({ error: expect.stringContaining('"**masked***"'), value: '**masked***' });
  });

  it('hide a list that is none, with the reason', async () => {
    const b = withInputs([{ ...HIDDEN_LIST }]);
    const [verdict] = await report(b, { list: '["listsecret", 1' });
    expect(verdict?.error).toMatch(
      /^Invalid input for `list`, Expected `ARRAY` but received `\*{6}` with errors:\n```\n.* in JSON .*\n```, but received `\*{6}`$/,
    );
  });

  it('hide what a JSON input has made of a secret', async () => {
    const b = withInputs([
      { id: 'pw', type: 'SECRET' },
      { id: 'j', type: 'JSON', defaults: '{{ inputs.pw }}' },
    ]);
    const [, j] = await report(b, { pw: '{"key": "kwxzqjvbn", "n": 1}' });
    expect(j?.value).toEqual({ key: '**masked*', n: 1 });
  });

  it('leave the values alone that an execution keeps', async () => {
    const b = withInputs([
      { id: 'pw', type: 'SECRET' },
      { id: 's', type: 'STRING', defaults: 'Bearer {{ inputs.pw }}' },
    ]);
    const row = await b.intake.prepare({ ...request, inputs: { pw: 'topsecret99' } });
    expect(row.execution.inputs).toEqual({ pw: 'sealed 11', s: 'Bearer topsecret99' });
    expect((await report(b, { pw: 'topsecret99' })).map(({ value }) => value)).toEqual([
      'sealed 11',
      'Bearer **masked***',
    ]);
  });
});
