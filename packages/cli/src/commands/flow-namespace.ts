import type { Command } from 'commander';
import { readWanted, writeNamespace } from '../client/namespace.ts';
import type { Terminal } from '../client/terminal.ts';
import { showChanges, showMistakes } from './changes.ts';
import { apiOf, withServer, type ServerOptions } from './options.ts';

interface UpdateOptions extends ServerOptions {
  readonly delete: boolean;
  readonly overrideNamespaces: boolean;
}

/** `tiercel flow namespace update`, as in Kestra. */
export function namespaceCommands(flow: Command, terminal: Terminal): void {
  const namespace = flow.command('namespace').description('the flows of a namespace');
  withServer(
    namespace
      .command('update')
      .description('write the flows of a folder into a namespace; all of them, or none when one is not valid'),
  )
    .argument('<namespace>', 'the namespace')
    .argument('<folder>', 'folder with YAML files')
    .option('--delete', 'delete flows of the namespace that are not in the folder', false)
    .option('--no-delete', 'keep them (the default)')
    .option('--override-namespaces', 'put all flows of the folder into the namespace, whatever they say', false)
    .action(async (name: string, folder: string, options: UpdateOptions) => update(terminal, name, folder, options));
}

async function update(terminal: Terminal, namespace: string, folder: string, options: UpdateOptions): Promise<void> {
  const api = apiOf(options);
  const { flows, mistakes } = await readWanted(api, namespace, folder, options.overrideNamespaces);
  if (mistakes.length > 0) showMistakes(terminal, mistakes);
  else showChanges(terminal, await writeNamespace(api, namespace, flows, options.delete));
}
