import type { TestDoors } from './doors.ts';
import { YAML } from './doors.ts';

export interface Answer {
  readonly status: number;
  // Bodies are looked at freely in tests.
  readonly body: any;
}

export interface Requests {
  get(path: string): Promise<Answer>;
  /** A text is sent as YAML, all else as JSON. */
  send(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Uploads a file as `fileUpload`. */
  upload(path: string, name: string, content: string | Buffer, field?: string): Promise<Answer>;
}

const read = async (response: Promise<Response>): Promise<Answer> => {
  const answer = await response;
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
};

/** Requests to a test gateway whose answers are JSON. */
export const requestsTo = (doors: () => TestDoors): Requests => ({
  get: (path) => read(doors().api(path)),
  send: (method, path, body) =>
    read(
      doors().api(path, {
        method,
        ...(body === undefined
          ? {}
          : typeof body === 'string'
            ? { headers: YAML, body }
            : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      }),
    ),
  upload(path, name, content, field = 'fileUpload') {
    const form = new FormData();
    form.append(field, new Blob([new Uint8Array(Buffer.from(content))]), name);
    return read(doors().api(path, { method: 'POST', body: form }));
  },
});
