export { createWorker, type Worker } from './worker.ts';
export type { TaskSink, WorkerDeps, WorkerLimits } from './deps.ts';
export { KillReason } from './running-task.ts';
export { workerOf } from './main.ts';
