import { randomUUID } from 'node:crypto';
import { posix } from 'node:path';
import { pipeline, Transform, type TransformCallback } from 'node:stream';
import { defineTask, fixedBoolean, TaskFailure } from '@tiercel/plugin-kit';
import { z } from 'zod';
import { type Answer, exchange } from './exchange.ts';
import { httpProperties } from './properties.ts';

const properties = z.object({
  ...httpProperties,
  failOnEmptyResponse: fixedBoolean(true, 'Whether the task fails when the file is empty.'),
});

/** `io.kestra.plugin.core.http.Download` (execution-semantics.md §14.1). */
export const httpDownload = defineTask({
  type: 'io.kestra.plugin.core.http.Download',
  aliases: ['io.kestra.plugin.fs.http.Download'],
  title: 'Download a file by HTTP into the internal storage.',
  description: 'The file is streamed.',
  examples: [
    {
      title: 'Keep a file and count its lines',
      code: `id: example
namespace: company.team

tasks:
  - id: fetch
    type: io.kestra.plugin.core.http.Download
    uri: https://example.com/orders.csv
  - id: count
    type: io.kestra.plugin.scripts.shell.Commands
    commands:
      - wc -l {{ outputs.fetch.uri }}
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
    uri: z.string().meta({ title: 'Address of the stored file.' }),
    code: z.int().meta({ title: 'Status of the answer.' }),
    headers: z.record(z.string(), z.array(z.string())).meta({ title: 'Headers of the answer.' }),
    length: z.int().meta({ title: 'Size of the file in bytes.' }),
  }),
  run: async (context, values) =>
    exchange(context, values, async (answer) => {
      const check = new Check({
        answer,
        limit: values.options?.maxContentLength,
        mayBeEmpty: !values.failOnEmptyResponse || values.allowFailed || values.method === 'HEAD',
        hasBody: values.method !== 'HEAD',
      });
      // The storage reads `check` and so gets every failure before it.
      const content = pipeline(answer.body, check, () => undefined);
      const uri = await context.storage.put(fileName(answer), content);
      const tags = { 'request.method': values.method, 'response.code': String(answer.status) };
      context.metric({ type: 'counter', name: 'response.length', value: check.size, tags });
      return { outputs: { uri, code: answer.status, headers: answer.headers, length: check.size } };
    }),
});

interface Wanted {
  readonly answer: Answer;
  readonly limit: number | undefined;
  readonly mayBeEmpty: boolean;
  readonly hasBody: boolean;
}

/** Lets the file pass, and fails at its end when it is not what was promised: a stored file is a whole one. */
class Check extends Transform {
  size = 0;
  readonly #wanted: Wanted;

  constructor(wanted: Wanted) {
    super();
    this.#wanted = wanted;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.size += chunk.length;
    const { limit } = this.#wanted;
    if (limit !== undefined && this.size > limit) {
      done(new TaskFailure(`The file is larger than ${limit} bytes (\`options.maxContentLength\`)`));
    } else done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    const { answer, mayBeEmpty, hasBody } = this.#wanted;
    const expected = answer.header('content-length');
    const received = answer.received();
    if (hasBody && expected !== undefined && Number(expected) !== received) {
      done(new TaskFailure(`Invalid size, got ${received}, expected ${expected}`));
    } else if (this.size === 0 && !mayBeEmpty) {
      done(new TaskFailure('The answer is empty; set `failOnEmptyResponse: false` to allow that'));
    } else done();
  }
}

/** The name that the server gives (its last part, URL-encoded), else a random one with the extension of the address. */
export function fileName(answer: Pick<Answer, 'header' | 'url'>): string {
  const given = dispositionName(answer.header('content-disposition') ?? '');
  const last = given?.split(/[/\\]/).at(-1)?.trim();
  if (last !== undefined && last !== '' && last !== '.' && last !== '..')
    return encodeURIComponent(last.toWellFormed());
  return `${randomUUID()}${posix.extname(answer.url.pathname).slice(0, 20)}`;
}

/** `filename*` (RFC 5987) before `filename`. */
function dispositionName(disposition: string): string | undefined {
  const extended = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(disposition)?.[1];
  if (extended !== undefined) {
    try {
      return decodeURIComponent(extended);
    } catch (error) {
      // Badly encoded: the plain name is next.
      if (!(error instanceof URIError)) throw error;
    }
  }
  const quoted = /;\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(disposition)?.[1];
  return quoted?.replace(/\\(.)/g, '$1') ?? /;\s*filename\s*=\s*([^;\s"]+)/i.exec(disposition)?.[1];
}
