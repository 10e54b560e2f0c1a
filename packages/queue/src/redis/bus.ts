import { createCarriedBus, type BusChannel, type CarriedBus } from '../bus-batch.ts';
import type { MessagingLog } from '../port.ts';
import type { Clients } from './clients.ts';

const CHANNEL = 'tiercel:bus';
/** Pub/sub is not kept by database number: clusters that share a Redis would hear each other. */
const channelOf = (cluster: string, channel: BusChannel): string => `${CHANNEL}:${cluster}:${channel}`;

/** Least sign of life of the subscription, ms: a connection that died in silence is noticed by it. */
const PING_MS = 4_000;

export interface RedisBusOptions {
  readonly clients: Clients;
  readonly cluster: string;
  readonly instance: string;
  readonly log: MessagingLog;
  readonly open: () => boolean;
}

/** Live events over Redis pub/sub. */
export function createRedisBus({ clients, cluster, instance, log, open }: RedisBusOptions): CarriedBus {
  const { producer, subscriber } = clients;
  const bus = createCarriedBus({
    instance,
    log,
    maxBytes: 1024 * 1024,
    send: (channel, batches) => {
      if (!open()) return;
      for (const batch of batches) {
        producer
          .publish(channelOf(cluster, channel), batch)
          .catch((error: unknown) => log.debug({ error }, 'live events got lost'));
      }
    },
    // Waits for the first connection; after that the client subscribes again by itself.
    listen: (channel) => {
      subscriber
        .subscribe(channelOf(cluster, channel))
        .catch((error: unknown) => log.debug({ error }, 'the subscription ended'));
    },
    close: async () => clearInterval(pings),
  });
  subscriber.on('message', (_, text) => bus.received(text));
  const pings = setInterval(() => {
    if (subscriber.status !== 'ready') return;
    subscriber.ping().catch((error: unknown) => log.debug({ error }, 'the subscription broke'));
  }, PING_MS);
  return bus;
}
