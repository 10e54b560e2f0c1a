import { outputValues } from './output-values.ts';

export const outputTasks = [outputValues] as const;
