export { createExecutor, type Executor } from './executor.ts';
export type { ExecutorDeps, ExecutorLimits, InlineReport } from './deps.ts';
export { executorOf } from './main.ts';
