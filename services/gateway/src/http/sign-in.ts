import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { GatewayConfig } from '../config.ts';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Basic authentication (rest-api.md §1): open without a configured user. A refusal is 401 with an empty body. Compares digests in
 * constant time.
 */
export function signIn(config: GatewayConfig): RequestHandler | undefined {
  const { username, password, realm, openPaths } = config;
  if (username === undefined || password === undefined) return undefined;
  const expected = digest(`${username}:${password}`);
  const challenge = `Basic realm="${realm.replace(/["\\]/g, '')}"`;
  return (req, res, next) => {
    if (openPaths.some((prefix) => req.url.startsWith(prefix))) return next();
    const [scheme, credentials] = (req.headers.authorization ?? '').split(' ', 2);
    if (scheme?.toLowerCase() === 'basic' && credentials !== undefined) {
      const given = digest(Buffer.from(credentials, 'base64').toString('utf8'));
      if (timingSafeEqual(given, expected)) return next();
    }
    res.statusCode = 401;
    res.setHeader('WWW-Authenticate', challenge);
    res.setHeader('Content-Length', 0);
    if (!req.complete && req.method !== 'GET') res.setHeader('Connection', 'close');
    res.end();
  };
}
