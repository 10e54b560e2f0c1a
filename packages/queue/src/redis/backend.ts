import { QueueKeys, RedisConnection, RedisQueueBackend, type QueueBaseOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import type { MessagingLog, QueueMessage } from '../port.ts';
import { Doze, type BullBackend, type Source } from '../bull/backend.ts';
import type { Clients } from './clients.ts';

/** Before the names of BullMQ's keys; beside it lie the marker and the signs of life. */
const PREFIX = 'tiercel:q';

/** How long a wait lasts that finds its connection broken, ms. */
const BROKEN_WAIT = 100;

export interface RedisBackendOptions {
  readonly clients: Clients;
  readonly log: MessagingLog;
  readonly open: () => boolean;
  readonly whenAdmitted: BullBackend['whenAdmitted'];
}

/** BullMQ over our own connections: all queues share one for adding, all consumers one for the rest. */
export function createRedisBackend({ clients, log, open, whenAdmitted }: RedisBackendOptions): BullBackend {
  // Without a look at the version, which the first contact has done, and which would fail for ever if it failed once.
  const connectionOf = (client: Redis): RedisConnection => {
    const options = { shared: true, blocking: false, skipVersionCheck: true, skipWaitingForReady: true };
    const connection = new RedisConnection(client, options);
    connection.on('error', (error) => log.debug({ error }, 'a connection to Redis broke'));
    return connection;
  };
  const keys = new QueueKeys(PREFIX);
  const backendOf = (connection: RedisConnection, queue: string, options: QueueBaseOptions): RedisQueueBackend =>
    new RedisQueueBackend(
      connection,
      queue,
      keys.getKeys(queue),
      (type) => keys.toKey(queue, type),
      options,
      undefined,
      false,
    );
  let adding: RedisConnection | undefined;
  let consuming: RedisConnection | undefined;
  return {
    open,
    whenAdmitted,
    producer: (queue) => {
      adding ??= connectionOf(clients.producer);
      return backendOf(adding, queue, { connection: {} });
    },
    source: (queue, options) => {
      consuming ??= connectionOf(clients.shared());
      return sourceOf(backendOf(consuming, queue, options), clients.blocking());
    },
    encode: (message) => message,
    decode: (data) => data as QueueMessage,
    // With that, XADD trims the stream to nothing at once.
    maxEvents: 0,
    // They are pipelined; more than that would be a Redis that does not keep up.
    parallel: 32,
  };
}

function sourceOf(backend: RedisQueueBackend, client: Redis): Source {
  const broken = new Doze();
  let over = false;
  return {
    backend,
    async wait(seconds) {
      try {
        if (client.status === 'ready') await client.bzpopmin(backend.toKey('marker'), seconds);
        else await broken.for(BROKEN_WAIT);
      } catch {
        // The connection has told its end to the log already, and comes back by itself.
        if (!over) await broken.for(BROKEN_WAIT);
      }
    },
    wake() {
      // A wait that nobody needs any more must not take the wake-up that is meant for another consumer.
      over = true;
      client.disconnect();
      broken.wake();
    },
  };
}
