export { createMemoryFlowStore, flowWrite, type MemoryFlowStore } from './flow-store.ts';
export { testRegistry } from './registry.ts';
