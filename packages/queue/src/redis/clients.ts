import type { Socket } from 'node:net';
import { Redis, type RedisOptions } from 'ioredis';
import type { MessagingLog } from '../port.ts';
import type { Address } from './address.ts';

/** Makes the connections of a process, and ends them. */
export interface Clients {
  /** Commands that must not wait: fails at once while Redis is away, and after two seconds when it does not answer. */
  readonly producer: Redis;
  readonly subscriber: Redis;
  /** For what consumers write down: waits for a Redis that is away. Made at its first use. */
  shared(): Redis;
  /** For the blocking waits of one consumer. */
  blocking(): Redis;
  /** Cuts all of them. */
  close(): void;
}

/** Without what decides the types of replies. */
export type ClientOptions = Omit<RedisOptions, 'replyMapping'>;

/** What all connections have in common. BullMQ's own tests run on RESP2, ioredis 6 would speak RESP3. */
export const BASE: ClientOptions = {
  protocol: 2,
  connectTimeout: 3_000,
  // Half a second at most: what is owed goes on soon after Redis is back.
  retryStrategy: (times) => Math.min(25 * 2 ** Math.min(times, 10), 500),
  // Of a Redis that reads its data at a start.
  maxLoadingRetryTime: 250,
  // A replica that became one under our feet: the next connection may reach the new primary.
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
};

const FOREVER: ClientOptions = { maxRetriesPerRequest: null };
// Without a limit of retries ioredis would forget what was under way when the connection broke, and never settle it.
const AT_ONCE: ClientOptions = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
};

/** Within that time an answer must come, ms; a socket that gives none is dead. */
const SILENCE = 8_000;
const COMMAND = 2_000;

/**
 * What is written in one turn of the event loop leaves in one system call: jobs end together, and their ends are written down one
 * by one. A write is the dearest thing that a command costs here.
 */
function writeTogether(stream: Socket): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  let corked = false;
  stream.write = (...args: unknown[]) => {
    if (!corked) {
      corked = true;
      stream.cork();
      setImmediate(() => {
        corked = false;
        stream.uncork();
      });
    }
    return write(...args);
  };
}

export function createClients(address: Address, instance: string, log: MessagingLog): Clients {
  const open = new Set<Redis>();
  const connect = (use: string, options: ClientOptions): Redis => {
    const client = new Redis({ ...BASE, ...address.options, ...options, connectionName: `tiercel-${use}-${instance}` });
    client.on('error', (error) => log.debug({ error, use }, 'a connection to Redis broke'));
    client.on('connect', () => writeTogether((client as unknown as { readonly stream: Socket }).stream));
    client.once('end', () => open.delete(client));
    open.add(client);
    return client;
  };
  let shared: Redis | undefined;
  return {
    producer: connect('producer', { ...AT_ONCE, commandTimeout: COMMAND }),
    subscriber: connect('subscriber', { ...FOREVER, socketTimeout: SILENCE }),
    shared: () => (shared ??= connect('consumers', { ...FOREVER, socketTimeout: SILENCE })),
    blocking: () => connect('blocking', { ...AT_ONCE, socketTimeout: SILENCE }),
    close() {
      for (const client of open) {
        client.disconnect();
        // One that waits to reconnect has no socket whose end would tell those that wait for answers.
        (client as unknown as { flushQueue(error: Error): void }).flushQueue(new Error('Connection is closed.'));
      }
    },
  };
}
