import type { Change, ChangedFlow } from '../client/namespace.ts';
import type { Terminal } from '../client/terminal.ts';
import { EXIT } from '../errors.ts';

/** Says what became of each flow, and how many there are of each kind. */
export function showChanges(terminal: Terminal, changed: readonly ChangedFlow[]): void {
  for (const { change, flow } of changed)
    terminal.print(`${change.padEnd(9)} ${flow.namespace}/${flow.id} (revision ${flow.revision})`);
  terminal.note(`${countChanges(changed.map(({ change }) => change))}.`);
}

const KINDS: readonly Change[] = ['created', 'updated', 'deleted', 'unchanged'];

/** `1 created, 0 updated, 0 deleted, 5 unchanged`. */
export const countChanges = (changes: readonly Change[]): string =>
  KINDS.map((kind) => `${changes.filter((change) => change === kind).length} ${kind}`).join(', ');

/** Says what is wrong with files; the command fails. */
export function showMistakes(terminal: Terminal, mistakes: readonly string[]): void {
  for (const mistake of mistakes) terminal.note(mistake);
  terminal.note(
    `Nothing was changed: ${mistakes.length} ${mistakes.length === 1 ? 'file is' : 'files are'} not valid.`,
  );
  process.exitCode = EXIT.failed;
}
