import { pipeline, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { shortened } from '@tiercel/model';
import { type RunContext, TaskFailure } from '@tiercel/plugin-kit';
import { type Dispatcher, errors, request } from 'undici';
import { type RequestBody, requestBody } from './body.ts';
import { createDispatcher } from './dispatcher.ts';
import { defaultOptions, type HttpProperties } from './properties.ts';

const MAX_REDIRECTS = 20;
/** How much of the body of a refusal is shown. */
const SHOWN_BODY = 500;

export interface Answer {
  /** As written in the flow, rendered. */
  readonly uri: string;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  readonly status: number;
  /** Names as the server wrote them. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** The first value of a header, whatever the case of its name. */
  header(name: string): string | undefined;
  /** Decoded when the server compressed it. */
  readonly body: Readable;
  /** Bytes of the body as they came, before decoding. */
  received(): number;
}

/**
 * Makes the call of a task and hands its answer to `use`; connections are closed when that is done. An answer with a
 * status of 400 or more fails, unless `allowFailed` is set.
 */
export async function exchange<T>(
  context: RunContext,
  properties: HttpProperties,
  use: (answer: Answer) => Promise<T>,
  { hidesBody = false }: { readonly hidesBody?: boolean } = {},
): Promise<T> {
  if (properties.method === 'CONNECT' || properties.method === 'CUSTOM') {
    throw new TaskFailure(
      `\`method\`: ${properties.method} cannot be sent; use one of GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS`,
    );
  }
  const uri = (await context.text(properties.uri)) ?? '';
  const url = parseUrl(uri);
  const dispatcher = await createDispatcher(context, properties);
  try {
    const answer = await follow(context, properties, uri, url, dispatcher);
    if (answer.status >= 400 && !properties.allowFailed) throw await refusal(properties.method, answer, hidesBody);
    return await use(answer);
  } catch (error) {
    throw context.signal.aborted ? error : explained(error, `${properties.method} ${withoutPassword(url)}`);
  } finally {
    await dispatcher.destroy();
  }
}

function parseUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch (error) {
    throw new TaskFailure(`\`uri\`: '${text}' is no address; write it whole, such as https://example.com/path`, {
      cause: error,
    });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TaskFailure(`\`uri\`: '${text}' must begin with http:// or https://`);
  }
  return url;
}

const withoutPassword = (url: URL): string => {
  const shown = new URL(url);
  if (shown.password !== '') shown.password = '***';
  return shown.href;
};

async function follow(
  context: RunContext,
  properties: HttpProperties,
  uri: string,
  start: URL,
  dispatcher: Dispatcher,
): Promise<Answer> {
  const options = properties.options ?? defaultOptions;
  let body = await requestBody(context, properties);
  let headers = await requestHeaders(context, properties, start);
  let method: string = properties.method;
  let url = start;
  const readTimeout = await context.duration(options.readTimeout);
  const idleTimeout = await context.duration(options.readIdleTimeout);
  for (let redirects = 0; ; redirects += 1) {
    const response = await request(requestUrl(url), {
      method: method,
      headers: sentHeaders(headers, body),
      body: body?.open() ?? null,
      dispatcher,
      signal: context.signal,
      responseHeaders: 'raw',
      ...(readTimeout === undefined ? {} : { headersTimeout: readTimeout }),
      bodyTimeout: Math.min(readTimeout ?? Infinity, idleTimeout ?? 300_000),
    });
    const answer = answerOf(uri, url, method, response);
    const target = options.followRedirects ? redirectTarget(answer) : undefined;
    if (target === undefined) return answer;
    if (redirects === MAX_REDIRECTS)
      throw new TaskFailure(`more than ${MAX_REDIRECTS} redirects, the last to ${target.href}`);
    await response.body.dump();
    if (answer.status === 303 || ((answer.status === 301 || answer.status === 302) && method === 'POST')) {
      if (method !== 'HEAD') method = 'GET';
      body = undefined;
    }
    // Credentials are meant for the server that they were given for.
    if (target.origin !== url.origin) headers = headers.filter(([name]) => !/^(?:authorization|cookie)$/i.test(name));
    url = target;
  }
}

/** Credentials go into a header, and a fragment stays at home. */
function requestUrl(url: URL): URL {
  const target = new URL(url);
  target.username = '';
  target.password = '';
  target.hash = '';
  return target;
}

type Header = readonly [name: string, value: string];

async function requestHeaders(context: RunContext, properties: HttpProperties, url: URL): Promise<Header[]> {
  const options = properties.options ?? defaultOptions;
  const given = await context.structure<Record<string, unknown>>(properties.headers ?? {});
  const headers: Header[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined) continue;
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value])
      headers.push([name, headerText(name, one)]);
  }
  const has = (wanted: string): boolean => headers.some(([name]) => name.toLowerCase() === wanted);
  const user = (await context.text(options.basicAuthUser)) ?? decodeURIComponent(url.username);
  const password = (await context.text(options.basicAuthPassword)) ?? decodeURIComponent(url.password);
  if (!has('authorization') && (user !== '' || password !== '')) {
    headers.push(['Authorization', `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`]);
  }
  if (!has('user-agent')) headers.push(['User-Agent', 'Tiercel']);
  if (!has('accept')) headers.push(['Accept', '*/*']);
  return headers;
}

function headerText(name: string, value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (/[\r\n\0]/.test(text)) throw new TaskFailure(`\`headers.${name}\`: a value must not hold line ends`);
  return text;
}

function sentHeaders(headers: readonly Header[], body: RequestBody | undefined): string[] {
  const sent = headers.filter(([name]) => name.toLowerCase() !== 'content-length');
  if (body === undefined) return sent.flat();
  // The boundary of a multipart form is known here only, so its type wins over a header of the flow.
  const isForm = body.contentType.startsWith('multipart/');
  const own = sent.filter(([name]) => name.toLowerCase() !== 'content-type' || !isForm);
  const hasType = own.some(([name]) => name.toLowerCase() === 'content-type');
  return [
    ...own,
    ...(hasType ? [] : [['Content-Type', body.contentType]]),
    ['Content-Length', String(body.length)],
  ].flat();
}

function redirectTarget(answer: Answer): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(answer.status)) return undefined;
  const location = answer.header('location');
  if (location === undefined) return undefined;
  const target = new URL(location, answer.url);
  return target.protocol === 'http:' || target.protocol === 'https:' ? target : undefined;
}

function answerOf(uri: string, url: URL, method: string, response: Dispatcher.ResponseData): Answer {
  const headers: Record<string, string[]> = {};
  const byLowerName = new Map<string, string>();
  // With `responseHeaders: 'raw'` names and values alternate.
  const raw = response.headers as unknown as readonly string[];
  raw.forEach((name, index) => {
    const value = raw[index + 1];
    if (index % 2 !== 0 || value === undefined) return;
    const known = Object.keys(headers).find((other) => other.toLowerCase() === name.toLowerCase()) ?? name;
    (headers[known] ??= []).push(value);
    if (!byLowerName.has(name.toLowerCase())) byLowerName.set(name.toLowerCase(), value);
  });
  let bytes = 0;
  // Whoever reads the body gets its failure; a body that nobody reads must not bring the process down.
  response.body.on('error', () => undefined);
  const counted = response.body.on('data', (chunk: Buffer) => void (bytes += chunk.length)).pause();
  const encoding = method === 'HEAD' ? undefined : byLowerName.get('content-encoding');
  return {
    uri,
    url,
    status: response.statusCode,
    headers,
    header: (name) => byLowerName.get(name.toLowerCase()),
    body: decoded(counted, encoding),
    received: () => bytes,
  };
}

function decoded(body: Readable, encoding: string | undefined): Readable {
  const decoder = decoderOf(encoding?.trim().toLowerCase());
  if (decoder === undefined) return body;
  // The reader of the decoder gets the failure; here it has nobody else to tell.
  return pipeline(body, decoder, () => undefined);
}

function decoderOf(encoding: string | undefined): Transform | undefined {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      return undefined;
  }
}

async function refusal(method: string, answer: Answer, hidesBody: boolean): Promise<TaskFailure> {
  let shown = '';
  if (!hidesBody) {
    for await (const chunk of answer.body) {
      shown += (chunk as Buffer).toString('utf8');
      if (shown.length >= SHOWN_BODY) break;
    }
  }
  const body = shown === '' ? '' : `: ${shortened(shown, SHOWN_BODY)}`;
  return new TaskFailure(
    `${method} ${withoutPassword(answer.url)} was answered with the status ${answer.status}${body}`,
  );
}

/** Failures of the network in words that name the option to change. */
function explained(error: unknown, call: string): unknown {
  if (error instanceof TaskFailure || !(error instanceof Error)) return error;
  const why = ((): string | undefined => {
    if (error instanceof errors.ConnectTimeoutError) return 'no connection in time (`options.connectTimeout`)';
    if (error instanceof errors.HeadersTimeoutError) return 'no answer in time (`options.readTimeout`)';
    if (error instanceof errors.BodyTimeoutError) return 'the answer stopped coming (`options.readTimeout`)';
    if (error instanceof errors.InvalidArgumentError) return error.message;
    if (error instanceof errors.SocketError) return `the connection broke: ${error.message}`;
    return 'code' in error ? error.message || String(error.code) : undefined;
  })();
  return why === undefined ? error : new TaskFailure(`${call} failed: ${why}`, { cause: error });
}
