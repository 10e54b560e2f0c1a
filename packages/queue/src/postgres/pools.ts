import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { MessagingError, type MessagingLog } from '../port.ts';

/** Where the database is: a URL, or the parts of a socket connection. */
export type PostgresAddress =
  | { readonly url: string }
  | { readonly host: string; readonly port: number; readonly user: string; readonly database: string };

export interface PoolOptions {
  readonly address: PostgresAddress;
  readonly instance: string;
  readonly log: MessagingLog;
}

/** Schema that BullMQ keeps its tables in; its default, which it takes when it is given a pool. */
export const SCHEMA = 'bullmq';

/** Statements that run at a time for the queues of a process. */
const QUERIES = 4;

/** Settings of a connection. What queues hold may be lost in a crash of the database, so no commit waits for the disk. */
export const configOf = ({ address, instance }: PoolOptions, use: string): pg.PoolConfig => ({
  ...('url' in address ? { connectionString: address.url } : address),
  application_name: `tiercel ${use} ${instance}`,
  options: `-c search_path=${SCHEMA} -c synchronous_commit=off -c jit=off`,
  connectionTimeoutMillis: 3_000,
  // Of a database that does not answer any more.
  query_timeout: 10_000,
  keepAlive: true,
});

export function createPool(options: PoolOptions, use: string, max = QUERIES): pg.Pool {
  const pool = new pg.Pool({ ...configOf(options, use), max, idleTimeoutMillis: 60_000 });
  pool.on('error', (error) => options.log.debug({ error }, 'a connection of the queues to the database broke'));
  return pool;
}

/** A connection that is gone, or a database that stops, starts, or has no connection left: what mends itself. */
const TRANSIENT_STATE = /^(08|57P0|53300)/;
const TRANSIENT_TEXT =
  /Connection terminated|connection timeout|timeout exceeded|Query read timeout|not queryable|Client was closed/i;
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code = '' } = error as NodeJS.ErrnoException;
  return TRANSIENT_CODES.has(code) || TRANSIENT_STATE.test(code) || TRANSIENT_TEXT.test(error.message);
}

/** Waits grow from 50 ms to this. */
const MOST_BETWEEN_MS = 500;

/** How long to wait before the next try. */
export const backoff = (tries: number): number => Math.min(25 * 2 ** Math.min(tries, 10), MOST_BETWEEN_MS);

/** The shape that BullMQ knows a pool by. */
export interface PatientPool {
  query(text: string, values?: unknown[]): Promise<pg.QueryResult>;
  connect(): Promise<pg.PoolClient>;
  end(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/**
 * The same pool for consumers: it waits for a database that is away, until `stopped`. BullMQ would take the errors of such a
 * database for those of a job, and try again without a pause.
 */
export function patient(pool: pg.Pool, stopped: () => boolean): PatientPool {
  const insist = async <T>(work: () => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        if (stopped() || !isTransient(error)) throw error;
        await pause(backoff(tries));
      }
    }
  };
  return {
    query: (text, values) => insist(() => pool.query(text, values)),
    connect: () => insist(() => pool.connect()),
    end: async () => undefined,
    on: () => undefined,
  };
}

/** Why messages cannot be kept in this database, in one sentence. */
export function explain(error: unknown): MessagingError {
  if (error instanceof MessagingError) return error;
  const { message, code = '', name } = error as NodeJS.ErrnoException;
  const refused = (text: string): MessagingError => new MessagingError('refused', text, { cause: error });
  if (name === 'UnsupportedPostgresVersionError' || name === 'SchemaVersionMismatchError') {
    return refused(`The database cannot hold the queues: ${message}`);
  }
  if (code === 'ENOTFOUND') return refused('The host of the database is unknown.');
  if (code.startsWith('28')) return refused(`The database refuses the user name or the password: ${message}.`);
  if (code === '3D000') return refused(`There is no such database: ${message}.`);
  if (code === '42501') {
    return refused(
      `The queues need a schema "${SCHEMA}" in the database, and its user may not make or use it: ${message}.`,
    );
  }
  if (isTransient(error)) {
    return new MessagingError('unreachable', `The database for the queues cannot be reached: ${message || code}.`, {
      cause: error,
    });
  }
  return refused(`The database cannot hold the queues: ${message}.`);
}
