import { LazyMap, toPlainValue, type Cipher, type PathStep, type TemplateUse, type Value } from '@tiercel/expressions';
import { currentState, DEFAULT_TENANT, type Execution, type JsonObject, type TaskRun } from '@tiercel/model';
import type { FlowGraph } from './flow-graph.ts';
import { inputVariables } from './input-variables.ts';
import type { ExecutionState } from './state.ts';

/** What the server adds to every expression: `envs`, `globals`, and the key to what is encrypted. */
export interface ServerVariables {
  readonly envs?: JsonObject;
  readonly globals?: JsonObject;
  readonly cipher?: Cipher | undefined;
}

/**
 * The variables that an expression of a task (or, without a run, of the flow) sees: execution-semantics.md §5, expressions.md
 * §13. Cheap to make: what can be large (`outputs`, `tasks`) is computed when a template touches it. What is encrypted stays so
 * (see `hasSealed`): whoever renders opens it.
 */
export function buildVariables(
  state: ExecutionState,
  run: TaskRun | undefined,
  server: ServerVariables,
): Record<string, Value> {
  const { execution } = state;
  const variables: Record<string, Value> = {
    ...executionVariables(state.graph, execution, server),
    outputs: state.outputs.map,
    tasks: new TaskStates(state),
  };
  if (run !== undefined) Object.assign(variables, taskVariables(state, run));
  return variables;
}

/** The part that does not depend on task runs; what an execution's birth can see as well. */
function executionVariables(graph: FlowGraph, execution: Execution, server: ServerVariables): Record<string, Value> {
  const { flow } = graph;
  const inputs = inputVariables(graph.inputs, execution.inputs, server.cipher);
  const variables: Record<string, Value> = {
    envs: server.envs ?? {},
    globals: server.globals ?? {},
    flow: {
      id: flow.id,
      namespace: flow.namespace,
      revision: flow.revision,
      ...(flow.tenant !== DEFAULT_TENANT && { tenantId: flow.tenant }),
    },
    execution: {
      id: execution.id,
      startDate: new Date(execution.history[0]!.date).toISOString(),
      originalId: execution.originalId,
    },
    labels: labelVariables(execution),
  };
  if (flow.variables !== undefined) variables['vars'] = flow.variables;
  if (inputs !== undefined) variables['inputs'] = inputs;
  if (execution.trigger?.variables !== undefined) variables['trigger'] = execution.trigger.variables;
  if (execution.variables !== undefined) Object.assign(variables, execution.variables);
  return variables;
}

/** Key to value, the first of two equal keys wins; system labels also under `system` (D28: all of them). */
function labelVariables(execution: Execution): Record<string, Value> {
  const labels: Record<string, Value> = Object.create(null) as Record<string, Value>;
  const system: Record<string, Value> = Object.create(null) as Record<string, Value>;
  for (const { key, value } of execution.labels) {
    if (key.startsWith('system.')) system[key.slice('system.'.length)] ??= value;
    else labels[key] ??= value;
  }
  if (Object.keys(system).length > 0) labels['system'] = system;
  return labels;
}

/** `parents`, `parent`: nearest first; ancestors with neither a value nor outputs are left out. */
function taskVariables(state: ExecutionState, run: TaskRun): Record<string, Value> {
  const parents: Record<string, Value>[] = [];
  for (let key = run.parent; key !== undefined;) {
    const ancestor = state.run(key);
    const entry: Record<string, Value> = {};
    if (ancestor.value !== undefined) entry['taskrun'] = { value: ancestor.value };
    if (ancestor.outputs !== undefined && Object.keys(ancestor.outputs).length > 0) entry['outputs'] = ancestor.outputs;
    if (Object.keys(entry).length > 0) parents.push(entry);
    key = ancestor.parent;
  }
  return parents.length === 0 ? { parents } : { parents, parent: parents[0] };
}

/** The variables `task` and `taskrun`, for what the engine renders itself; a worker makes its own. */
export function selfVariables(state: ExecutionState, run: TaskRun): Record<string, Value> {
  const node = state.nodeOf(run);
  const parent = run.parent === undefined ? undefined : state.run(run.parent).id;
  return {
    task: { id: run.taskId, type: node?.task.type ?? '' },
    taskrun: {
      id: run.id,
      startDate: new Date(run.history[0]!.date).toISOString(),
      attemptsCount: run.attempts.length,
      ...(parent !== undefined && { parentId: parent }),
      ...(run.value !== undefined && { value: run.value }),
    },
  };
}

/** `tasks.<id>.state`, or `tasks.<id>[value].state`; the last run wins. */
class TaskStates extends LazyMap {
  private byTask: Map<string, Record<string, Value>> | undefined;
  private readonly state: ExecutionState;
  constructor(state: ExecutionState) {
    super();
    this.state = state;
  }
  private index(): Map<string, Record<string, Value>> {
    if (this.byTask !== undefined) return this.byTask;
    const index = new Map<string, Record<string, Value>>();
    for (const run of this.state.taskRuns()) {
      const entry = { state: currentState(run.history) };
      if (run.value === undefined) index.set(run.taskId, entry);
      else {
        let byValue = index.get(run.taskId);
        if (byValue === undefined) index.set(run.taskId, (byValue = Object.create(null) as Record<string, Value>));
        byValue[run.value] = entry;
      }
    }
    return (this.byTask = index);
  }
  override get(key: string): Value | undefined {
    return this.index().get(key);
  }
  override has(key: string): boolean {
    return this.index().has(key);
  }
  override keys(): Iterable<string> {
    return this.index().keys();
  }
}

/** What a worker cannot be told beforehand, or adds itself. */
const OWN = new Set(['task', 'taskrun']);

/**
 * The part of a run's variables that its task's own expressions can touch, as plain JSON, for its job. A dynamic expression gets
 * all of them. In a loop, `outputs.t[taskrun.value]` costs one entry and not all.
 */
export function jobVariables(state: ExecutionState, run: TaskRun, server: ServerVariables): JsonObject {
  const { secrets } = state.graph.inputs;
  const variables = buildVariables(state, run, server);
  const picked = pickVariables(variables, state.nodeOf(run)?.use, selfVariables(state, run));
  // Secrets go along even when the task does not name them: its log masks them, wherever they come from.
  for (const { id } of secrets) pickInto(picked, variables, ['inputs', ...id.split('.')]);
  return picked;
}

/** Whether variables of this execution can hold encrypted values. */
export const hasSealed = (state: ExecutionState): boolean =>
  state.graph.inputs.secrets.length > 0 || state.outputs.hasSealed;

/** `self`: the variables of the run itself, which are not picked but tell the keys of subscripts. */
export function pickVariables(
  variables: Readonly<Record<string, Value>>,
  use: TemplateUse | undefined,
  self: Readonly<Record<string, Value>> = {},
): JsonObject {
  if (use === undefined || use.dynamic) return toPlainValue(variables) as JsonObject;
  const picked: Record<string, unknown> = {};
  const all = { ...variables, ...self };
  for (const path of use.paths) {
    const root = path[0];
    if (typeof root !== 'string' || OWN.has(root) || !Object.hasOwn(variables, root)) continue;
    pickInto(picked, variables, knownSteps(path, all));
  }
  // Defaults of task properties are expressions too (`{{ flow.namespace }}`), and these two are small.
  for (const root of ['flow', 'execution']) picked[root] = variables[root];
  // Functions such as currentEachOutput and read look at these by themselves.
  for (const root of ['parents', 'parent', 'trigger']) {
    if (use.functions.size > 0 && Object.hasOwn(variables, root)) picked[root] = toPlainValue(variables[root]);
  }
  return picked as JsonObject;
}

/** The steps of a path with subscripts looked up; it ends in front of one that has no value of its own. */
function knownSteps(path: readonly PathStep[], variables: Readonly<Record<string, Value>>): readonly string[] {
  const steps: string[] = [];
  for (const step of path) {
    const key = typeof step === 'string' ? step : step.valueOf.reduce<unknown>(child, variables);
    if (typeof key !== 'string' && typeof key !== 'number') break;
    steps.push(String(key));
  }
  return steps;
}

/** Marks places that were picked whole, so that a narrower path does not cut them down again. */
function pickInto(target: Record<string, unknown>, source: unknown, path: readonly string[]): void {
  const [head, ...rest] = path as [string, ...string[]];
  const value = child(source, head);
  if (value === undefined) return;
  const narrow =
    rest.length > 0 && value !== null && typeof value === 'object' && !Array.isArray(value) && isMapLike(value);
  if (!narrow) {
    target[head] = toPlainValue(value);
    WHOLE.add(target[head]);
    return;
  }
  const present = target[head];
  if (WHOLE.has(present)) return;
  const next = (present ?? (target[head] = {})) as Record<string, unknown>;
  pickInto(next, value, rest);
}

const WHOLE = {
  seen: new WeakSet<object>(),
  add(value: unknown): void {
    if (typeof value === 'object' && value !== null) this.seen.add(value);
  },
  has(value: unknown): boolean {
    return value !== undefined && (typeof value !== 'object' || value === null || this.seen.has(value));
  },
};

const isMapLike = (value: object): boolean =>
  value instanceof LazyMap ||
  Object.getPrototypeOf(value) === Object.prototype ||
  Object.getPrototypeOf(value) === null;

function child(source: unknown, key: string): unknown {
  if (source instanceof LazyMap) return source.get(key);
  if (Array.isArray(source)) return (source as unknown[])[Number(key)];
  if (typeof source === 'object' && source !== null && Object.hasOwn(source, key))
    return (source as Record<string, unknown>)[key];
  return undefined;
}
