import { forEach, ifTask, sequential } from './flowables.ts';
import { sleep } from './sleep.ts';

export const flowTasks = [sequential, ifTask, forEach, sleep] as const;
