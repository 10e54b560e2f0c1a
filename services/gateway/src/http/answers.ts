import type { Request, Response } from 'express';
import { ApiError } from '@tiercel/contracts';
import { isId } from '@tiercel/model';

/** Answers JSON. The text is built once; no ETag is computed. */
export function sendJson(res: Response, body: unknown, status = 200): void {
  const text = JSON.stringify(body);
  res.statusCode = status;
  res.setHeader('Content-Type', 'application/json');
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.end(text);
}

/** Answers without a body. */
export function sendEmpty(res: Response, status: 200 | 202 | 204 = 200): void {
  res.statusCode = status;
  if (status !== 204) res.setHeader('Content-Length', 0);
  res.end();
}

/** A path parameter, decoded. */
export function param(req: Request, name: string): string {
  const value = req.params[name];
  if (typeof value !== 'string') throw new ApiError('notFound');
  return value;
}

/** A path parameter that is an id; a text that can be none is not found, before anything is asked. */
export function idParam(req: Request, name = 'id', detail?: (id: string) => string): string {
  const id = param(req, name);
  if (!isId(id)) throw new ApiError('notFound', detail?.(id));
  return id;
}

const NAMESPACE = /^[a-z0-9][a-z0-9._-]{0,149}$/;

/** The path parameter `namespace`; 422 when it can be none. */
export function namespaceParam(req: Request, name = 'namespace'): string {
  const namespace = param(req, name);
  if (!NAMESPACE.test(namespace) || namespace.includes('..')) {
    throw new ApiError('illegalArgument', `Invalid namespace: ${namespace}`);
  }
  return namespace;
}

/** Aborts when the client goes away before the answer is complete. */
export function goneSignal(res: Response): AbortSignal {
  const controller = new AbortController();
  res.once('close', () => {
    if (!res.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** `Content-Disposition` of a download; other than plain ASCII names travel as RFC 5987 text beside a fallback. */
export function attachment(res: Response, fileName: string): void {
  const plain = fileName.replace(/[^\x20-\x7e]|["\\]/g, '_');
  const extended = plain === fileName ? '' : `; filename*=UTF-8''${encodeURIComponent(fileName)}`;
  res.setHeader('Content-Disposition', `attachment; filename="${plain}"${extended}`);
}
