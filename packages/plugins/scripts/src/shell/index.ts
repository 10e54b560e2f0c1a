import { shellCommands } from './commands.ts';
import { shellScript } from './script.ts';

export const shellTasks = [shellCommands, shellScript] as const;
