export * from './ports/kv-store.ts';
export * from './ports/execution-store.ts';
export * from './ports/execution-queries.ts';
export * from './ports/flow-store.ts';
export * from './ports/free-text.ts';
export { Database, type Connection, type DatabaseOptions } from './postgres/database.ts';
export { createExecutionStore, type ExecutionStoreOptions } from './postgres/execution-store.ts';
export { createFlowStore } from './postgres/flow-store.ts';
export { createKvStore } from './postgres/kv-store.ts';
export { migrate } from './postgres/migrate.ts';
export { ensurePartitions } from './postgres/partitions.ts';
export { createExecutionQueries } from './postgres/execution-queries.ts';
export {
  checkDatabase,
  checkEncryptionKey,
  clusterId,
  DatabaseUnfitError,
  livingMessaging,
} from './postgres/cluster.ts';
export { foldCounts, housekeeping } from './postgres/housekeeping.ts';
