export * from './ports/kv-store.ts';
export * from './ports/execution-store.ts';
export * from './ports/execution-queries.ts';
export * from './ports/flow-store.ts';
