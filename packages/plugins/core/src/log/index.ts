import { log } from './log.ts';

export const logTasks = [log] as const;
