import { createCipher } from '@tiercel/expressions';
import { sealed, type JsonObject } from '@tiercel/model';
import { definitions as coreDefinitions } from '@tiercel/plugin-core';
import { defineTask, type RunContext, type TaskOutput } from '@tiercel/plugin-kit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { runAttempt } from './run-attempt.ts';
import type { AttemptServices } from './services.ts';
import { jobOf, memorySink, testServices, type TestServices } from './test-services.ts';

let body: (context: RunContext) => Promise<TaskOutput | undefined>;
const custom = defineTask({
  type: 'test.Custom',
  title: 'A task of the test.',
  lane: 'worker',
  properties: z.object({}),
  run: (context) => body(context),
});

const LOG = 'io.kestra.plugin.core.log.Log';
let setup: TestServices;
let services: AttemptServices;
beforeEach(async () => {
  setup = await testServices([...coreDefinitions, custom]);
  services = setup.services;
});
afterEach(() => setup.remove());

describe('encrypted values', () => {
  const cipher = createCipher('MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=', (size) => new Uint8Array(size).fill(7));
  const sealedText = (text: string): JsonObject => ({ ...sealed(cipher.seal(text)) });
  const attempt = async (message: string, variables: JsonObject) => {
    const sink = memorySink();
    const job = jobOf({ id: 't', type: LOG, message }, variables, { sealed: true });
    return { result: await runAttempt(job, { ...services, cipher }, undefined, sink), sink };
  };

  test('are decrypted for the task and masked in its log, even when another text brings them', async () => {
    const variables = { inputs: { token: sealedText('password'), n: 1 }, outputs: { a: { value: 'my password' } } };
    const { sink } = await attempt('{{ inputs.token }} {{ outputs.a.value }} {{ inputs.token | length }}', variables);
    expect(sink.messages()).toEqual(['INFO ******** my ******** 8']);
  });

  test('are masked in the excerpt of a template that is one of them', async () => {
    const token = `${'kwxzqjvbn'.repeat(20)} {{2|trplmcdfh( }} ${'zqjvbnhfd'.repeat(20)}`;
    const { sink, result } = await attempt('{{ render(inputs.token) }}', { inputs: { token: sealedText(token) } });
    expect(result.state).toBe('FAILED');
    expect(sink.messages()[0]).toMatch(/\n…\*\*masked\*+…\n *\^$/);
    expect(`${sink.messages().join()}${result.error}`).not.toMatch(/kwx|trpl|hfd/);
  });

  test('in lists are masked even when the task does not name them', async () => {
    const { sink } = await attempt('arrsecret1, arrsecret2', {
      inputs: { list: [sealedText('arrsecret1'), sealedText('arrsecret2')] },
    });
    expect(sink.messages()).toEqual(['INFO **masked**, **masked**']);
  });

  test('of outputs are decrypted as they are touched: another one may be from another key', async () => {
    const outputs = { a: { body: sealedText('abc') }, b: { body: { ...sealed('A'.repeat(80)) } } };
    const { sink } = await attempt('{{ outputs.a.body | length }} abc', { outputs });
    expect(sink.messages()).toEqual(['INFO 3 ***']);
    expect((await attempt('{{ outputs }}', { outputs })).result).toMatchObject({ state: 'FAILED' });
  });

  test('are made by a task for its outputs, and masked in its log and its metrics', async () => {
    const sink = memorySink();
    body = async (context) => {
      const kept = context.encryption()('kwxzqjvbn');
      context.logger.info('it is kwxzqjvbn');
      context.metric({ type: 'counter', name: 'n', value: 1, tags: { key: 'a kwxzqjvbn' } });
      return { outputs: { kept: { ...kept } } };
    };
    const job = jobOf({ id: 't', type: 'test.Custom' });
    const { outputs } = await runAttempt(job, { ...services, cipher }, undefined, sink);
    expect(outputs).toEqual({ kept: sealedText('kwxzqjvbn') });
    expect(sink.messages()).toEqual(['INFO it is **masked*']);
    expect(sink.metrics).toMatchObject([{ tags: { key: 'a **masked*' } }]);
    const keyless = await runAttempt(job, services, undefined, memorySink());
    expect(keyless.error).toBe('Unable to encrypt an output: encryption is not configured');
  });

  test('of outputs are decrypted, too', async () => {
    const { sink } = await attempt('{{ outputs.a.body | length }}', { outputs: { a: { body: sealedText('abc') } } });
    expect(sink.messages()).toEqual(['INFO 3']);
  });

  test('with another key fail the attempt', async () => {
    const { result } = await attempt('x', { inputs: { token: { ...sealed('A'.repeat(80)) } } });
    expect(result).toMatchObject({ state: 'FAILED', error: expect.stringContaining('can not be decrypted') });
  });
});
