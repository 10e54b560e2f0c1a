import { Command } from 'commander';
import { serverCommands } from './commands/server.ts';
import { StartError } from './local/data-folder.ts';

const program = new Command('tiercel').description('Tiercel: a workflow orchestrator').version('0.1.0');
serverCommands(program);

try {
  await program.parseAsync();
} catch (error) {
  const known = error instanceof StartError || (error instanceof Error && error.name === 'ConfigError');
  process.stderr.write(`${known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}
