import pg from 'pg';
import { StoreError } from '../ports/execution-store.ts';
import { breakSilence } from './silence.ts';

/** Where the database is: a URL, or the parts of a socket connection. */
export type Connection =
  | { readonly url: string }
  | { readonly host: string; readonly port: number; readonly user: string; readonly database: string };

export interface DatabaseOptions {
  readonly connection: Connection;
  readonly poolSize?: number;
  /** After how long a search is given up, ms. */
  readonly searchTimeout?: number;
  /** After how long without any answer the database is asked whether it lives, and given up if it does not say so, ms. */
  readonly silence?: number;
  readonly applicationName?: string;
  /** Called for errors of idle connections, which the pool replaces by itself, and when a database that does not answer is given up. */
  readonly onError?: (error: Error) => void;
}

/** A statement with a name is prepared once per connection; its plan prunes partitions when it runs. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

// bigint columns are counters and ms, all below 2^53; json stays text until a row mapper wants it.
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === 20) return Number;
    return pg.types.getTypeParser(oid, format);
  }) as pg.CustomTypesConfig['getTypeParser'],
};

/** Connections that searches share: what they do to the database is bounded by it. */
const SEARCH_POOL = 4;
const SEARCH_TIMEOUT = 10_000;
/** After how long PostgreSQL gives up a statement of the lease pool, ms; those of the main pool may take STATEMENT_MS. */
export const LEASE_STATEMENT_MS = 10_000;
const STATEMENT_MS = 60_000;
const CANCELED = '57014';
/** After how long without any answer the database is asked whether it lives, and how long it may take to say so, ms. */
const SILENCE = 3_000;
const ASKED = 2_000;

/**
 * The connections to PostgreSQL: a pool whose commits are durable; one for leases, whose loss costs nothing; and a small one for
 * searches, which may read all there is and must not keep executions from their connections.
 */
export class Database {
  readonly pool: pg.Pool;
  private readonly leasePool: pg.Pool;
  private readonly searchPool: pg.Pool;
  private readonly endSilence: () => void;
  private closing = false;

  constructor(options: DatabaseOptions) {
    const base: pg.PoolConfig = {
      ...('url' in options.connection ? { connectionString: options.connection.url } : options.connection),
      application_name: options.applicationName ?? 'tiercel',
      types,
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      // Generic plans prune partitions at run time; custom ones would be planned anew for each of sixty partitions.
      // Prisma's adapter reads a timestamptz as if its offset were always zero.
      options: '-c plan_cache_mode=force_generic_plan -c jit=off -c timezone=UTC',
      statement_timeout: STATEMENT_MS,
    };
    this.pool = new pg.Pool({ ...base, max: options.poolSize ?? 12 });
    this.leasePool = new pg.Pool({
      ...base,
      max: 3,
      options: `${base.options ?? ''} -c synchronous_commit=off`,
      statement_timeout: LEASE_STATEMENT_MS,
    });
    this.searchPool = new pg.Pool({
      ...base,
      max: SEARCH_POOL,
      statement_timeout: options.searchTimeout ?? SEARCH_TIMEOUT,
    });
    // A connection that says goodbye while its server stops too may be cut off in the middle of that.
    const onError = (error: Error): void => (this.closing ? undefined : options.onError?.(error));
    this.pool.on('error', onError);
    this.leasePool.on('error', onError);
    this.searchPool.on('error', onError);
    this.endSilence = breakSilence({
      pools: [this.pool, this.leasePool, this.searchPool],
      silenceMs: options.silence ?? SILENCE,
      ask: () => ask({ ...base, connectionTimeoutMillis: ASKED, query_timeout: ASKED }),
      onSilent: (cause) => onError(new Error('the database does not answer: its connections are given up', { cause })),
    });
  }

  /** Runs a prepared statement; durable when it answers. Throws StoreError. */
  async run<Row extends pg.QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    return execute<Row>(this.pool, statement, values);
  }

  /** The same over the pool without synchronous commit: for leases, members and other rows that may be lost. */
  async runRelaxed<Row extends pg.QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    return execute<Row>(this.leasePool, statement, values);
  }

  /** A statement that is not worth preparing, and bounded by what it names (housekeeping, one execution). */
  async query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    try {
      return (await this.pool.query<Row>(text, values as unknown[])).rows;
    } catch (error) {
      throw classify(error);
    }
  }

  /**
   * A search put together from filters, which may read any number of rows: on few connections of its own and given up after a
   * while. Throws StoreError, `too-slow` for one that was given up.
   */
  async search<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    try {
      return (await this.searchPool.query<Row>(text, values as unknown[])).rows;
    } catch (error) {
      if (sqlState(error) !== CANCELED) throw classify(error);
      const reason = 'the search took too long and was given up; narrow it by namespace, flow or dates';
      throw new StoreError('too-slow', reason, { cause: error });
    }
  }

  /** Lends a connection for a transaction; rolls back when `work` throws. */
  async transaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect().catch((error: unknown) => {
      throw classify(error);
    });
    // The connection may break between two statements; the next one fails then. Without a listener, that would end the process.
    let broken: Error | undefined;
    const breaks = (error: Error): void => {
      broken = error;
    };
    client.on('error', breaks);
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(breaks);
      throw classify(error);
    } finally {
      client.off('error', breaks);
      client.release(broken);
    }
  }

  async close(): Promise<void> {
    this.closing = true;
    this.endSilence();
    await Promise.all([this.pool.end(), this.leasePool.end(), this.searchPool.end()]);
  }
}

/** Rejects when the database does not answer. */
async function ask(config: pg.ClientConfig): Promise<void> {
  const client = new pg.Client(config);
  let broken: Error | undefined;
  client.on('error', (error) => (broken = error));
  try {
    await client.connect();
    await client.query('SELECT 1');
    if (broken !== undefined) throw broken;
  } finally {
    await client.end();
  }
}

/** A race that somebody else won: the same statement is simply run again. */
const LOST_RACE = /^40/;
const RACE_TRIES = 5;

async function execute<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  statement: Statement,
  values: readonly unknown[],
): Promise<Row[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return (await pool.query<Row>({ name: statement.name, text: statement.text, values: values as unknown[] })).rows;
    } catch (error) {
      if (attempt < RACE_TRIES && LOST_RACE.test(sqlState(error))) continue;
      throw classify(error);
    }
  }
}

/** The SQLSTATE of an error, '' without one. Codes of sockets (`EPIPE`) and of Prisma (`P2025`) look alike and are none. */
const sqlState = (error: unknown): string => {
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return '';
  return /^\d/.test(code) || error instanceof pg.DatabaseError ? code : '';
};

/**
 * What an error of PostgreSQL means (docs/guarantees.md, "When a commit fails"): 22, 23 and 54 – something in the batch is
 * bad and stays bad; all else – try again later.
 */
export function classify(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const state = sqlState(error);
  const message = error instanceof Error ? error.message : String(error);
  const code = /^(22|23|54)/.test(state) ? 'bad-data' : 'unavailable';
  return new StoreError(code, state === '' ? message : `${message} (SQLSTATE ${state})`, { cause: error });
}
