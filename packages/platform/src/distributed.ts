import type { Clock } from '@tiercel/model';
import { ALIVE_MS, type Messaging } from '@tiercel/queue';
import type { Logger } from '@tiercel/runtime';
import type { Storage } from '@tiercel/storage';
import {
  checkDatabase,
  checkEncryptionKey,
  clusterId,
  createExecutionStore,
  Database,
  DatabaseUnfitError,
  ensurePartitions,
  livingMessaging,
  migrate,
} from '@tiercel/store';
import { createStoreClock, systemClock } from './clock.ts';
import type { ClusterConfig, S3Config, ServerConfig } from './config.ts';
import { createPlatform, type Platform } from './platform.ts';
import { PlatformError } from './platform-error.ts';
import { configuredRegistry } from './registry.ts';

export interface DistributedOptions {
  readonly instance: string;
  readonly config: ServerConfig;
  readonly cluster: ClusterConfig;
  readonly s3: S3Config;
  readonly logger: Logger;
  readonly migrations: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingRoot?: string;
  /** Called for a mistake that shows only after the start, such as another cluster on the same Redis. */
  readonly onFatal: (error: Error) => void;
}

/** How long a start waits for a database that does not answer: what is started together comes up in any order, ms. */
const DATABASE_WAIT_MS = 15_000;
const RETRY_MS = 250;
/** How long members may take to find out that their Redis was emptied, ms. */
const SETTLE_MS = 6_000;

/**
 * What one process of a cluster stands on: PostgreSQL, queues and bus over Redis or PostgreSQL, S3. Checks all of it, and that the other
 * members use the same. Throws PlatformError. When other members live, Redis and S3 may be away: then this is an outage, not a
 * mistake, and the service starts without them.
 */
export async function createDistributedPlatform(options: DistributedOptions): Promise<Platform> {
  const { cluster, instance, logger } = options;
  const config = { ...options.config, encryptionKey: cluster.encryptionKey };
  const registry = await configuredRegistry(config);
  const closers: (() => Promise<unknown> | void)[] = [];
  const close = async (): Promise<void> => {
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await closer();
  };
  try {
    const database = new Database({
      connection: { url: cluster.databaseUrl },
      poolSize: config.databasePool,
      applicationName: `tiercel ${instance}`,
      onError: (error) => logger.warn({ error }, 'a connection to the database broke'),
    });
    closers.push(() => database.close());
    const id = await openDatabase(database, options);
    const living = await livingMessaging(database, ALIVE_MS);
    const patient = living.length > 0;
    const messaging = await connectMessaging(options, id, patient);
    closers.push(() => messaging.close());
    await checkSharing(database, messaging, cluster);
    closers.push(checkSharingLater(options, database, messaging));
    const storage = await connectStorage(options, patient);
    closers.push(() => storage.close());
    const clock = await createStoreClock(
      () => createExecutionStore(database).clock(),
      systemClock,
      (skew) => logger.warn({ skew }, 'the clock of this machine is wrong; that of the database is used'),
    );
    closers.push(clock.stop);
    return createPlatform({ ...options, config, registry, clock, database, messaging, storage, close });
  } catch (error) {
    await close();
    throw error instanceof DatabaseUnfitError ? new PlatformError(error.message, { cause: error }) : error;
  }
}

/** Waits for the database, brings its schema up to date, and answers the id of the cluster. */
async function openDatabase(database: Database, { cluster, migrations, logger }: DistributedOptions): Promise<string> {
  const { host, pathname } = new URL(cluster.databaseUrl);
  const deadline = performance.now() + DATABASE_WAIT_MS;
  for (let told = false; ; told = true) {
    try {
      await checkDatabase(database);
      break;
    } catch (error) {
      if (error instanceof DatabaseUnfitError) throw error;
      const reason = databaseMistake(error, host, pathname.slice(1));
      if (reason !== undefined) throw new PlatformError(reason, { cause: error });
      if (performance.now() > deadline) {
        const text = error instanceof Error ? error.message : String(error);
        throw new PlatformError(`PostgreSQL at ${host} cannot be reached (${text}).`, { cause: error });
      }
      if (!told) logger.warn({ error }, `PostgreSQL at ${host} does not answer yet; waiting`);
      await pause(systemClock, RETRY_MS);
    }
  }
  await migrate(database, migrations);
  await ensurePartitions(database, Date.now());
  const id = await clusterId(database);
  await checkEncryptionKey(database, cluster.encryptionKey);
  return id;
}

/** What no waiting cures; by SQLSTATE and by code of the resolver. */
function databaseMistake(error: unknown, host: string, name: string): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: string };
    if (code === '28P01' || code === '28000')
      return `PostgreSQL at ${host} refuses the user or the password of DATABASE_URL (${cause.message}).`;
    if (code === '3D000')
      return `PostgreSQL at ${host} has no database ${name}; create it, or give another in DATABASE_URL.`;
    if (code === 'ENOTFOUND') return `The host ${host} of DATABASE_URL is not known.`;
  }
  return undefined;
}

/** Loaded only where it is used: the drivers cost memory and time at the start. */
async function connectMessaging(options: DistributedOptions, cluster: string, patient: boolean): Promise<Messaging> {
  const { instance, logger } = options;
  const log = logger.child({ part: 'messaging' });
  const { redisUrl, databaseUrl } = options.cluster;
  try {
    if (redisUrl === undefined) {
      const { createPostgresMessaging } = await import('@tiercel/queue/postgres');
      return await createPostgresMessaging({ connection: { url: databaseUrl }, instance, log });
    }
    const { createRedisMessaging } = await import('@tiercel/queue/redis');
    return await createRedisMessaging({ url: redisUrl, cluster, instance, log, patient, onFatal: options.onFatal });
  } catch (error) {
    if (error instanceof Error && error.name === 'MessagingError')
      throw new PlatformError(error.message, { cause: error });
    throw error;
  }
}

/**
 * All members of a cluster must send and take messages in the same place, that of most of them. A Redis that has just been emptied gets a new
 * name, and the others need a moment to learn it.
 */
async function checkSharing(database: Database, messaging: Messaging, cluster: ClusterConfig): Promise<void> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const mine = messaging.identity();
    const [used] = (await livingMessaging(database, ALIVE_MS)).filter((name) => name !== '');
    // Without a name of its own yet (Redis is away), it can be compared with nothing.
    if (mine === '' || used === undefined || used === mine) return;
    if (performance.now() > deadline) {
      const place = cluster.redisUrl === undefined ? 'PostgreSQL (REDIS_URL is not set)' : 'another Redis';
      throw new PlatformError(
        `Other services that use this database take their messages elsewhere, and this one from ${place}; give all services of a cluster the same REDIS_URL, and each cluster a database of its own.`,
      );
    }
    await pause(systemClock, RETRY_MS);
  }
}

/** Services that are started together do not see each other before they start: they are compared once more. Answers how to end that. */
function checkSharingLater(
  { cluster, logger, onFatal }: DistributedOptions,
  database: Database,
  messaging: Messaging,
): () => void {
  let closed = false;
  let cancel: () => void;
  const later = (): void => {
    cancel = systemClock.after(SETTLE_MS, () => void compare());
  };
  const compare = async (): Promise<void> => {
    // Redis has been away since the start.
    if (messaging.identity() === '') return later();
    try {
      await checkSharing(database, messaging, cluster);
    } catch (error) {
      if (closed) return;
      if (error instanceof PlatformError) return onFatal(error);
      logger.warn({ error }, 'this service could not be compared with the others; it is tried again');
      later();
    }
  };
  later();
  return () => {
    closed = true;
    cancel();
  };
}

async function connectStorage({ s3, logger }: DistributedOptions, patient: boolean): Promise<Storage> {
  const { createS3Storage, checkS3, S3SetupError } = await import('@tiercel/storage/s3');
  const { endpoint, ...rest } = s3;
  const settings = { ...rest, ...(endpoint !== undefined && { endpoint }) };
  try {
    await checkS3(settings);
  } catch (error) {
    if (!(error instanceof S3SetupError)) throw error;
    if (!patient || error.problem !== 'unreachable')
      throw new PlatformError(asSentence(error.message), { cause: error });
    logger.warn({ error }, 'the internal storage does not answer; starting without it');
  }
  return createS3Storage(settings);
}

const asSentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));
