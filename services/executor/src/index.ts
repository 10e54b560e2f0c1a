export { createExecutor, executorsOf, ALIVE_MS, ANNOUNCE_MS, type Executor } from './executor.ts';
export type { ExecutorDeps, ExecutorLimits, InlineReport } from './deps.ts';
export { executorOf } from './main.ts';
