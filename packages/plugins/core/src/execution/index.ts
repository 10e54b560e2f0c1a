import { fail } from './fail.ts';

export const executionTasks = [fail] as const;
