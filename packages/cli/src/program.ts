import { Command } from 'commander';
import type { Terminal } from './client/terminal.ts';
import { executionCommands } from './commands/execution.ts';
import { flowCommands } from './commands/flow.ts';
import { runCommand } from './commands/run.ts';
import { serverCommands } from './commands/server.ts';
import { syncCommand } from './commands/sync.ts';

/** The whole command line. Throws CommanderError for wrong usage, once commander has said what is wrong. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('tiercel')
    .description('Tiercel: a workflow orchestrator')
    .version('0.1.0')
    .exitOverride();
  serverCommands(program, terminal);
  runCommand(program, terminal);
  flowCommands(program, terminal);
  syncCommand(program, terminal);
  executionCommands(program, terminal);
  return program;
}
