import type { Command } from 'commander';
import type { FlowJson } from '@tiercel/contracts';
import { deployFlow, readFlows, validateFlow } from '../client/flows.ts';
import { table, type Terminal } from '../client/terminal.ts';
import { CommandError, EXIT } from '../errors.ts';
import { apiOf, withServer, type ServerOptions } from './options.ts';

const PAGE = 100;

/** `tiercel flow deploy|validate|list`. */
export function flowCommands(program: Command, terminal: Terminal): void {
  const flow = program.command('flow').description('flows of a server');
  withServer(
    flow.command('deploy').description('create or update flows; a flow whose source is unchanged keeps its revision'),
  )
    .argument('<path...>', 'YAML files, or folders with such')
    .action(async (paths: string[], options: ServerOptions) => deploy(terminal, paths, options));
  withServer(flow.command('validate').description('say what is wrong with flows, without storing them'))
    .argument('<path...>', 'YAML files, or folders with such')
    .action(async (paths: string[], options: ServerOptions) => validate(terminal, paths, options));
  withServer(flow.command('list').description('list flows'))
    .option('--namespace <namespace>', 'only this namespace and those below it')
    .option('--json', 'as JSON')
    .action(async (options: ListOptions) => list(terminal, options));
}

async function deploy(terminal: Terminal, paths: readonly string[], options: ServerOptions): Promise<void> {
  const api = apiOf(options);
  let failed = 0;
  for (const file of await readFlows(paths)) {
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

async function validate(terminal: Terminal, paths: readonly string[], options: ServerOptions): Promise<void> {
  const api = apiOf(options);
  for (const { path, source } of await readFlows(paths)) {
    const { constraints, warnings, deprecationPaths } = await validateFlow(api, source);
    if (constraints === undefined) terminal.print(`valid      ${path}`);
    else {
      terminal.print(`not valid  ${path}`);
      terminal.print(`  ${constraints.replaceAll('\n', '\n  ')}`);
      process.exitCode = EXIT.failed;
    }
    for (const warning of warnings) terminal.print(`  warning: ${warning}`);
    for (const place of deprecationPaths) terminal.print(`  deprecated: ${place}`);
  }
}

interface ListOptions extends ServerOptions {
  readonly namespace?: string;
  readonly json?: true;
}

async function list(terminal: Terminal, options: ListOptions): Promise<void> {
  const api = apiOf(options);
  const flows: FlowJson[] = [];
  for (let page = 1; ; page++) {
    const query = {
      page: String(page),
      size: String(PAGE),
      sort: ['namespace:asc', 'id:asc'],
      namespace: options.namespace,
    };
    const found = await api.json<{ readonly results: readonly FlowJson[]; readonly total: number }>('/flows/search', {
      query,
    });
    flows.push(...found.results);
    if (found.results.length < PAGE) break;
  }
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
