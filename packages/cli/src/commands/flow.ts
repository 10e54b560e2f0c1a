import type { Command } from 'commander';
import type { Api } from '../client/api.ts';
import { deployFlow, documentsOf, readFlows, searchFlows, validateFlow } from '../client/flows.ts';
import { table, type Terminal } from '../client/terminal.ts';
import { CommandError, EXIT } from '../errors.ts';
import { localJudge, migrate, showVerdict, type Verdict } from './flow-offline.ts';
import { exportCommand } from './flow-export.ts';
import { namespaceCommands } from './flow-namespace.ts';
import { apiOf, withServer, type ServerOptions } from './options.ts';

/** `tiercel flow deploy|validate|migrate|list|export|namespace`. */
export function flowCommands(program: Command, terminal: Terminal): void {
  const flow = program.command('flow').description('flows of a server');
  withServer(
    flow.command('deploy').description('create or update flows; a flow whose source is unchanged keeps its revision'),
  )
    .argument('<path...>', 'YAML files, or folders with such')
    .action(async (paths: string[], options: ServerOptions) => deploy(terminal, paths, options));
  withServer(flow.command('validate').description('say what is wrong with flows, without storing them'))
    .argument('<path...>', 'YAML files, or folders with such')
    .option('--local', 'without a server, by this program and its plugins')
    .option('--strict', 'warnings and deprecated forms count as mistakes')
    .action(async (paths: string[], options: ValidateOptions) => validate(terminal, paths, options));
  flow
    .command('migrate')
    .description('say which older forms of the flow language are used, and rewrite them; comments and layout stay')
    .argument('<path...>', 'YAML files, or folders with such')
    .option('--write', 'rewrite the files')
    .action(async (paths: string[], options: { readonly write?: true }) =>
      migrate(terminal, await readFlows(paths), options.write === true),
    );
  withServer(flow.command('list').description('list flows'))
    .option('--namespace <namespace>', 'only this namespace and those below it')
    .option('--json', 'as JSON')
    .action(async (options: ListOptions) => list(terminal, options));
  exportCommand(flow, terminal);
  namespaceCommands(flow, terminal);
}

async function deploy(terminal: Terminal, paths: readonly string[], options: ServerOptions): Promise<void> {
  const api = apiOf(options);
  let failed = 0;
  for (const file of (await readFlows(paths)).flatMap(documentsOf)) {
    try {
      const { flow, change } = await deployFlow(api, file);
      terminal.print(`${change.padEnd(9)} ${flow.namespace}/${flow.id} (revision ${flow.revision})`);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      // The others are deployed nevertheless.
      terminal.note(error.message.startsWith(file.path) ? error.message : `${file.path}: ${error.message}`);
      failed++;
    }
  }
  if (failed > 0) process.exitCode = EXIT.failed;
}

interface ValidateOptions extends ServerOptions {
  readonly local?: true;
  readonly strict?: true;
}

async function validate(terminal: Terminal, paths: readonly string[], options: ValidateOptions): Promise<void> {
  const files = await readFlows(paths);
  const strict = options.strict === true;
  const judge = options.local === true ? await localJudge(terminal) : serverJudge(apiOf(options));
  for (const { path, source } of files.flatMap(documentsOf)) {
    const isEmpty = source.trim() === '';
    showVerdict(terminal, path, isEmpty ? NO_FLOW : await judge(source), strict);
  }
}

const NO_FLOW: Verdict = {
  constraints: 'There is no flow in this file.',
  warnings: [],
  deprecationPaths: [],
  infos: [],
};

const serverJudge =
  (api: Api) =>
  (source: string): Promise<Verdict> =>
    validateFlow(api, source);

interface ListOptions extends ServerOptions {
  readonly namespace?: string;
  readonly json?: true;
}

async function list(terminal: Terminal, options: ListOptions): Promise<void> {
  const flows = await searchFlows(apiOf(options), options.namespace);
  if (options.json === true) terminal.print(JSON.stringify(flows, undefined, 2));
  else if (flows.length === 0) terminal.note('There are no flows.');
  else {
    const rows = flows.map(({ namespace, id, revision, disabled }) => [
      `${namespace}/${id}`,
      String(revision),
      disabled ? 'disabled' : '',
    ]);
    terminal.print(table([['FLOW', 'REVISION', ''], ...rows]));
  }
}
