import { isUtf8 } from 'node:buffer';
import type { Request } from 'express';
import { ApiError } from '@tiercel/contracts';
import type { z } from 'zod';
import { drainSome } from './drain.ts';

/** Media type of the request's body, without parameters, in lower case; undefined when none is given. */
export const mediaType = (req: Request): string | undefined =>
  req.headers['content-type']?.split(';', 1)[0]!.trim().toLowerCase();

/** Throws 415 unless the body's type is one of these; a body without a type passes. */
export function requireType(req: Request, types: readonly string[]): void {
  const type = mediaType(req);
  if (type !== undefined && type !== '' && !types.includes(type)) {
    throw new ApiError(
      'unsupportedMediaType',
      `Content Type [${type}] not allowed. Allowed types: [${types.join(', ')}]`,
    );
  }
  const encoding = req.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ApiError('unsupportedMediaType', `Content Encoding [${encoding}] not supported`);
  }
}

const tooLarge = (limit: number): ApiError =>
  new ApiError('tooLarge', `The content length exceeds the maximum allowed content length [${limit}]`, {
    // What the client still sends is not read: the connection cannot be used again.
    headers: { Connection: 'close' },
  });

/** Reads a body whole, at most `limit` bytes (413 beyond). */
export async function readBody(req: Request, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let refused = false;
    const refuse = (): void => {
      refused = true;
      drainSome(req, () => reject(tooLarge(limit)));
    };
    if (Number(req.headers['content-length'] ?? 0) > limit) return refuse();
    const parts: Buffer[] = [];
    let size = 0;
    req.on('data', (part: Buffer) => {
      size += part.length;
      if (size > limit) {
        req.removeAllListeners('data');
        parts.length = 0;
        refuse();
      } else parts.push(part);
    });
    req.once('end', () => (refused ? undefined : resolve(parts.length === 1 ? parts[0]! : Buffer.concat(parts))));
    req.once('aborted', () => reject(new ApiError('badRequest', 'the request was cut off')));
    req.once('error', reject);
  });
}

/** Reads a body as text (UTF-8); 422 for other bytes. */
export const readText = async (req: Request, limit: number): Promise<string> =>
  textOf(await readBody(req, limit), 'the body');

/** The text of bytes; 422 when they are no UTF-8: replacement characters would be stored for good. `what` is for the message. */
export function textOf(bytes: Buffer, what: string): string {
  if (!isUtf8(bytes)) throw new ApiError('illegalArgument', `${what} is no text in UTF-8`);
  return bytes.toString('utf8');
}

/** Path of a violation as clients know it: `["a"] > ["b"]`. */
const pathText = (path: readonly PropertyKey[]): string =>
  path
    .map((part) => JSON.stringify(String(part)))
    .map((p) => `[${p}]`)
    .join(' > ');

/** Reads a JSON body of a known shape. Errors per rest-api.md §2: 415, 413, 422. */
export async function readJson<S extends z.ZodType>(req: Request, limit: number, schema: S): Promise<z.output<S>> {
  requireType(req, ['application/json']);
  const text = await readText(req, limit);
  if (text.trim() === '') throw new ApiError('missingBody', 'Required Body [body] not specified');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ApiError('invalidJson', (error as Error).message, { cause: error });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new ApiError('invalidJsonMapping', undefined, {
    errors: parsed.error.issues.map((issue) => ({ message: issue.message, path: pathText(issue.path) })),
  });
}
