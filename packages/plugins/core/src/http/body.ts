import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { type RunContext, TaskFailure } from '@tiercel/plugin-kit';
import type { HttpProperties } from './properties.ts';

/** A body that can be sent more than once: redirects may ask for it again. */
export interface RequestBody {
  readonly contentType: string;
  readonly length: number;
  open(): Readable | Buffer;
}

const SCHEME = 'kestra://';

/** The body of a request; undefined when there is none. */
export async function requestBody(context: RunContext, properties: HttpProperties): Promise<RequestBody | undefined> {
  const contentType = await context.text(properties.contentType);
  if (properties.formData !== undefined) {
    const form = await context.structure<Record<string, unknown>>(properties.formData);
    return contentType?.toLowerCase().startsWith('multipart/form-data') === true
      ? multipartBody(context, form)
      : bufferBody(urlEncoded(form), contentType ?? 'application/x-www-form-urlencoded');
  }
  const body = await context.text(properties.body);
  return body === undefined ? undefined : bufferBody(body, contentType ?? 'application/json');
}

function bufferBody(text: string, contentType: string): RequestBody {
  const bytes = Buffer.from(text);
  return { contentType, length: bytes.length, open: () => bytes };
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function urlEncoded(form: Readonly<Record<string, unknown>>): string {
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(form)) {
    if (value !== null && value !== undefined) fields.append(name, asText(value));
  }
  return fields.toString();
}

/** A part: its head, then its content, which may be a stored file that is streamed. */
interface Part {
  readonly head: Buffer;
  readonly content: Buffer | { readonly uri: string };
  readonly length: number;
}

const LINE_END = Buffer.from('\r\n');

/** A form of parts, with a known length, since many servers take no other. */
async function multipartBody(context: RunContext, form: Readonly<Record<string, unknown>>): Promise<RequestBody> {
  const boundary = `tiercel-${randomUUID()}`;
  const parts: Part[] = [];
  for (const [name, value] of Object.entries(form)) {
    if (value !== null && value !== undefined) parts.push(await partOf(context, boundary, name, value));
  }
  const end = Buffer.from(`--${boundary}--\r\n`);
  const length = parts.reduce((sum, part) => sum + part.head.length + part.length + LINE_END.length, end.length);
  const pieces = async function* (): AsyncGenerator<Buffer> {
    for (const { head, content } of parts) {
      yield head;
      if ('uri' in content) yield* (await context.storage.open(content.uri)) as AsyncIterable<Buffer>;
      else yield content;
      yield LINE_END;
    }
    yield end;
  };
  return { contentType: `multipart/form-data; boundary=${boundary}`, length, open: () => Readable.from(pieces()) };
}

async function partOf(context: RunContext, boundary: string, name: string, value: unknown): Promise<Part> {
  const file = fileOf(name, value);
  const head = (disposition: string, type: string): Buffer =>
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\nContent-Type: ${type}\r\n\r\n`);
  if (file === undefined) {
    const content = Buffer.from(asText(value));
    const type = typeof value === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
    return { head: head(`name="${escaped(name)}"`, type), content, length: content.length };
  }
  const fileHead = head(`name="${escaped(name)}"; filename="${escaped(file.name)}"`, 'application/octet-stream');
  if (file.content.startsWith(SCHEME)) {
    const length = await context.storage.size(file.content);
    return { head: fileHead, content: { uri: file.content }, length };
  }
  const content = Buffer.from(file.content);
  return { head: fileHead, content, length: content.length };
}

function fileOf(field: string, value: unknown): { readonly name: string; readonly content: string } | undefined {
  if (typeof value === 'string') {
    return value.startsWith(SCHEME) ? { name: value.slice(value.lastIndexOf('/') + 1), content: value } : undefined;
  }
  if (typeof value !== 'object' || value === null || !('name' in value) || !('content' in value)) return undefined;
  const { name, content } = value;
  if (typeof name !== 'string' || typeof content !== 'string') {
    throw new TaskFailure(`\`formData.${field}\`: \`name\` and \`content\` of a file must be texts`);
  }
  return { name, content };
}

/** As browsers write names into a part's head. */
const escaped = (name: string): string => name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
