import { Readable } from 'node:stream';
import type { IoCall } from '@tiercel/expressions';
import type { JsonObject } from '@tiercel/model';
import { describe, expect, it } from 'vitest';
import type { IntakeDeps } from '../deps.ts';
import { bench, flowSource, type Bench } from '../testing/bench.ts';
import { inOrder } from './order.ts';
import { createInputResolver } from './resolve.ts';
import type { ResolvedInput } from './verdict.ts';

const request = { tenant: 'main', namespace: 'company.team', flowId: 'f' };

function withInputs(inputs: string, deps: Partial<IntakeDeps> = {}): Bench {
  const b = bench({ seal: (text) => `sealed(${text})`, ...deps });
  b.save(flowSource('f', `inputs:\n${inputs}`));
  return b;
}

const inputsOf = async (b: Bench, inputs: JsonObject): Promise<JsonObject | undefined> =>
  (await b.intake.prepare({ ...request, inputs })).execution.inputs;
const report = (b: Bench, inputs: JsonObject): Promise<readonly ResolvedInput[]> =>
  b.intake.validateInputs({ ...request, inputs });

describe('inputs that depend on others', () => {
  const CHAIN = `  - {id: a, type: STRING}
  - {id: b, type: STRING, dependsOn: {inputs: [a], condition: "{{ inputs.a == 'on' }}"}}
  - {id: c, type: STRING, defaults: x, dependsOn: {inputs: [b]}}`;

  it('are asked for when the condition holds', async () => {
    const b = withInputs(CHAIN);
    expect(await inputsOf(b, { a: 'on', b: 'v' })).toEqual({ a: 'on', b: 'v', c: 'x' });
    await expect(inputsOf(b, { a: 'on' })).rejects.toThrow('Invalid input for `b`, missing required input');
  });

  it('are left out with all that depends on them when it does not, but shown with what was given', async () => {
    const b = withInputs(CHAIN);
    expect(await inputsOf(b, { a: 'off' })).toEqual({ a: 'off' });
    expect((await report(b, { a: 'off', b: 'v', c: 'w' })).map(({ value, enabled }) => [value, enabled])).toEqual([
      ['off', true],
      ['v', false],
      ['w', false],
    ]);
  });

  it('are disabled by a condition that is anything but true', async () => {
    const b = withInputs(
      `  - {id: a, type: STRING}\n  - {id: b, type: STRING, dependsOn: {inputs: [a], condition: "{{ 'true' }}"}}`,
    );
    expect(await inputsOf(b, { a: 'x' })).toEqual({ a: 'x' });
  });

  it('are disabled with an error by one that cannot be rendered, and see only what is listed', async () => {
    const b = withInputs(
      `  - {id: a, type: STRING}\n  - {id: n, type: INT, defaults: 1}\n  - {id: b, type: STRING, dependsOn: {inputs: [a], condition: "{{ inputs.n == 1 }}"}}`,
    );
    expect(await inputsOf(b, { a: 'x', b: 'y' })).toEqual({ a: 'x', n: 1 });
    expect((await report(b, { a: 'x', b: 'y' }))[2]).toMatchObject({
      enabled: false,
      value: 'y',
      error: expect.stringContaining('Invalid condition: '),
    });
  });

  it('may stand before them; dotted ids nest', async () => {
    const b = withInputs(
      `  - {id: z, type: STRING, dependsOn: {inputs: [a.b], condition: "{{ inputs.a.b == 3 }}"}}\n  - {id: a.b, type: INT}`,
    );
    expect(await inputsOf(b, { 'a.b': 3, z: 'y' })).toEqual({ z: 'y', a: { b: 3 } });
    expect((await report(b, { 'a.b': 3, z: 'y' })).map(({ input }) => input.id)).toEqual(['z', 'a.b']);
  });

  it('see secrets as they are', async () => {
    const b = withInputs(
      `  - {id: s, type: SECRET}\n  - {id: b, type: STRING, dependsOn: {inputs: [s], condition: "{{ inputs.s == 'hush' }}"}}`,
    );
    expect(await inputsOf(b, { s: 'hush', b: 'x' })).toEqual({ s: 'sealed(hush)', b: 'x' });
  });

  it('are put in order however long the chain, and a ring ends', () => {
    const ids = Array.from({ length: 50_000 }, (_, index) => `i${index}`);
    const inputs = ids.map((id, at) => ({
      id,
      type: 'INT' as const,
      dependsOn: { inputs: [ids[(at + 1) % ids.length]!, id, 'unknown'] },
    }));
    const order = inOrder(inputs).map(({ input }) => input.id);
    expect(new Set(order).size).toBe(ids.length);
    expect(order.slice(0, 2)).toEqual([ids.at(-1), ids.at(-2)]);
  });
});

describe('values from expressions', () => {
  const kv =
    (value: unknown) =>
    async (_flow: unknown, calls: readonly IoCall[]): Promise<ReadonlyMap<string, { value: unknown }>> =>
      new Map(calls.map(({ key }) => [key, { value }]));

  it('come from other inputs, as texts', async () => {
    const b = withInputs(
      `  - {id: list, type: ARRAY, itemType: INT}\n  - {id: one, type: SELECT, expression: "{{ inputs.list }}", dependsOn: {inputs: [list]}}\n  - {id: many, type: MULTISELECT, expression: "{{ inputs.list }}"}`,
    );
    expect(await inputsOf(b, { list: '[1, 2]', one: '2', many: '["1"]' })).toEqual({
      list: [1, 2],
      one: '2',
      many: ['1'],
    });
    const [, one] = await report(b, { list: [1, 2], one: '3' });
    expect(one?.input).toMatchObject({ values: ['1', '2'] });
    expect(one?.input).not.toHaveProperty('expression');
    expect(one?.error).toBe('Invalid input for `one`, it must match the values `[1, 2]`, but received `3`');
  });

  it('come from the key-value store', async () => {
    const b = withInputs('  - {id: one, type: SELECT, expression: "{{ kv(\'list\') }}"}', {
      perform: kv(['A', null, 7, { a: 1 }]),
    });
    expect(await inputsOf(b, { one: '7' })).toEqual({ one: '7' });
    expect((await report(b, {}))[0]?.input).toMatchObject({ values: ['A', '7', '{"a":1}'] });
  });

  it('must be a list', async () => {
    const b = withInputs('  - {id: one, type: SELECT, expression: "{{ \'text\' }}"}');
    await expect(inputsOf(b, { one: 'text' })).rejects.toThrow(
      'one: Invalid expression result. Expected a list of strings, but received String',
    );
  });

  it('that cannot be rendered refuse the input', async () => {
    const b = withInputs('  - {id: one, type: SELECT, expression: "{{ nothing.there }}"}');
    await expect(inputsOf(b, { one: 'x' })).rejects.toThrow("Cannot render 'expression'. Cause: ");
  });

  it('the first of them can be the default', async () => {
    const b = withInputs(
      `  - {id: one, type: SELECT, values: [A, B], autoSelectFirst: true}\n  - {id: many, type: MULTISELECT, expression: "{{ ['x', 'y'] }}", autoSelectFirst: true}`,
    );
    expect(await inputsOf(b, {})).toEqual({ one: 'A', many: ['x'] });
    const fixed = withInputs('  - {id: one, type: SELECT, values: [A, B], autoSelectFirst: true}');
    expect(await inputsOf(fixed, {})).toEqual({ one: 'A' });
  });
});

describe('defaults with expressions', () => {
  const DEFAULTS = `  - {id: n, type: INT, defaults: "{{ 20 + 1 }}"}
  - {id: twice, type: INT, defaults: "{{ inputs.n * 2 }}"}
  - {id: text, type: STRING, defaults: "{{ flow.id }} of {{ flow.namespace }}"}
  - {id: when, type: DATE, defaults: "{{ now() | date('yyyy-MM-dd') }}"}
  - {id: map, type: JSON, defaults: {a: ["{{ inputs.n }}"]}}
  - {id: raw, type: STRING, defaults: "{% raw %}{{ x }}{% endraw %}"}`;

  it('are rendered, with the inputs before them', async () => {
    const b = withInputs(DEFAULTS);
    expect(await inputsOf(b, { n: '5' })).toEqual({
      n: 5,
      twice: 10,
      text: 'f of company.team',
      when: '2026-01-02',
      map: { a: ['5'] },
      raw: '{{ x }}',
    });
  });

  it('are not rendered when a value is given, and values never are', async () => {
    const b = withInputs('  - {id: s, type: STRING, defaults: "{{ nothing.there }}"}');
    expect(await inputsOf(b, { s: '{{ 1 + 1 }}' })).toEqual({ s: '{{ 1 + 1 }}' });
    await expect(inputsOf(b, {})).rejects.toThrow("s: Cannot render 'defaults'. Cause: ");
    await expect(inputsOf(b, {})).rejects.toThrow(/\nline 1, column \d+:\n.*\n *\^/);
  });

  it('fill the inputs of an execution that was started without any', async () => {
    const b = withInputs(
      `  - {id: needed, type: STRING}\n  - {id: bad, type: INT, defaults: "{{ 'x' }}"}\n${DEFAULTS}`,
    );
    const flow = await b.intake.begin({ ...request, validateOnly: true });
    const defaults = await createInputResolver(flow.flow, {
      isAddress: () => false,
      render: { typed: async () => true, data: async () => 42 },
    }).defaults();
    expect(defaults).toMatchObject({ n: 42, bad: 42 });
    expect(defaults).not.toHaveProperty('needed');
  });
});

describe('a flow whose inputs stand for themselves', () => {
  it('is resolved without a promise', () => {
    const resolver = createInputResolver({ inputs: [{ id: 'a', type: 'SELECT', values: ['A'] }] } as never, {
      isAddress: () => false,
      render: undefined as never,
    });
    expect(resolver.resolve({ a: 'A' })).toEqual([{ input: expect.anything(), enabled: true, value: 'A' }]);
    expect(resolver.defaults()).toBeUndefined();
  });
});

describe('secrets', () => {
  it('are stored encrypted, also in lists', async () => {
    const b = withInputs('  - {id: s, type: SECRET, validator: "[a-z]+"}\n  - {id: l, type: ARRAY, itemType: SECRET}');
    expect(await inputsOf(b, { s: 'hush', l: '["x"]' })).toEqual({
      s: 'sealed(hush)',
      l: [{ type: 'io.kestra.datatype:aes_encrypted', value: 'sealed(x)' }],
    });
  });

  it('are not repeated by refusals and reports', async () => {
    const b = withInputs('  - {id: s, type: SECRET, validator: "[a-z]+"}');
    const [verdict] = await report(b, { s: 'HUSH' });
    expect(verdict?.error).toBe('Invalid input for `s`, it must match the pattern `[a-z]+`, but received `******`');
    expect(verdict).not.toHaveProperty('value');
  });

  it('need a key', async () => {
    const b = withInputs('  - {id: s, type: SECRET}', { seal: undefined });
    await expect(inputsOf(b, { s: 'x' })).rejects.toThrow(
      'Unable to use a `SECRET` input/output as encryption is not configured',
    );
  });
});

describe('files with certain extensions', () => {
  const FILE = '  - {id: doc, type: FILE, allowedFileExtensions: [.csv, .txt]}';
  const upload = async (b: Bench, field: string, name: string, validateOnly = false) => {
    const session = await b.intake.begin({ ...request, validateOnly });
    await session.file(field, name, Readable.from([Buffer.from('x')]));
    return session;
  };

  it('are taken by their own name, and by the first extension when the part has no name of a file', async () => {
    const b = withInputs(FILE);
    await (await upload(b, 'doc', 'Data.CSV')).commit();
    await (await upload(b, 'files', 'doc')).commit();
    expect([...b.files.keys()]).toEqual([
      expect.stringMatching(/\/doc\/Data\.CSV$/),
      expect.stringMatching(/\/doc\/\w+\.csv$/),
    ]);
  });

  it('are refused before anything is stored', async () => {
    const b = withInputs(FILE);
    const session = await upload(b, 'doc', 'data.pdf');
    expect(b.files.size).toBe(0);
    await expect(session.commit()).rejects.toThrow('File type not allowed. Accepted extensions: .csv, .txt');
    const [verdict] = await (await upload(b, 'doc', 'data.pdf', true)).report();
    expect(verdict?.error).toContain('File type not allowed');
  });
});
