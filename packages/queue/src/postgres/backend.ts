import { PostgresConnection, PostgresQueueBackend, type QueueBaseOptions } from 'bullmq';
import type pg from 'pg';
import { Doze, type BullBackend, type Source } from '../bull/backend.ts';
import type { QueueMessage } from '../port.ts';
import type { Listener } from './listener.ts';
import { patient, type PatientPool } from './pools.ts';

/** On which BullMQ's functions tell, with the name of the queue, that a job waits. */
export const JOBS_CHANNEL = 'bullmq_jobs';

export interface PostgresBackendOptions {
  readonly pool: pg.Pool;
  readonly listener: Listener;
  readonly closed: () => boolean;
}

/** Without a look at the schema, which has been brought up to date, and which would fail for ever if it failed once. */
class PreparedConnection extends PostgresConnection {
  override async waitUntilReady(): Promise<void> {
    return undefined;
  }
}

/** BullMQ over one pool of ours, and one connection that listens for all consumers. */
export function createPostgresBackend({ pool, listener, closed }: PostgresBackendOptions): BullBackend {
  // Its type of a pool asks for more than it uses.
  const connectionOf = (one: pg.Pool | PatientPool): PostgresConnection => new PreparedConnection(one as never);
  const adding = connectionOf(pool);
  const consuming = connectionOf(patient(pool, closed));
  return {
    open: () => !closed(),
    whenAdmitted: (work) => {
      work();
      return () => undefined;
    },
    producer: (queue) => new PostgresQueueBackend(adding, queue, { connection: {} }, false),
    source: (queue, options) => sourceOf(consuming, queue, options as QueueBaseOptions<never>, listener),
    // As text in the JSON: jsonb knows no NUL and no half surrogates, and forgets the order of keys.
    encode: (message) => JSON.stringify(message),
    decode: (data) => JSON.parse(data as string) as QueueMessage,
    // Zero would mean that its table of events is never cleaned.
    maxEvents: 1,
    // What is added meanwhile goes with the next statement.
    parallel: 1,
  };
}

function sourceOf(
  connection: PostgresConnection,
  queue: string,
  options: QueueBaseOptions<never>,
  listener: Listener,
): Source {
  const backend = new PostgresQueueBackend(connection, queue, options, false);
  const doze = new Doze();
  // Told while a look was under way that may have missed it.
  let told = false;
  const mute = listener.on(JOBS_CHANNEL, (payload) => {
    if (payload !== queue) return;
    told = true;
    doze.wake();
  });
  return {
    backend,
    async wait(seconds) {
      if (!told) await doze.for(seconds * 1_000);
      told = false;
    },
    wake() {
      mute();
      doze.wake();
    },
  };
}
