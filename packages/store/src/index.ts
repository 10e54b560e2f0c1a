export * from './ports/kv-store.ts';
