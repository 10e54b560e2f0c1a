import type { IncomingMessage } from 'node:http';
import { parse } from 'node:querystring';
import { ApiError } from '@tiercel/contracts';
import { IntakeError } from '../errors.ts';
import type { Multimap, WebhookRequest } from '../webhook-request.ts';

/** Where a webhook is called, from the path. */
export interface WebhookPlace {
  readonly tenant: string;
  readonly namespace: string;
  readonly flowId: string;
  readonly key: string;
}

const MAX_PARAMETERS = 1000;

/** Makes intake's request of an HTTP request. Throws ApiError 415 for a body that is not JSON by its type (rest-api.md §7.1). */
export function webhookRequestOf(req: IncomingMessage, place: WebhookPlace, maxBodyBytes: number): WebhookRequest {
  requireJson(req);
  return {
    ...place,
    headers: req.headersDistinct as Multimap,
    parameters: parametersOf(req.url ?? ''),
    body: () => readBytes(req, maxBodyBytes),
  };
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined ||
  (headers['content-length'] !== undefined && headers['content-length'] !== '0');

function requireJson(req: IncomingMessage): void {
  if (!hasBody(req)) return;
  const type = req.headers['content-type']?.split(';', 1)[0]!.trim().toLowerCase() ?? '';
  if (type !== '' && type !== 'application/json' && type !== 'text/json' && !type.endsWith('+json')) {
    throw new ApiError('unsupportedMediaType', `Content Type [${type}] not allowed. Allowed types: [application/json]`);
  }
  const encoding = req.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ApiError('unsupportedMediaType', `Content Encoding [${encoding}] not supported`);
  }
}

/** Names and values of the query; a name given several times has several values. */
function parametersOf(url: string): Multimap {
  const at = url.indexOf('?');
  if (at < 0) return {};
  const values = parse(url.slice(at + 1), '&', '=', { maxKeys: MAX_PARAMETERS });
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined || name === '' ? [] : [[name, typeof value === 'string' ? [value] : value]],
    ),
  );
}

function readBytes(req: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = (): IntakeError => new IntakeError('too-large', `the body has more than ${limit} bytes`);
  if (Number(req.headers['content-length'] ?? 0) > limit) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    req.on('data', (part: Buffer) => {
      size += part.length;
      if (size <= limit) parts.push(part);
      else {
        req.pause();
        req.removeAllListeners('data');
        reject(tooLarge());
      }
    });
    req.once('end', () => resolve(parts.length === 1 ? parts[0]! : Buffer.concat(parts)));
    req.once('aborted', () => reject(new ApiError('badRequest', 'the request was cut off')));
    req.once('error', reject);
  });
}
