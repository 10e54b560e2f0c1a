import { defineTask, fixedBoolean, TaskFailure, type TaskOutput } from '@tiercel/plugin-kit';
import { z } from 'zod';
import { type Answer, exchange } from './exchange.ts';
import { DEFAULT_MAX_CONTENT_LENGTH, defaultOptions, httpProperties, type HttpProperties } from './properties.ts';

const properties = z.object({
  ...httpProperties,
  encryptBody: fixedBoolean(
    false,
    'Whether the body of the answer is encrypted: it is the output `encryptedBody` then, which expressions read as it is, and it is ' +
      'masked in the log. Needs a key of the server.',
  ),
});

/** `io.kestra.plugin.core.http.Request` (execution-semantics.md §14.1). */
export const httpRequest = defineTask({
  type: 'io.kestra.plugin.core.http.Request',
  aliases: ['io.kestra.plugin.fs.http.Request'],
  title: 'Call an address by HTTP and keep the answer as outputs.',
  examples: [
    {
      title: 'Send JSON with a token',
      code: `id: example
namespace: company.team

tasks:
  - id: call
    type: io.kestra.plugin.core.http.Request
    uri: https://example.com/orders
    method: POST
    headers:
      Authorization: "Bearer {{ secret('TOKEN') }}"
    body: |
      {"order": 4711}
  - id: status
    type: io.kestra.plugin.core.log.Log
    message: "Answered {{ outputs.call.code }}"
`,
    },
  ],
  metrics: [
    {
      name: 'response.length',
      type: 'counter',
      unit: 'bytes',
      description: 'Size of the answer, tagged with `request.method` and `response.code`.',
    },
  ],
  lane: 'worker',
  properties,
  outputs: z.object({
    uri: z.string().meta({ title: 'The address that was called.' }),
    code: z.int().meta({ title: 'Status of the answer.' }),
    headers: z.record(z.string(), z.array(z.string())).meta({ title: 'Headers of the answer.' }),
    body: z.string().optional().meta({ title: 'Body of the answer; absent when it is empty.' }),
    encryptedBody: z.string().optional().meta({ title: 'Body of the answer in place of `body`, with `encryptBody`.' }),
  }),
  run: async (context, values) => {
    // Before the call: its answer could not be kept without a key.
    const encrypt = values.encryptBody ? context.encryption() : undefined;
    const keep = async (answer: Answer): Promise<TaskOutput> => {
      const bytes = await collect(answer, values);
      const tags = { 'request.method': values.method, 'response.code': String(answer.status) };
      context.metric({ type: 'counter', name: 'response.length', value: bytes.length, tags });
      const { uri, status: code, headers } = answer;
      const told = { uri, code, headers };
      if (bytes.length === 0) return { outputs: told };
      const body = asText(bytes, answer, values);
      return { outputs: encrypt === undefined ? { ...told, body } : { ...told, encryptedBody: { ...encrypt(body) } } };
    };
    return exchange(context, values, keep, { hidesBody: values.encryptBody });
  },
});

/** The whole body in memory, which is why it has a limit; HEAD has no body, whatever length it tells. */
async function collect(answer: Answer, { method, options }: HttpProperties): Promise<Buffer> {
  const limit = options?.maxContentLength ?? DEFAULT_MAX_CONTENT_LENGTH;
  const tooLarge = (): TaskFailure =>
    new TaskFailure(
      `The answer is larger than ${limit} bytes (\`options.maxContentLength\`): raise the limit, or use the task http.Download`,
    );
  if (method !== 'HEAD' && Number(answer.header('content-length') ?? 0) > limit) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > limit) throw tooLarge();
  }
  return Buffer.concat(chunks);
}

function decoderFor(charset: string) {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch (error) {
    throw new TaskFailure(`The character set '${charset}' of the answer is unknown; see \`options.defaultCharset\``, {
      cause: error,
    });
  }
}

function asText(bytes: Buffer, answer: Answer, { options }: HttpProperties): string {
  const named = /;\s*charset="?([\w.:-]+)/i.exec(answer.header('content-type') ?? '')?.[1];
  const charset = named ?? (options ?? defaultOptions).defaultCharset;
  const decoder = decoderFor(charset);
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw new TaskFailure(
      `Illegal unicode code point in the body of the answer: it is no text in ${charset}. Use the task http.Download for files`,
      { cause: error },
    );
  }
}
