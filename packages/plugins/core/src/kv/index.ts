import { kvGet } from './get.ts';
import { kvSet } from './set.ts';

export const kvTasks = [kvSet, kvGet] as const;
