import { describe, expect, it } from 'vitest';
import { IntakeError } from './errors.ts';
import { bench, flowSource } from './testing/bench.ts';
import type { WebhookOutcome } from './webhook.ts';
import type { Multimap, WebhookRequest } from './webhook-request.ts';

const HOOK = 'triggers:\n  - id: hook\n    type: io.kestra.plugin.core.trigger.Webhook\n    key: s3cret\n';

interface Call {
  readonly flowId?: string;
  readonly key?: string;
  readonly body?: string;
  readonly headers?: Multimap;
  readonly parameters?: Multimap;
}

const call = ({
  flowId = 'f',
  key = 's3cret',
  body = '',
  headers = {},
  parameters = {},
}: Call = {}): WebhookRequest => ({
  tenant: 'main',
  namespace: 'company.team',
  flowId,
  key,
  headers,
  parameters,
  body: () => Promise.resolve(Buffer.from(body)),
});

const codeOf = (promise: Promise<WebhookOutcome>): Promise<string> =>
  promise.then(
    ({ kind }) => kind,
    (error: unknown) => (error instanceof IntakeError ? error.code : String(error)),
  );

function withFlow(extra = HOOK, overrides: Parameters<typeof bench>[0] = {}): ReturnType<typeof bench> {
  const b = bench(overrides);
  b.save(flowSource('f', extra));
  return b;
}

describe('webhook', () => {
  it('makes an execution with body, headers and parameters as trigger variables and the labels of the flow only', async () => {
    const b = withFlow(`${HOOK}labels: {a: b}`);
    const headers = { 'content-type': ['application/json'] };
    const parameters = { age: ['12', '13'] };
    const outcome = await b.intake.handleWebhook(call({ body: '{"a":1}', headers, parameters }));
    expect(outcome.kind).toBe('accepted');
    expect(b.rows[0]?.execution).toMatchObject({
      labels: [{ key: 'a', value: 'b' }],
      trigger: {
        id: 'hook',
        type: 'io.kestra.plugin.core.trigger.Webhook',
        variables: { body: { a: 1 }, headers, parameters },
      },
    });
    expect(b.rows[0]?.execution.inputs).toBeUndefined();
    expect(b.hinted).toHaveLength(1);
  });

  it.each([
    ['[1, {"a": null}]', [1, { a: null }]],
    [' {"a": 1}', { a: 1 }],
    ['\uFEFF{"a": 1}', { a: 1 }],
    ['5', '5'],
    ['plain text', 'plain text'],
    ['{"broken": ', '{"broken": '],
    ['['.repeat(5000) + ']'.repeat(5000), '['.repeat(5000) + ']'.repeat(5000)],
  ])('the body %j is what expressions see', async (body, expected) => {
    const b = withFlow();
    await b.intake.handleWebhook(call({ body }));
    expect(b.rows[0]?.execution.trigger?.variables?.['body']).toEqual(expected);
  });

  it('an empty body is no variable', async () => {
    const b = withFlow();
    await b.intake.handleWebhook(call());
    expect(b.rows[0]?.execution.trigger?.variables).toEqual({ headers: {}, parameters: {} });
  });

  it('refuses unknown flows and keys, disabled triggers, disabled and invalid flows, without reading the body', async () => {
    const b = withFlow();
    b.save(flowSource('off', `disabled: true\n${HOOK}`));
    b.save(flowSource('hookoff', `${HOOK}    disabled: true\n`));
    b.save('id: broken\nnamespace: company.team\ntasks: 1');
    let reads = 0;
    const refused = (request: Call): Promise<string> =>
      codeOf(
        b.intake.handleWebhook({
          ...call(request),
          body: () => {
            reads += 1;
            return Promise.resolve(Buffer.alloc(0));
          },
        }),
      );
    expect(await refused({ flowId: 'nope' })).toBe('flow-not-found');
    expect(await refused({ key: 'wrong' })).toBe('webhook-not-found');
    expect(await refused({ key: '' })).toBe('webhook-not-found');
    expect(await refused({ flowId: 'hookoff' })).toBe('webhook-not-found');
    expect(await refused({ flowId: 'off' })).toBe('flow-disabled');
    expect(await refused({ flowId: 'broken' })).toBe('flow-invalid');
    expect(reads).toBe(0);
    expect(b.rows).toEqual([]);
  });

  it('renders and trims keys; one that cannot be rendered just does not match', async () => {
    const b = withFlow(`variables: {k: mine}
triggers:
  - {id: bad, type: io.kestra.plugin.core.trigger.Webhook, key: "{{ vars.nope }}"}
  - {id: good, type: io.kestra.plugin.core.trigger.Webhook, key: " {{ vars.k }}-{{ trigger.id }} "}
`);
    const outcome = await b.intake.handleWebhook(call({ key: 'mine-good' }));
    expect(outcome).toMatchObject({ execution: { trigger: { id: 'good' } } });
    expect(b.errors).toHaveLength(1);
  });

  it('asks for secrets that a key needs', async () => {
    const b = withFlow(HOOK.replace('s3cret', `"{{ secret('K') }}"`), {
      perform: async (_flow, calls) => new Map(calls.map(({ key }) => [key, { value: 'hidden' }])),
    });
    expect(await codeOf(b.intake.handleWebhook(call({ key: 'hidden' })))).toBe('accepted');
    expect(await codeOf(b.intake.handleWebhook(call({ key: 'other' })))).toBe('webhook-not-found');
  });

  it('tells no secret where a condition or a key cannot be rendered', async () => {
    const b = withFlow(
      `${HOOK}    conditions: [{type: io.kestra.plugin.core.condition.Expression, expression: "{{ secret('K') | number }}"}]
  - {id: other, type: io.kestra.plugin.core.trigger.Webhook, key: "{{ secret('K') | number }}"}\n`,
      { perform: async (_flow, calls) => new Map(calls.map(({ key }) => [key, { value: 'topsecret99' }])) },
    );
    expect(await codeOf(b.intake.handleWebhook(call()))).toBe('conditions-false');
    expect(await codeOf(b.intake.handleWebhook(call({ key: 'wrong' })))).toBe('webhook-not-found');
    expect(b.errors).toEqual([
      expect.stringContaining('`**masked***` is no number'),
      expect.stringContaining('`**masked***` is no number'),
    ]);
  });

  describe('conditions', () => {
    const conditions = (lines: string): ReturnType<typeof bench> => withFlow(`${HOOK}    conditions:\n${lines}`);
    const expression = (text: string): string =>
      `      - {type: io.kestra.plugin.core.condition.Expression, expression: "${text}"}\n`;

    it.each([
      [expression("{{ trigger.body.hello == 'world' }}"), 'accepted'],
      [expression("{{ trigger.body.hello == 'moon' }}"), 'conditions-false'],
      [expression('{{ trigger.body.nope }}'), 'conditions-false'],
      [expression('{{ execution.id }}{{ flow.id }}{{ labels.a }}'), 'accepted'],
      [expression('  '), 'conditions-false'],
      [expression('0'), 'accepted'],
      [expression('true') + expression('false'), 'conditions-false'],
      [
        '      - {type: io.kestra.plugin.core.condition.ExecutionNamespace, namespace: company, prefix: true}',
        'accepted',
      ],
      ['      - {type: io.kestra.plugin.core.condition.ExecutionNamespace, namespace: company}', 'conditions-false'],
      ['      - {type: io.kestra.plugin.core.condition.ExecutionFlow, namespace: company.team, flowId: f}', 'accepted'],
      ['      - {type: io.kestra.plugin.core.condition.ExecutionLabels, labels: {a: b}}', 'accepted'],
      ['      - {type: io.kestra.plugin.core.condition.ExecutionLabels, labels: {a: c}}', 'conditions-false'],
      [
        `      - type: io.kestra.plugin.core.condition.Not\n        conditions:\n    ${expression('true')}`,
        'conditions-false',
      ],
      [
        `      - type: io.kestra.plugin.core.condition.Or\n        conditions:\n    ${expression('false')}    ${expression('true')}`,
        'accepted',
      ],
    ])('%s → %s', async (lines, kind) => {
      const b = conditions(`${lines}\nlabels: {a: b}`);
      expect(await codeOf(b.intake.handleWebhook(call({ body: '{"hello": "world"}' })))).toBe(kind);
      expect(b.rows).toHaveLength(kind === 'accepted' ? 1 : 0);
    });
  });

  it('without inputs, defaults that are expressions are rendered, and what is required is not', async () => {
    const b = bench();
    b.save(
      flowSource(
        'f',
        `${HOOK}inputs:\n  - {id: needed, type: STRING}\n  - {id: day, type: DATE, defaults: "{{ now() | date('yyyy-MM-dd') }}"}\n`,
      ),
    );
    await b.intake.handleWebhook(call());
    expect(b.rows[0]?.execution.inputs).toEqual({ day: '2026-01-02' });
  });

  describe('the inputs parameter', () => {
    const INPUTS = `${HOOK}inputs:\n  - {id: greeting, type: STRING, defaults: hello}\n  - {id: count, type: INT, required: false}\n`;

    it.each([
      [['{"greeting":"hey","count":3}'], { greeting: 'hey', count: 3 }],
      [['greeting:hey'], { greeting: 'hey', count: null }],
      [['greeting: a:b '], { greeting: 'a:b', count: null }],
      [['greeting:x', 'count:4'], { greeting: 'x', count: 4 }],
      [['{}'], { greeting: 'hello', count: null }],
    ])('%j fills the inputs and stays visible', async (inputs, expected) => {
      const b = withFlow(INPUTS);
      await b.intake.handleWebhook(call({ parameters: { inputs } }));
      expect(b.rows[0]?.execution.inputs).toEqual(expected);
      expect(b.rows[0]?.execution.trigger?.variables?.['parameters']).toEqual({ inputs });
    });

    it.each([
      [['{"count":"many"}'], 'invalid-inputs'],
      [['{broken'], 'invalid-request'],
      [['nothing'], 'invalid-request'],
      [[':x'], 'invalid-request'],
    ])('%j is refused', async (inputs, code) => {
      const b = withFlow(INPUTS);
      expect(await codeOf(b.intake.handleWebhook(call({ parameters: { inputs } })))).toBe(code);
      expect(b.rows).toEqual([]);
    });

    it.each([
      [
        ['pw:topsecret99', 'greeting:hey'],
        ['pw:**masked***', 'greeting:hey'],
      ],
      [['{"pw": "topsecret99", "list": ["one-secret"]}'], ['{"pw": "**masked***", "list": ["**masked**"]}']],
    ])('%j: secret ones are kept as inputs only', async (inputs, shown) => {
      const declared = 'inputs: [{id: greeting, type: STRING, required: false}, {id: pw, type: SECRET}, ';
      const b = withFlow(`${HOOK}${declared}{id: list, type: ARRAY, itemType: SECRET, required: false}]\n`, {
        seal: (text) => `sealed ${text.length}`,
      });
      await b.intake.handleWebhook(call({ parameters: { inputs, other: ['x'] } }));
      expect(JSON.stringify(b.rows)).not.toMatch(/topsecret99|one-secret/);
      expect(b.rows[0]?.execution.inputs).toMatchObject({ pw: 'sealed 11' });
      expect(b.rows[0]?.execution.trigger?.variables?.['parameters']).toEqual({ inputs: shown, other: ['x'] });
    });

    it('names the limit when it is nested too deeply', async () => {
      const parameters = { inputs: ['{"greeting":'.repeat(300)] };
      await expect(withFlow(INPUTS).intake.handleWebhook(call({ parameters }))).rejects.toThrow(
        'the JSON of the query parameter `inputs` is nested deeper than 200 levels',
      );
    });
  });

  it('recognises the repeat of a delivery, for each trigger on its own', async () => {
    const b = withFlow();
    const headers = { 'x-github-delivery': ['abc'], 'x-request-id': ['1'] };
    const first = await b.intake.handleWebhook(call({ headers }));
    const again = await b.intake.handleWebhook(call({ headers }));
    expect(again).toEqual({ kind: 'repeat', executionId: first.kind === 'accepted' ? first.execution.id : '' });
    expect(await codeOf(b.intake.handleWebhook(call({ headers: { 'x-request-id': ['1'] } })))).toBe('accepted');
    expect(await codeOf(b.intake.handleWebhook(call({ headers: { 'webhook-id': ['abc'] } })))).toBe('accepted');
    expect(b.rows.map(({ delivery }) => delivery?.key)).toEqual([
      'main/company.team/f/hook/x-github-delivery/abc',
      undefined,
      'main/company.team/f/hook/webhook-id/abc',
    ]);
  });

  it('refuses a body over the limit', async () => {
    const b = withFlow(HOOK, { limits: { maxBodyBytes: 3 } });
    expect(await codeOf(b.intake.handleWebhook(call({ body: '1234' })))).toBe('too-large');
  });
});
