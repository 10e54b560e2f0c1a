import type { Request, Response } from 'express';
import { ApiError, kvToJson, parseDuration } from '@tiercel/contracts';
import { z } from 'zod';
import type { RouteDeps } from '../deps.ts';
import { namespaceParam, param, sendEmpty, sendJson } from '../http/answers.ts';
import { readJson, readText, requireType } from '../http/body.ts';
import { MAX_DURATION } from '../http/query.ts';
import { route, type Route } from '../http/routing.ts';
import { parseKvValue } from '../kv-values.ts';

const KEY = /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/;
const Keys = z.object({ keys: z.array(z.string()).max(10_000) });

/** Key-value store of a namespace: rest-api.md §9.2. */
export function kvRoutes(deps: RouteDeps): readonly Route[] {
  const { kv, tenant, config } = deps;
  return [
    route('GET', '/namespaces/:namespace/kv', async (req, res) => {
      sendJson(res, (await kv.list(tenant, namespaceParam(req))).map(kvToJson));
    }),
    route('GET', '/namespaces/:namespace/kv/:key', async (req, res) => {
      const namespace = namespaceParam(req);
      const key = param(req, 'key');
      const entry = KEY.test(key) ? await kv.get(tenant, namespace, key) : undefined;
      if (entry === undefined)
        throw new ApiError('notFound', `No value found for key '${key}' in namespace '${namespace}'`);
      if (entry === 'expired') throw new ApiError('gone', 'The requested value has expired');
      sendJson(res, { type: entry.type, value: entry.value });
    }),
    route('PUT', '/namespaces/:namespace/kv/:key', (req, res) => put(deps, req, res)),
    route('DELETE', '/namespaces/:namespace/kv/:key', async (req, res) => {
      const key = param(req, 'key');
      sendJson(res, KEY.test(key) && (await kv.delete(tenant, namespaceParam(req), key)));
    }),
    route('DELETE', '/namespaces/:namespace/kv', async (req, res) => {
      const namespace = namespaceParam(req);
      const { keys } = await readJson(req, config.jsonLimit, Keys);
      sendJson(res, { keys: await kv.deleteAll(tenant, namespace, keys) });
    }),
  ];
}

async function put({ kv, tenant, config }: RouteDeps, req: Request, res: Response): Promise<void> {
  const namespace = namespaceParam(req);
  const key = param(req, 'key');
  requireType(req, ['application/json', 'text/plain']);
  if (!KEY.test(key) || key.length > 256) {
    throw new ApiError(
      'illegalArgument',
      `Key must start with an alphanumeric character (uppercase or lowercase) and can contain alphanumeric characters (uppercase or lowercase), dots (.), underscores (_), and hyphens (-) only.`,
    );
  }
  const ttl = ttlOf(req);
  const value = parseKvValue(await readText(req, config.jsonLimit));
  await kv.put(tenant, namespace, { key, ...value, ...(ttl === undefined ? {} : { ttl }) });
  sendEmpty(res);
}

/** Header `ttl`: an ISO duration above zero; ms. */
function ttlOf(req: Request): number | undefined {
  const header = req.headers['ttl'];
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined || text.trim() === '') return undefined;
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0)
    throw new ApiError('illegalArgument', `Invalid ttl '${text}': not an ISO duration above zero, such as PT1H`);
  if (ms > MAX_DURATION) throw new ApiError('illegalArgument', `Invalid ttl '${text}': longer than 100 years`);
  return ms;
}
