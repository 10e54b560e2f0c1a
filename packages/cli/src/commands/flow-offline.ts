import { writeFile } from 'node:fs/promises';
import type { LanguageOfEnvironment } from '@tiercel/platform';
import type { FlowFile } from '../client/flows.ts';
import type { Terminal } from '../client/terminal.ts';
import { EXIT } from '../errors.ts';

/** What is said of one source: as the server says it, from the parser of this program. */
export interface Verdict {
  readonly constraints?: string;
  readonly warnings: readonly string[];
  readonly deprecationPaths: readonly string[];
  readonly infos: readonly string[];
}

/** Judges sources without a server. Loaded only here: the parser with all plugins is large. */
export async function localJudge(terminal: Terminal): Promise<(source: string) => Verdict> {
  const { describeProblem, parseFlow } = await import('@tiercel/flow-source');
  const { registry, defaults } = await language(terminal);
  return (source) => {
    const { problems, warnings, deprecations, infos } = parseFlow(source, {
      registry,
      defaults,
      tenant: 'main',
      // As a server takes them.
      expressionErrors: 'warning',
    });
    return {
      ...(problems.length === 0 ? {} : { constraints: problems.map(describeProblem).join('\n') }),
      warnings,
      deprecationPaths: deprecations,
      infos,
    };
  };
}

/** What a server with this environment would read flows with. */
async function language(terminal: Terminal): Promise<LanguageOfEnvironment> {
  const { languageOfEnvironment } = await import('@tiercel/platform');
  return languageOfEnvironment(process.env, terminal.note);
}

/** Shows a verdict; a flow that is not valid makes the command fail, with `strict` also one with warnings. */
export function showVerdict(terminal: Terminal, path: string, verdict: Verdict, strict: boolean): void {
  const { constraints, warnings, deprecationPaths, infos } = verdict;
  const failed = constraints !== undefined || (strict && warnings.length + deprecationPaths.length > 0);
  terminal.print(`${failed ? 'not valid ' : 'valid     '} ${path}`);
  if (constraints !== undefined) terminal.print(`  ${constraints.replaceAll('\n', '\n  ')}`);
  for (const warning of warnings) terminal.print(`  warning: ${warning}`);
  for (const place of deprecationPaths) terminal.print(`  deprecated: ${place}`);
  for (const info of infos) terminal.print(`  note: ${info}`);
  if (failed) process.exitCode = EXIT.failed;
}

/** `tiercel flow migrate`: rewrites older forms of the language, or says what it would rewrite. */
export async function migrate(terminal: Terminal, files: readonly FlowFile[], write: boolean): Promise<void> {
  const { migrateFlow } = await import('@tiercel/flow-source');
  const { registry } = await language(terminal);
  let changed = 0;
  for (const { path, source } of files) {
    const { source: migrated, changes, remaining } = migrateFlow(source, registry);
    for (const { line, column, message } of changes) terminal.print(`${path}:${line}:${column}  ${message}`);
    for (const { line, column, message } of remaining) terminal.print(`${path}:${line}:${column}  by hand: ${message}`);
    if (migrated === source) continue;
    changed++;
    if (write) await writeFile(path, migrated);
  }
  const of = `${changed} of ${files.length} files`;
  terminal.note(write ? `${of} rewritten.` : `${of} would be rewritten; --write does it.`);
}
