import type { PluginRegistry } from '@tiercel/plugin-kit';
import { createMemoryBus, createMemoryQueue } from '@tiercel/queue';
import type { Logger } from '@tiercel/runtime';
import { createLocalStorage } from '@tiercel/storage';
import { Database, ensurePartitions, migrate, type Connection } from '@tiercel/store';
import { systemClock } from './clock.ts';
import type { ServerConfig } from './config.ts';
import { createPlatform, type Platform } from './platform.ts';

export interface EmbeddedOptions {
  readonly instance: string;
  readonly config: ServerConfig;
  readonly logger: Logger;
  readonly connection: Connection;
  readonly migrations: string;
  /** Folder of the internal storage. */
  readonly storageRoot: string;
  readonly registry: PluginRegistry;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingRoot?: string;
}

/** The embedded platform: PostgreSQL, queues and bus in memory, files on the local disk. */
export async function createEmbeddedPlatform(options: EmbeddedOptions): Promise<Platform> {
  const { config, logger, instance } = options;
  const database = new Database({
    connection: options.connection,
    poolSize: config.databasePool,
    applicationName: `tiercel ${instance}`,
    onError: (error) => logger.warn({ error }, 'a connection to the database broke'),
  });
  await migrate(database, options.migrations);
  await ensurePartitions(database, Date.now());
  // This folder is ours alone: members that are still written down are of a killed predecessor, and hints to them would be lost.
  await database.query('DELETE FROM members');
  const onError = (error: unknown): void => logger.error({ error }, 'a handler of messages failed');
  const storage = await createLocalStorage(options.storageRoot);
  return createPlatform({
    ...options,
    // The database runs on this machine: its clock is ours.
    clock: systemClock,
    database,
    messaging: {
      queue: createMemoryQueue({ onError }),
      bus: createMemoryBus({ onError }),
      identity: () => `memory ${instance}`,
    },
    storage,
    async close() {
      await storage.close();
      await database.close();
    },
  });
}
