import { writeFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import type { LogEntryJson } from '@tiercel/contracts';
import { exitCodeOf, flowOf, followExecution, getExecution, startExecution } from '../client/executions.ts';
import { collectPair, inputForm, type Pair } from '../client/form.ts';
import { table, type Terminal } from '../client/terminal.ts';
import { LOG_LEVELS, type LogLevel } from '@tiercel/model';
import { CommandError } from '../errors.ts';
import { apiOf, withServer, type ServerOptions } from './options.ts';

/** Inputs of an execution, on any command that starts one. */
export interface InputOptions {
  readonly input?: readonly Pair[];
  readonly file?: readonly Pair[];
}

export const withInputs = (command: Command): Command =>
  command
    .option('--input <name=value>', 'value of an input; may be repeated', collectPair)
    .option('--file <name=path>', 'file for an input of type FILE; may be repeated', collectPair);

/** The lowest level that is shown; the stack of a failure is at TRACE. */
export const withLevel = (command: Command): Command =>
  command.addOption(new Option('--level <level>', 'lowest level of log lines').choices(LOG_LEVELS).default('INFO'));

const collect = (text: string, earlier: readonly string[] = []): readonly string[] => [...earlier, text];

/** `tiercel execution start|logs|get|report`. */
export function executionCommands(program: Command, terminal: Terminal): void {
  const execution = program.command('execution').description('executions of a server');
  withLevel(withInputs(withServer(execution.command('start').description('start an execution'))))
    .argument('<namespace/flow>', 'the flow')
    .option('--label <key:value>', 'label of the execution; may be repeated', collect)
    .option('--revision <number>', 'revision of the flow; default is the latest')
    .option('--follow', 'show the log until the execution ends; the exit code tells how')
    .action(async (flow: string, options: StartOptions) => start(terminal, flow, options));
  withLevel(withServer(execution.command('logs').description('print the log of an execution')))
    .argument('<id>')
    .option('--follow', 'until the execution ends; the exit code tells how')
    .action(async (id: string, options: LogsOptions) => logs(terminal, id, options));
  withServer(execution.command('get').description('show an execution'))
    .argument('<id>')
    .option('--json', 'as JSON, with everything that the API tells')
    .action(async (id: string, options: GetOptions) => get(terminal, id, options));
  withServer(execution.command('report').description('a page (HTML) about an execution'))
    .argument('<id>')
    .option('--output <file>', 'file to write; default is standard output')
    .action(async (id: string, options: ReportOptions) => report(terminal, id, options));
}

interface StartOptions extends ServerOptions, InputOptions {
  readonly label?: readonly string[];
  readonly revision?: string;
  readonly level: LogLevel;
  readonly follow?: true;
}

async function start(terminal: Terminal, flow: string, options: StartOptions): Promise<void> {
  const api = apiOf(options);
  const form = await inputForm(options.input ?? [], options.file ?? []);
  const { id } = await startExecution(api, {
    ...flowOf(flow),
    form,
    labels: options.label ?? [],
    revision: options.revision,
  });
  if (options.follow !== true) {
    terminal.print(id);
    return;
  }
  terminal.note(`execution ${id}`);
  const ended = await followExecution(api, terminal, id, options.level);
  terminal.ended(ended);
  process.exitCode = exitCodeOf(ended);
}

interface LogsOptions extends ServerOptions {
  readonly level: LogLevel;
  readonly follow?: true;
}

async function logs(terminal: Terminal, id: string, options: LogsOptions): Promise<void> {
  const api = apiOf(options);
  if (options.follow === true) {
    process.exitCode = exitCodeOf(await followExecution(api, terminal, id, options.level));
    return;
  }
  // An unknown id has an empty log in the API; people want to know.
  await getExecution(api, id);
  const query = { minLevel: options.level };
  for (const line of await api.json<readonly LogEntryJson[]>(`/logs/${encodeURIComponent(id)}`, { query }))
    terminal.log(line);
}

interface GetOptions extends ServerOptions {
  readonly json?: true;
}

async function get(terminal: Terminal, id: string, options: GetOptions): Promise<void> {
  const execution = await getExecution(apiOf(options), id);
  if (options.json === true) {
    terminal.print(JSON.stringify(execution, undefined, 2));
    return;
  }
  const { namespace, flowId, flowRevision, state, outputs, taskRunList = [] } = execution;
  terminal.print(
    `${namespace}/${flowId} (revision ${flowRevision})  ${state.current}  since ${state.startDate}, ${state.duration}`,
  );
  const rows = taskRunList.map((run) => [run.taskId, run.value ?? '', run.state.current, run.state.duration]);
  if (rows.length > 0) terminal.print(table([['TASK', 'VALUE', 'STATE', 'DURATION'], ...rows]));
  if (outputs !== undefined) terminal.print(`outputs: ${JSON.stringify(outputs, undefined, 2)}`);
}

interface ReportOptions extends ServerOptions {
  readonly output?: string;
}

async function report(terminal: Terminal, id: string, options: ReportOptions): Promise<void> {
  const { text } = await apiOf(options).call(`/executions/${encodeURIComponent(id)}/report`);
  if (options.output === undefined) {
    terminal.print(text);
    return;
  }
  try {
    await writeFile(options.output, text);
  } catch (error) {
    throw new CommandError(`The report cannot be written: ${(error as Error).message}`, { cause: error });
  }
  terminal.note(`written to ${options.output}`);
}
