import type { ExecutionShape } from '../e2e/server.ts';
import type { Shape } from './flows.ts';
import { countsOf, type JournalLine } from './journal.ts';

const TERMINAL = new Set(['SUCCESS', 'WARNING', 'FAILED', 'KILLED', 'CANCELLED', 'SKIPPED']);

/** What a run of the chaos test has seen from outside. */
export interface Observed {
  readonly shapes: readonly Shape[];
  /** Executions for whose creation the server has answered 200. */
  readonly accepted: ReadonlySet<string>;
  /** All executions of the namespace, with their task runs, at the end. */
  readonly executions: readonly ExecutionShape[];
  readonly journal: readonly JournalLine[];
  /** Each kill of the server: only such a kill may make a script run once more. */
  readonly losses: readonly Loss[];
}

export interface Loss {
  /** Length of the journal at that moment. */
  readonly at: number;
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
    if (results !== 1) say(`task run ${run.taskId} ${run.id} has ${results} results`);
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

/**
 * Once in the life of one server at most, so once more for each loss at most; the last time to the end; and never again once the
 * execution had ended.
 */
function sideEffects({ shapes, executions, journal, losses }: Observed): string[] {
  const lives = [0, ...losses.map(({ at }) => at)].map((from, i) => countsOf(journal.slice(from, losses[i]?.at)));
  const counts = countsOf(journal);
  const found: string[] = [];
  const expected = new Set<string>();
  for (const { id, flowId, taskRunList = [] } of executions) {
    const scripts = shapes.find((shape) => shape.id === flowId)?.scripts ?? [];
    for (const run of taskRunList.filter(({ taskId }) => scripts.includes(taskId))) {
      expected.add(run.id);
      const { begin, end } = counts.get(run.id) ?? { begin: 0, end: 0 };
      const say = (what: string): void => void found.push(`${flowId} ${id} ${run.taskId}: ${what}`);
      if (begin === 0 || end === 0) say(`succeeded without running (${begin} begins, ${end} ends)`);
      if (!ranToTheEnd(journal, run.id)) say('ran last without coming to its end');
      for (const { at, ended } of losses) {
        if (ended.has(id) && journal.slice(at).some(({ kind, taskRun }) => kind === 'begin' && taskRun === run.id))
          say('ran again after its execution had ended');
      }
      for (const [life, count] of lives.entries()) {
        const times = count.get(run.id)?.begin ?? 0;
        if (times > 1) say(`ran ${times} times in the life of server ${life}`);
      }
    }
  }
  for (const [taskRun, { begin, end }] of counts)
    if (end > begin) found.push(`task run ${taskRun}: ${end} ends of ${begin} begins`);
  for (const taskRun of counts.keys())
    if (!expected.has(taskRun)) found.push(`a script ran for an unknown task run ${taskRun}`);
  return found;
}

/** Whether the process that began last is also one that has ended. */
function ranToTheEnd(journal: readonly JournalLine[], taskRun: string): boolean {
  const lines = journal.filter((line) => line.taskRun === taskRun);
  const last = lines.findLast(({ kind }) => kind === 'begin');
  return last === undefined || lines.some(({ kind, pid }) => kind === 'end' && pid === last.pid);
}
