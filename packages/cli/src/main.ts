import { CommanderError } from 'commander';
import { createTerminal } from './client/terminal.ts';
import { CommandError, EXIT } from './errors.ts';
import { createProgram } from './program.ts';

const terminal = createTerminal(process);
// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.unable),
);

const program = createProgram(terminal);

/** What operators can mend, in sentences for them. */
const KNOWN: ReadonlySet<string> = new Set(['ConfigError', 'PlatformError']);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  // Help and version have been printed; so has what is wrong with the usage.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.unable;
  const known = error instanceof CommandError || (error instanceof Error && KNOWN.has(error.name));
  terminal.note(known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error));
  return EXIT.unable;
}
