import type pg from 'pg';
import { createCarriedBus, type BusChannel, type CarriedBus } from '../bus-batch.ts';
import type { MessagingLog } from '../port.ts';
import type { Listener } from './listener.ts';

const channelOf = (channel: BusChannel): string => `tiercel_${channel}`;

/** A notification may have 8,000 bytes. */
const MOST_BYTES = 7_500;

/** The most batches that wait for a statement that is under way. */
const MOST_WAITING = 1_000;

export interface PostgresBusOptions {
  /** Of one connection: one statement at a time. */
  readonly pool: pg.Pool;
  readonly listener: Listener;
  readonly instance: string;
  readonly log: MessagingLog;
}

/** Live events over LISTEN and NOTIFY. */
export function createPostgresBus({ pool, listener, instance, log }: PostgresBusOptions): CarriedBus {
  let waiting: { readonly channel: string; readonly batch: string }[] = [];
  const mutes: (() => void)[] = [];
  let underWay: Promise<void> | undefined;
  const notify = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batches = waiting;
      waiting = [];
      try {
        await pool.query('SELECT pg_notify(channel, batch) FROM unnest($1::text[], $2::text[]) AS b(channel, batch)', [
          batches.map(({ channel }) => channel),
          batches.map(({ batch }) => batch),
        ]);
      } catch (error) {
        log.debug({ error }, 'live events got lost');
      }
    }
    underWay = undefined;
  };
  const bus = createCarriedBus({
    instance,
    log,
    maxBytes: MOST_BYTES,
    send: (channel, batches) => {
      if (waiting.length + batches.length > MOST_WAITING) return log.debug({}, 'live events got lost');
      waiting.push(...batches.map((batch) => ({ channel: channelOf(channel), batch })));
      underWay ??= notify();
    },
    listen: (channel) => {
      mutes.push(listener.on(channelOf(channel), (payload) => bus.received(payload)));
    },
    close: async () => {
      for (const mute of mutes) mute();
      await underWay;
    },
  });
  return bus;
}
