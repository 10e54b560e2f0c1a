import { setTimeout as pause } from 'node:timers/promises';
import { assertPostgresVersion, runMigrations } from 'bullmq';
import type pg from 'pg';
import { createBullQueues } from '../bull/queue.ts';
import type { Messaging, MessagingLog } from '../port.ts';
import { createPostgresBackend, JOBS_CHANNEL } from './backend.ts';
import { createPostgresBus } from './bus.ts';
import { createListener } from './listener.ts';
import { createPool, explain, SCHEMA, type PostgresAddress } from './pools.ts';

export interface PostgresMessagingOptions {
  readonly connection: PostgresAddress;
  /** Of this process. */
  readonly instance: string;
  readonly log: MessagingLog;
  /** How long a database that is away is waited for, ms; 5,000 when absent. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 5_000;
const BETWEEN_MS = 300;

/**
 * Queues over BullMQ's tables in PostgreSQL (schema `bullmq`, made when absent), and the bus over LISTEN and NOTIFY. A
 * process has at most six connections: four for queues, one for live events, one that listens. Throws MessagingError
 * when the database cannot be used.
 */
export async function createPostgresMessaging(options: PostgresMessagingOptions): Promise<Messaging> {
  const { connection: address, instance, log, patienceMs = PATIENCE_MS } = options;
  const poolOptions = { address, instance, log };
  const pool = createPool(poolOptions, 'queues');
  try {
    await prepareWithin(pool, patienceMs);
  } catch (error) {
    await pool.end();
    throw error;
  }
  const busPool = createPool(poolOptions, 'bus', 1);
  let closed = false;
  // What was to be sent meanwhile was dropped, and a crash loses what was written last: no commit waited for the disk.
  const listener = createListener(poolOptions, [JOBS_CHANNEL], () => {
    log.info({}, 'the database of the queues is back; everything owed is sent again');
    queues.wiped();
  });
  const queues = createBullQueues({ backend: createPostgresBackend({ pool, listener, closed: () => closed }), log });
  const bus = createPostgresBus({ pool: busPool, listener, instance, log });
  await listener.ready;
  return {
    queue: queues,
    bus,
    identity: () => 'postgres',
    close: async () => {
      await queues.close();
      closed = true;
      await bus.close();
      await Promise.all([listener.close(), pool.end(), busPool.end()]);
    },
  };
}

/** Brings BullMQ's schema up to date. */
async function prepareWithin(pool: pg.Pool, ms: number): Promise<void> {
  const end = Date.now() + ms;
  for (;;) {
    try {
      const client = await pool.connect();
      try {
        await assertPostgresVersion(client);
        await runMigrations(client, SCHEMA);
      } finally {
        client.release();
      }
      return;
    } catch (error) {
      const why = explain(error);
      if (why.kind === 'refused' || Date.now() + BETWEEN_MS >= end) throw why;
      await pause(BETWEEN_MS);
    }
  }
}
