import type { ExecutionShape } from '../e2e/server.ts';
import type { Shape } from './flows.ts';
import type { JournalLine } from './journal.ts';

const TERMINAL = new Set(['SUCCESS', 'WARNING', 'FAILED', 'KILLED', 'CANCELLED', 'SKIPPED']);

/** What a run of a test of faults has seen from outside. */
export interface Observed {
  readonly shapes: readonly Shape[];
  /** Executions for whose creation the server has answered 200. */
  readonly accepted: ReadonlySet<string>;
  /** All executions of the namespace, with their task runs, at the end. */
  readonly executions: readonly ExecutionShape[];
  readonly journal: readonly JournalLine[];
  /** Each time that workers were killed, frozen or cut off: only that may make a script run once more. */
  readonly losses: readonly Loss[];
}

export interface Loss {
  /** Lengths of the journal: what began before `to` may have been lost, what begins after `from` may be its repeat. */
  readonly from: number;
  readonly to: number;
  /** Folder of the worker's working folders; absent: all workers were lost. */
  readonly root?: string;
  /** Executions that had ended before: nothing of them may run again. */
  readonly ended: ReadonlySet<string>;
}

/** Every way in which the promises were broken; empty when they hold. */
export function findBreaches(observed: Observed): readonly string[] {
  const known = new Set(observed.executions.map(({ id }) => id));
  return [
    ...[...observed.accepted].filter((id) => !known.has(id)).map((id) => `accepted and lost: ${id}`),
    ...observed.executions.flatMap((execution) => breachesOf(execution, observed)),
    ...sideEffects(observed),
  ];
}

function breachesOf(execution: ExecutionShape, { shapes }: Observed): string[] {
  const { id, flowId, state, taskRunList = [] } = execution;
  const shape = shapes.find((candidate) => candidate.id === flowId);
  if (shape === undefined) return [`${id}: of an unknown flow ${flowId}`];
  const found: string[] = [];
  const say = (what: string): void => void found.push(`${flowId} ${id}: ${what}`);
  if (state.current !== 'SUCCESS') say(`ended as ${state.current}, ${describe(execution)}`);
  if (terminals(state.histories) !== 1) say(`ended ${terminals(state.histories)} times`);
  if (taskRunList.length !== shape.taskRuns) say(`has ${taskRunList.length} task runs, not ${shape.taskRuns}`);
  if (new Set(taskRunList.map((run) => run.id)).size !== taskRunList.length) say('has a task run twice');
  const places = taskRunList.map(({ taskId, value }) => `${taskId} ${value ?? ''}`);
  if (new Set(places).size !== places.length) say('has two task runs for one place');
  for (const run of taskRunList) {
    const results = terminals(run.state.histories);
    if (results !== (shape.attempts?.[run.taskId] ?? 1)) say(`task run ${run.taskId} ${run.id} has ${results} results`);
  }
  for (const [name, value] of Object.entries(shape.outputs ?? {})) {
    if (execution.outputs?.[name] !== value) say(`output ${name} is ${String(execution.outputs?.[name])}`);
  }
  return found;
}

const describe = ({ taskRunList = [] }: ExecutionShape): string =>
  taskRunList.map((run) => `${run.taskId}=${run.state.current}`).join(' ');

const terminals = (histories: readonly { readonly state: string }[]): number =>
  histories.filter(({ state }) => TERMINAL.has(state)).length;

/** Once, and once more at most for each loss of the worker that ran it; the last time to the end; and never for an ended execution. */
function sideEffects({ shapes, executions, journal, losses }: Observed): string[] {
  const byRun = new Map<string, Placed[]>();
  for (const [at, line] of journal.entries())
    byRun.set(line.taskRun, [...(byRun.get(line.taskRun) ?? []), { ...line, at }]);
  const found: string[] = [];
  for (const { id, flowId, taskRunList = [] } of executions) {
    const scripts = shapes.find((shape) => shape.id === flowId)?.scripts ?? [];
    for (const run of taskRunList.filter(({ taskId }) => scripts.includes(taskId))) {
      const lines = byRun.get(run.id) ?? [];
      byRun.delete(run.id);
      const begun = lines.filter(({ kind }) => kind === 'begin');
      const ends = lines.length - begun.length;
      const say = (what: string): void => void found.push(`${flowId} ${id} ${run.taskId} ${run.id}: ${what}`);
      if (begun.length === 0 || ends === 0) say(`succeeded without running (${begun.length} begins, ${ends} ends)`);
      if (ends > begun.length) say(`${ends} ends of ${begun.length} begins`);
      if (!cameToItsEnd(lines, losses)) say('ran last without coming to its end');
      for (const { from, ended } of losses)
        if (ended.has(id) && begun.some(({ at }) => at >= from)) say('ran again after its execution had ended');
      for (const place of unexplained(begun, losses)) say(`ran again though its worker was not lost (${place})`);
    }
  }
  for (const taskRun of byRun.keys()) found.push(`a script ran for an unknown task run ${taskRun}`);
  return found;
}

/** A line of the journal with its place in it. */
type Placed = JournalLine & { readonly at: number };

const hits = (loss: Loss, line: Placed): boolean =>
  line.at < loss.to && (loss.root === undefined || line.place.startsWith(`${loss.root}/`));

/** Where scripts began anew without a loss of the worker that had run them before; each loss explains one repeat. */
function unexplained(begun: readonly Placed[], losses: readonly Loss[]): readonly string[] {
  const left = [...losses];
  return begun.slice(1).flatMap((line, i) => {
    const cause = left.findIndex((loss) => hits(loss, begun[i]!) && line.at >= loss.from);
    if (cause < 0) return [line.place];
    left.splice(cause, 1);
    return [];
  });
}

/** Whether the process that began last has ended; one on a lost worker may begin last and be killed. */
function cameToItsEnd(lines: readonly Placed[], losses: readonly Loss[]): boolean {
  const ended = (line: Placed): boolean => lines.some(({ kind, pid }) => kind === 'end' && pid === line.pid);
  const begun = lines.filter(({ kind }) => kind === 'begin');
  const last = begun.findLast((line) => ended(line) || !losses.some((loss) => hits(loss, line)));
  return last === undefined || ended(last);
}
