import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { MessagingError } from '../port.ts';
import type { Address } from './address.ts';
import { BASE } from './clients.ts';
import { claim, type Marker } from './marker.ts';

/** What a first contact finds out. */
export interface Contact {
  readonly marker: Marker;
  /** Of the running Redis process; another one after each start. */
  readonly runId: string;
}

/** BullMQ 6 runs from 5.0 and recommends 6.2; older ones are not maintained, nor tested here. */
const OLDEST = [6, 2] as const;

/**
 * Connects once, checks what Redis must be like, and claims it for our cluster.
 * Throws MessagingError: `unreachable` when nobody answers, `refused` for all that will not mend itself.
 */
export async function firstContact(address: Address, cluster: string): Promise<Contact> {
  const client = new Redis({
    ...BASE,
    ...address.options,
    lazyConnect: true,
    enableReadyCheck: false,
    connectTimeout: 2_000,
    commandTimeout: 3_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let broke: Error | undefined;
  client.on('error', (error) => (broke = error));
  try {
    await client.connect();
    // ioredis ignores it when the number of the database is refused, and stays in the first one.
    await client.select(address.options.db ?? 0);
    const facts = parseInfo(await client.info());
    checkFacts(facts, address);
    return { marker: await claim(client, cluster, randomUUID()), runId: facts.get('run_id') ?? '' };
  } catch (error) {
    // ioredis says "Connection is closed" where the event before it said why.
    throw explain(broke !== undefined && !(error instanceof MessagingError) ? broke : error, address);
  } finally {
    client.disconnect();
  }
}

/** The lines of Redis's INFO. */
export const parseInfo = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(':');
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)] as const] : [];
    }),
  );

function checkFacts(facts: ReadonlyMap<string, string>, { name }: Address): void {
  const refuse = (why: string): never => {
    throw new MessagingError('refused', `Redis (${name}) ${why}`);
  };
  const version = facts.get('redis_version') ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    refuse(`is version ${version || 'unknown'}; version ${OLDEST.join('.')} or newer is needed.`);
  }
  const policy = facts.get('maxmemory_policy') ?? 'noeviction';
  if (policy !== 'noeviction') {
    refuse(`has the maxmemory-policy ${policy} and would throw queues away; set maxmemory-policy to noeviction.`);
  }
  if (facts.get('cluster_enabled') === '1') {
    refuse('is a Redis Cluster, whose nodes cannot share a queue; use a single Redis, with replicas if you like.');
  }
  if (facts.get('role') === 'slave' && facts.get('slave_read_only') !== '0') {
    refuse('is a read-only replica; name its primary.');
  }
}

function explain(error: unknown, { name }: Address): MessagingError {
  if (error instanceof MessagingError) return error;
  const { message, code } = error as NodeJS.ErrnoException;
  const refused = (text: string): MessagingError => new MessagingError('refused', text, { cause: error });
  if (code === 'ENOTFOUND') return refused(`The host of Redis (${name}) is unknown.`);
  if (/^(WRONGPASS|NOAUTH)|invalid (username-)?password|without any password configured/i.test(message)) {
    return refused(`Redis (${name}) refuses the user name or the password that was given.`);
  }
  if (message.startsWith('NOPERM')) {
    return refused(`The user at Redis (${name}) lacks a permission that Tiercel needs: ${message}.`);
  }
  if (message.startsWith('READONLY')) return refused(`Redis (${name}) is a read-only replica; name its primary.`);
  if (/DB index is out of range|invalid DB index/i.test(message)) {
    return refused(`Redis (${name}) has no database of that number.`);
  }
  if (/^ERR unknown command/i.test(message)) {
    return refused(`What answers at ${name} lacks a command of Redis that Tiercel needs: ${message}.`);
  }
  return new MessagingError('unreachable', `Redis (${name}) cannot be reached: ${message}.`, { cause: error });
}
