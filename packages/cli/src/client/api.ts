import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createInterface } from 'node:readline';
import { CommandError } from '../errors.ts';

export interface ApiOptions {
  /** Address of the server, `http://host:port`. */
  readonly server: string;
  /** `name:password`, when the server wants a sign-in. */
  readonly user?: string;
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: string | FormData;
  readonly contentType?: string;
  /** Statuses that are answers and no errors, beside 2xx. */
  readonly allow?: readonly number[];
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The REST API of a server. Everything that goes wrong becomes a CommandError with the server's own reason. */
export interface Api {
  readonly server: string;
  call(path: string, call?: Call): Promise<Answer>;
  json<T>(path: string, call?: Call): Promise<T>;
  /** What is no text, such as an archive. */
  bytes(path: string, query?: Call['query']): Promise<Uint8Array>;
  /** The data of each server-sent event, until the server ends the stream. */
  events<T>(path: string, query?: Call['query']): AsyncGenerator<T>;
}

export function createApi({ server, user }: ApiOptions): Api {
  const base = baseOf(server);
  const authorization =
    user === undefined ? {} : { Authorization: `Basic ${Buffer.from(user, 'utf8').toString('base64')}` };
  const urlOf = (path: string, query: Call['query'] = {}): URL => {
    const url = new URL(`${base}/api/v1${path}`);
    for (const [name, value] of Object.entries(query)) {
      for (const one of value === undefined ? [] : [value].flat()) url.searchParams.append(name, one);
    }
    return url;
  };
  const api: Api = {
    server: base,
    async call(path, call = {}) {
      const { method = 'GET', body, contentType, allow = [] } = call;
      const headers = { ...authorization, ...(contentType !== undefined && { 'Content-Type': contentType }) };
      const answer = await reach(base, async () => {
        const response = await fetch(urlOf(path, call.query), { method, headers, ...(body !== undefined && { body }) });
        return { status: response.status, text: await response.text() };
      });
      if (answer.status >= 300 && !allow.includes(answer.status)) throw refusal(answer);
      return answer;
    },
    async json<T>(path: string, call?: Call) {
      const { text } = await api.call(path, call);
      try {
        return JSON.parse(text) as T;
      } catch (error) {
        throw new CommandError(`What answers at ${base} is no Tiercel server (its answer is no JSON).`, {
          cause: error,
        });
      }
    },
    async bytes(path, query) {
      const answer = await reach(base, async () => {
        const response = await fetch(urlOf(path, query), { headers: authorization });
        return { status: response.status, content: new Uint8Array(await response.arrayBuffer()) };
      });
      if (answer.status >= 300)
        throw refusal({ status: answer.status, text: Buffer.from(answer.content).toString('utf8') });
      return answer.content;
    },
    async *events<T>(path: string, query?: Call['query']) {
      const response = await reach(base, () => openStream(urlOf(path, query), authorization));
      if (response.statusCode !== 200)
        throw refusal({ status: response.statusCode ?? 0, text: await textOf(response) });
      try {
        for await (const line of createInterface({ input: response })) {
          if (line.startsWith('data:')) yield JSON.parse(line.slice(5)) as T;
        }
      } finally {
        response.destroy();
      }
    },
  };
  return api;
}

function baseOf(server: string): string {
  const address = server.includes('://') ? server : `http://${server}`;
  if (!/^https?:/i.test(address) || !URL.canParse(address)) {
    throw new CommandError(`'${server}' is no address of a server; give one such as http://localhost:8080.`);
  }
  const url = new URL(address);
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

async function reach<T>(base: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const cause = (error as Error).cause;
    const { code, message } = (cause ?? error) as NodeJS.ErrnoException;
    throw new CommandError(
      code === 'ECONNREFUSED'
        ? `No Tiercel server answers at ${base}; start one with 'tiercel server local', or name another with --server URL.`
        : `The server ${base} cannot be reached: ${message === '' ? code : message}`,
      { cause: error },
    );
  }
}

/** Without `fetch`, which gives up on a stream that is silent for five minutes. */
const openStream = (url: URL, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    request(url, { headers: { ...headers, Accept: 'text/event-stream' } })
      .on('response', resolve)
      .on('error', reject)
      .end();
  });

async function textOf(stream: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += chunk as string;
  return text;
}

function refusal({ status, text }: Answer): CommandError {
  if (status === 401) return new CommandError('The server wants a sign-in: give --user NAME:PASSWORD.');
  let message = text.trim();
  try {
    message = (JSON.parse(text) as { readonly message?: string }).message ?? message;
  } catch (error) {
    // An answer in plain text is its own message.
    if (!(error instanceof SyntaxError)) throw error;
  }
  return new CommandError(message === '' ? `The server answers ${status}.` : message);
}
