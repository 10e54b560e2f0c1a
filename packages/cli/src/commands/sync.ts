import type { Command } from 'commander';
import type { Api } from '../client/api.ts';
import { sourceOf } from '../client/flows.ts';
import { flowsOf, readWanted, writeNamespace, type Change, type WantedFlow } from '../client/namespace.ts';
import { harmless, type Terminal } from '../client/terminal.ts';
import { EXIT } from '../errors.ts';
import { countChanges, showChanges, showMistakes } from './changes.ts';
import { apiOf, withServer, type ServerOptions } from './options.ts';

interface SyncOptions extends ServerOptions {
  readonly namespace: string;
  readonly dryRun?: true;
  readonly exitCode?: true;
  readonly delete: boolean;
}

/** `tiercel sync`. */
export function syncCommand(program: Command, terminal: Terminal): void {
  withServer(
    program
      .command('sync')
      .description('make a namespace equal to a folder: create, update and delete flows, all at once or not at all'),
  )
    .argument('<folder>', 'folder with YAML files')
    .requiredOption('--namespace <namespace>', 'the namespace; those below it are not touched')
    .option('--dry-run', 'show the difference, change nothing')
    .option('--exit-code', 'with --dry-run: end with 1 when there is a difference')
    .option('--no-delete', 'keep flows that are not in the folder')
    .action(async (folder: string, options: SyncOptions) => sync(terminal, folder, options));
}

async function sync(terminal: Terminal, folder: string, options: SyncOptions): Promise<void> {
  const api = apiOf(options);
  const { namespace } = options;
  const { flows, mistakes } = await readWanted(api, namespace, folder, false);
  if (mistakes.length > 0) {
    showMistakes(terminal, mistakes);
    return;
  }
  if (options.dryRun !== true) {
    showChanges(terminal, await writeNamespace(api, namespace, flows, options.delete));
    return;
  }
  const plan = await planOf(api, namespace, flows, options.delete);
  await showPlan(terminal, namespace, plan);
  if (options.exitCode === true && plan.some(({ change }) => change !== 'unchanged')) process.exitCode = EXIT.failed;
}

interface Step {
  readonly id: string;
  readonly change: Change;
  readonly before?: { readonly source: string; readonly revision: number };
  readonly after?: WantedFlow;
}

/** What a sync would do, by id. */
async function planOf(
  api: Api,
  namespace: string,
  wanted: readonly WantedFlow[],
  deletes: boolean,
): Promise<readonly Step[]> {
  const present = new Map((await flowsOf(api, namespace)).map((flow) => [flow.id, flow]));
  const steps: Step[] = [];
  for (const after of wanted) {
    const flow = present.get(after.id);
    present.delete(after.id);
    if (flow === undefined) {
      steps.push({ id: after.id, change: 'created', after });
      continue;
    }
    const before = { source: await sourceOf(api, flow), revision: flow.revision };
    const change = withoutRevision(before.source) === withoutRevision(after.source) ? 'unchanged' : 'updated';
    steps.push({ id: after.id, change, before, after });
  }
  for (const flow of deletes ? present.values() : [])
    steps.push({
      id: flow.id,
      change: 'deleted',
      before: { source: await sourceOf(api, flow), revision: flow.revision },
    });
  return steps.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** What counts as a change of a source: revisions are the server's (execution-semantics.md §10.8). */
const withoutRevision = (source: string): string => source.replace(/^revision:.*\n?/gm, '');

async function showPlan(terminal: Terminal, namespace: string, plan: readonly Step[]): Promise<void> {
  for (const { id, change, after } of plan)
    terminal.print(`${change.padEnd(9)} ${namespace}/${id}${after === undefined ? '' : `  (${after.from})`}`);
  // Loaded only here: the other commands need no differences.
  const { createTwoFilesPatch } = await import('diff');
  for (const { id, change, before, after } of plan) {
    if (change === 'unchanged') continue;
    const patch = createTwoFilesPatch(
      before === undefined ? '/dev/null' : `${namespace}/${id} (revision ${before.revision})`,
      after?.from ?? '/dev/null',
      before?.source ?? '',
      after?.source ?? '',
      undefined,
      undefined,
      { context: 3 },
    );
    // Without the ruler that the library begins with.
    terminal.print(`\n${harmless(patch).replace(/^=+\n/, '').trimEnd()}`);
  }
  terminal.note(`${countChanges(plan.map(({ change }) => change))}; this was a dry run, nothing was changed.`);
}
