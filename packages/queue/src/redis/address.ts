import type { RedisOptions } from 'ioredis';
import { MessagingError } from '../port.ts';

/** Where a Redis is, from its URL. */
export interface Address {
  readonly options: Omit<RedisOptions, 'replyMapping'>;
  /** For people: without the password. */
  readonly name: string;
}

const EXAMPLE = 'such as redis://user:password@host:6379/0';

/**
 * Reads `redis://`, `rediss://` (TLS) and `unix:///path/to/socket?db=0`.
 * Throws MessagingError when it cannot.
 */
export function addressOf(url: string): Address {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch (cause) {
    throw new MessagingError('refused', `The URL of Redis cannot be understood; it must be one ${EXAMPLE}.`, { cause });
  }
  const { protocol, hostname, port, username, password, pathname, searchParams } = parsed;
  const socket = protocol === 'unix:';
  if (!socket && protocol !== 'redis:' && protocol !== 'rediss:') {
    throw new MessagingError('refused', `The URL of Redis begins with ${protocol}//; it must be one ${EXAMPLE}.`);
  }
  const database = socket ? (searchParams.get('db') ?? '0') : pathname.replace(/^\//, '') || '0';
  if (!/^\d{1,5}$/.test(database)) {
    throw new MessagingError('refused', `The URL of Redis names the database "${database}"; it must be a number.`);
  }
  const place = socket
    ? { path: decoded(pathname) }
    : { host: hostname.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1', port: Number(port || 6379) };
  return {
    name: socket ? pathname : `${hostname || '127.0.0.1'}:${port || 6379}/${database}`,
    options: {
      ...place,
      db: Number(database),
      ...(username !== '' && { username: decoded(username) }),
      ...(password !== '' && { password: decoded(password) }),
      ...(protocol === 'rediss:' && { tls: {} }),
    },
  };
}

/** A password with a per cent sign is easily pasted as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    const why = 'The URL of Redis has a % that begins no character; write %25 for a per cent sign.';
    throw new MessagingError('refused', why, { cause });
  }
}
