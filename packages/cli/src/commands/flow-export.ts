import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import type { FlowJson } from '@tiercel/contracts';
import type { Api } from '../client/api.ts';
import { searchFlows, sourceOf } from '../client/flows.ts';
import type { Terminal } from '../client/terminal.ts';
import { CommandError } from '../errors.ts';
import { apiOf, withServer, type ServerOptions } from './options.ts';

interface ExportOptions extends ServerOptions {
  readonly namespace?: string;
  readonly output: string;
  readonly dir?: string;
}

/** `tiercel flow export`. */
export function exportCommand(flow: Command, terminal: Terminal): void {
  withServer(flow.command('export').description('write flows into a zip archive or a folder'))
    .option('--namespace <namespace>', 'only this namespace and those below it')
    .addOption(new Option('-o, --output <file.zip>', 'archive to write').default('flows.zip').conflicts('dir'))
    .option('--dir <folder>', 'write files NAMESPACE/ID.yml into a folder; what else is there stays')
    .action(async (options: ExportOptions) => {
      const api = apiOf(options);
      if (options.dir === undefined) await exportArchive(terminal, api, options);
      else await exportFolder(terminal, api, options.dir, options.namespace);
    });
}

async function exportArchive(
  terminal: Terminal,
  api: Api,
  { namespace, output }: Pick<ExportOptions, 'namespace' | 'output'>,
): Promise<void> {
  const content = await api.bytes('/flows/export/by-query', { namespace });
  await written(output, () => writeFile(output, content));
  terminal.note(`written to ${output}`);
}

async function exportFolder(
  terminal: Terminal,
  api: Api,
  folder: string,
  namespace: string | undefined,
): Promise<void> {
  const flows = await searchFlows(api, namespace);
  const taken = new Set<string>();
  for (const flow of flows) {
    const path = pathOf(folder, flow, taken);
    const source = await sourceOf(api, flow);
    await written(path, async () => {
      await mkdir(join(folder, flow.namespace), { recursive: true });
      await writeFile(path, source);
    });
    terminal.print(path);
  }
  terminal.note(`${flows.length} ${flows.length === 1 ? 'flow' : 'flows'} written to ${folder}`);
}

/** Names as the language has them: a server that is not what it seems must not write elsewhere. */
const SAFE = /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/;

function pathOf(folder: string, { namespace, id }: FlowJson, taken: Set<string>): string {
  if (!SAFE.test(namespace) || !SAFE.test(id))
    throw new CommandError(`A flow is called ${namespace}/${id}: that is no name for a file.`);
  // Where file systems ignore case, `A` and `a` are one file.
  for (let copy = 1; ; copy++) {
    const path = join(folder, namespace, copy === 1 ? `${id}.yml` : `${id}~${copy}.yml`);
    if (taken.has(path.toLowerCase())) continue;
    taken.add(path.toLowerCase());
    return path;
  }
}

async function written(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    throw new CommandError(`${path} cannot be written: ${(error as Error).message}`, { cause: error });
  }
}
