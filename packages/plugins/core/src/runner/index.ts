import { processRunner } from './process.ts';

export const taskRunners = [processRunner] as const;
