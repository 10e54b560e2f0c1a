import { describe, expect, test } from 'vitest';
import { type IoCall, type IoResult, ioKey, NeedsIo, renderAsync, renderStructure, renderText } from './index.ts';
import { testEnv } from './testing.ts';

const empty = { get: () => undefined };

function neededBy(run: () => unknown): readonly IoCall[] {
  try {
    run();
  } catch (error) {
    if (error instanceof NeedsIo) return error.calls;
    throw error;
  }
  return [];
}

describe('calls that the host performs', () => {
  test('a missing result raises NeedsIo with name and arguments', () => {
    const calls = neededBy(() => renderText("{{ kv('a', namespace='n') }}", {}, testEnv({ memo: empty })));
    expect(calls).toEqual([
      { key: ioKey('kv', { key: 'a', namespace: 'n' }), fn: 'kv', args: { key: 'a', namespace: 'n' } },
    ]);
  });

  test('independent calls of one text and of one structure are asked for at once', () => {
    const env = testEnv({ memo: empty });
    expect(
      neededBy(() => renderText("{{ kv('a') }} {{ secret('b') }} {{ kv('a') }}", {}, env)).map((call) => call.fn),
    ).toEqual(['kv', 'secret']);
    const structure = { a: "{{ read('x') }}", b: ["{{ fileSize('kestra:///y') }}"] };
    expect(neededBy(() => renderStructure(structure, {}, env)).map((call) => call.fn)).toEqual(['read', 'fileSize']);
  });

  test('the rounds of a loop are asked for at once, unless they depend on one another', () => {
    const env = testEnv({ memo: empty });
    const keys = (template: string): unknown[] =>
      neededBy(() => renderText(template, {}, env)).map((call) => call.args['key']);
    expect(keys("{% for k in ['a', 'b', 'c'] %}{% if true %}{{ kv(k) }}{% endif %}{% endfor %}")).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(keys("{% for k in ['a', 'b'] %}{% set v = kv(k) %}{% endfor %}")).toEqual(['a']);
  });

  test('without a memo such a function fails with a clear message', () => {
    expect(() => renderText("{{ secret('a') }}", {}, testEnv())).toThrow('`secret` can not be used here');
  });

  test('an error of the host is an error of the expression, which ?? does not catch', () => {
    const memo = { get: (): IoResult => ({ error: "Cannot find secret for key 'a'." }) };
    expect(() => renderText("{{ secret('a') ?? 'x' }}", {}, testEnv({ memo }))).toThrow(
      "Cannot find secret for key 'a'.",
    );
  });

  test('every secret that is read is told for masking', () => {
    const secrets: string[] = [];
    const memo = { get: (): IoResult => ({ value: 's3cret' }) };
    const env = testEnv({ memo, onSecret: (value) => secrets.push(value) });
    expect(renderText("{{ secret('a') | upper }}", {}, env)).toBe('S3CRET');
    expect(secrets).toEqual(['s3cret']);
  });

  test('bad arguments fail before anything is asked of the host', () => {
    const env = testEnv({ memo: empty });
    expect(() => renderText("{{ kv('my key!') }}", {}, env)).toThrow('valid key');
    expect(() => renderText('{{ read() }}', {}, env)).toThrow('missing');
    expect(() => renderText('{{ secret(1) }}', {}, env)).toThrow('must be a text');
  });

  test('renderAsync performs calls that depend on one another', async () => {
    const values = new Map<string, unknown>([
      [ioKey('kv', { key: 'a' }), 'b'],
      [ioKey('kv', { key: 'b' }), { field: 1 }],
    ]);
    const rounds: number[] = [];
    const result = await renderAsync(
      (env) => renderText("{{ kv(kv('a')).field }}", {}, env),
      testEnv(),
      (calls) => {
        rounds.push(calls.length);
        return Promise.resolve(new Map(calls.map((call) => [call.key, { value: values.get(call.key) ?? null }])));
      },
    );
    expect(result).toBe('1');
    expect(rounds).toEqual([1, 1]);
  });

  test('renderAsync ends when the calls do not', async () => {
    let count = 0;
    const never = renderAsync(
      () => {
        count += 1;
        throw new NeedsIo([{ key: String(count), fn: 'kv', args: {} }]);
      },
      testEnv(),
      () => Promise.resolve(new Map()),
      3,
    );
    await expect(never).rejects.toThrow('more than 3 times');
  });
});

describe('encryption', () => {
  const key = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';

  test('what was encrypted can be read with the same key only', () => {
    const vars = { key, other: 'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY=' };
    const secret = renderText("{{ encrypt(key, 'Hällo') }}", vars, testEnv());
    expect(renderText(`{{ decrypt(key, '${secret}') }}`, vars, testEnv())).toBe('Hällo');
    expect(() => renderText(`{{ decrypt(other, '${secret}') }}`, vars, testEnv())).toThrow('can not be decrypted');
  });

  test('without secure random numbers nothing is encrypted', () => {
    const { now, random } = testEnv();
    expect(() => renderText("{{ encrypt(key, 'x') }}", { key }, { now, random })).toThrow('no secure random numbers');
  });
});
