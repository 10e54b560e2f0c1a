import type { ExecutionJson, LogEntryJson } from '@tiercel/contracts';
import { isTerminal, logLevelRank, type LogLevel } from '@tiercel/model';
import { CommandError, EXIT } from '../errors.ts';
import type { Api } from './api.ts';
import type { Terminal } from './terminal.ts';

/** How often an execution is looked at whose stream ended early, ms. */
const LOOK_AGAIN_MS = 500;

/** The text `namespace/flow` of the command line. */
export function flowOf(text: string): { readonly namespace: string; readonly id: string } {
  const [namespace, id, ...rest] = text.split('/');
  if (namespace === undefined || namespace === '' || id === undefined || id === '' || rest.length > 0) {
    throw new CommandError(`'${text}' names no flow: write NAMESPACE/FLOW, such as company.team/hello.`);
  }
  return { namespace, id };
}

export interface StartRequest {
  readonly namespace: string;
  readonly id: string;
  readonly form: FormData | undefined;
  readonly labels?: readonly string[];
  readonly revision?: string | undefined;
}

export const startExecution = (
  api: Api,
  { namespace, id, form, labels, revision }: StartRequest,
): Promise<ExecutionJson> =>
  api.json<ExecutionJson>(`/executions/${encodeURIComponent(namespace)}/${encodeURIComponent(id)}`, {
    method: 'POST',
    query: { labels: labels ?? [], revision },
    ...(form !== undefined && { body: form }),
  });

export const getExecution = (api: Api, id: string): Promise<ExecutionJson> =>
  api.json<ExecutionJson>(`/executions/${encodeURIComponent(id)}`);

/** Shows the log of an execution while it runs, and answers the execution as it ended. */
export async function followExecution(
  api: Api,
  terminal: Terminal,
  id: string,
  level: LogLevel = 'INFO',
): Promise<ExecutionJson> {
  let shown = 0;
  for (;;) {
    let seen = 0;
    for await (const line of api.events<LogEntryJson>(`/logs/${encodeURIComponent(id)}/follow`)) {
      // After a broken stream the log comes from its beginning.
      seen++;
      if (seen > shown && logLevelRank(line.level) >= logLevelRank(level)) terminal.log(line);
    }
    shown = Math.max(shown, seen);
    const execution = await getExecution(api, id);
    if (isTerminal(execution.state.current)) return execution;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

/** Exit code for the state in which an execution ended. */
export const exitCodeOf = ({ state }: ExecutionJson): number =>
  state.current === 'SUCCESS' || state.current === 'WARNING' ? EXIT.ok : EXIT.failed;
