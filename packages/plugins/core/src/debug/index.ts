import { echo } from './echo.ts';
import { returnTask } from './return.ts';

export const debugTasks = [echo, returnTask] as const;
