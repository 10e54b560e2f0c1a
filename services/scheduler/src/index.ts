export { createScheduler, type Scheduler, type SchedulerDeps, type SchedulerLimits } from './scheduler.ts';
export { schedulerOf } from './main.ts';
