import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { ApiError } from '@tiercel/contracts';
import type { ByteRange, Storage, StoredEntry } from '@tiercel/storage';
import { attachment } from './answers.ts';

/** Bytes asked for by a `Range` header: undefined for all of them, `unsatisfiable` when there are none such. */
export function parseRange(
  header: string | undefined,
  size: number,
): Required<ByteRange> | 'unsatisfiable' | undefined {
  const match = header === undefined ? null : /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/.exec(header);
  // Malformed ones, other units and several ranges: the whole file is a right answer (RFC 9110 §14.2).
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const last = size - 1;
  if (match[1] === '') {
    const length = Number(match[2]);
    return length === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - length), end: last };
  }
  const start = Number(match[1]);
  const end = match[2] === '' ? last : Math.min(Number(match[2]), last);
  if (match[2] !== '' && Number(match[2]) < start) return undefined;
  return start > last ? 'unsatisfiable' : { start, end };
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Streams a stored file: whole, a range (206, 416), or its headers only (HEAD). Stops reading when the client goes away. */
export async function sendFile(
  req: Request,
  res: Response,
  storage: Storage,
  tenant: string,
  entry: StoredEntry,
): Promise<void> {
  // Without validators a conditional range can never be fresh: the whole file then.
  const range = req.headers['if-range'] === undefined ? parseRange(req.headers.range, entry.size) : undefined;
  if (range === 'unsatisfiable') {
    throw new ApiError('rangeNotSatisfiable', `the file has ${entry.size} bytes`, {
      headers: { 'Content-Range': `bytes */${entry.size}` },
    });
  }
  const head = req.method === 'HEAD';
  // Opened before the headers go out: a file that is gone is still a 404.
  const content = head ? undefined : await storage.get(tenant, entry.path, range);
  res.statusCode = range === undefined ? 200 : 206;
  res.setHeader('Content-Type', 'application/octet-stream');
  res.setHeader('Accept-Ranges', 'bytes');
  attachment(res, nameOf(entry.path));
  if (range !== undefined) res.setHeader('Content-Range', `bytes ${range.start}-${range.end}/${entry.size}`);
  res.setHeader('Content-Length', range === undefined ? entry.size : range.end - range.start + 1);
  if (content === undefined) res.end();
  else await pipeToClient(pipeline(content, res), res);
}

/** A client that goes away is no error; one of the storage is. */
export async function pipeToClient(done: Promise<void>, res: Response): Promise<void> {
  try {
    await done;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_STREAM_PREMATURE_CLOSE' && res.destroyed) return;
    if (code === 'ECONNRESET' || code === 'EPIPE') return;
    throw error;
  }
}
