import { returnTask } from './return.ts';

export const debugTasks = [returnTask] as const;
