import type pg from 'pg';
import { createCarriedBus, type CarriedBus } from '../bus-batch.ts';
import type { MessagingLog } from '../port.ts';
import type { Listener } from './listener.ts';

export const BUS_CHANNEL = 'tiercel_bus';

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
  let waiting: string[] = [];
  let underWay: Promise<void> | undefined;
  const notify = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batches = waiting;
      waiting = [];
      try {
        await pool.query(`SELECT pg_notify('${BUS_CHANNEL}', batch) FROM unnest($1::text[]) AS batch`, [batches]);
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
    send: (batches) => {
      if (waiting.length + batches.length > MOST_WAITING) return log.debug({}, 'live events got lost');
      waiting.push(...batches);
      underWay ??= notify();
    },
    close: async () => {
      mute();
      await underWay;
    },
  });
  const mute = listener.on(BUS_CHANNEL, (payload) => bus.received(payload));
  return bus;
}
