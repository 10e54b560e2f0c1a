import { LazyMap, type Value } from '@tiercel/expressions';
import { holdsSealed, type JsonObject, type TaskRun } from '@tiercel/model';

/**
 * Outputs of task runs by task id and loop values (execution-semantics.md §5.1), kept so that reading one entry of a loop with
 * 10,000 costs one look-up. Contributions to the same place are merged: maps recursively, lists joined, else the later one.
 */
export class OutputIndex {
  /** Whether outputs hold, or held, something encrypted. */
  hasSealed = false;
  private readonly byTask = new Map<string, TaskOutputs>();
  private readonly valuesOf: (seq: number) => readonly string[];

  constructor(valuesOf: (seq: number) => readonly string[]) {
    this.valuesOf = valuesOf;
  }

  clear(): void {
    this.byTask.clear();
  }

  /** A run has outputs now; `again`: it had others before, which must go. */
  changed(run: TaskRun, again: boolean): void {
    this.hasSealed ||= holdsSealed(run.outputs);
    let entry = this.byTask.get(run.taskId);
    if (entry === undefined) this.byTask.set(run.taskId, (entry = { runs: new Map(), tree: undefined }));
    if (again || run.outputs === undefined || entry.tree === undefined) {
      entry.runs.delete(run.seq);
      if (run.outputs !== undefined) entry.runs.set(run.seq, run);
      entry.tree = undefined;
      return;
    }
    entry.runs.set(run.seq, run);
    insert(entry.tree, this.valuesOf(run.seq), run.outputs);
  }

  /** The variable `outputs`. */
  readonly map: LazyMap = new OutputsMap(this);

  keys(): Iterable<string> {
    return this.byTask.keys();
  }

  get(taskId: string): Value | undefined {
    const entry = this.byTask.get(taskId);
    if (entry === undefined || entry.runs.size === 0) return undefined;
    if (entry.tree === undefined) {
      entry.tree = { own: undefined, children: undefined };
      for (const run of [...entry.runs.values()].toSorted((a, b) => a.seq - b.seq))
        insert(entry.tree, this.valuesOf(run.seq), run.outputs!);
    }
    return view(entry.tree);
  }
}

interface TaskOutputs {
  readonly runs: Map<number, TaskRun>;
  /** Built at the first read, then kept up to date. */
  tree: OutputNode | undefined;
}

interface OutputNode {
  own: JsonObject | undefined;
  children: Map<string, OutputNode> | undefined;
}

function insert(root: OutputNode, path: readonly string[], outputs: JsonObject): void {
  let node = root;
  for (const value of path) {
    node.children ??= new Map();
    let child = node.children.get(value);
    if (child === undefined) node.children.set(value, (child = { own: undefined, children: undefined }));
    node = child;
  }
  node.own = node.own === undefined ? outputs : (merge(node.own, outputs) as JsonObject);
}

const view = (node: OutputNode): Value => (node.children === undefined ? (node.own ?? {}) : new NodeMap(node));

class OutputsMap extends LazyMap {
  private readonly index: OutputIndex;
  constructor(index: OutputIndex) {
    super();
    this.index = index;
  }
  override get(key: string): Value | undefined {
    return this.index.get(key);
  }
  override has(key: string): boolean {
    return this.index.get(key) !== undefined;
  }
  override keys(): Iterable<string> {
    return [...this.index.keys()].filter((key) => this.has(key));
  }
}

class NodeMap extends LazyMap {
  private readonly node: OutputNode;
  constructor(node: OutputNode) {
    super();
    this.node = node;
  }
  override get(key: string): Value | undefined {
    const child = this.node.children?.get(key);
    const own = this.node.own !== undefined && Object.hasOwn(this.node.own, key) ? this.node.own[key] : undefined;
    if (child === undefined) return own;
    return own === undefined ? view(child) : merge(own, materialise(child));
  }
  override has(key: string): boolean {
    return this.get(key) !== undefined;
  }
  override keys(): Iterable<string> {
    return new Set([...Object.keys(this.node.own ?? {}), ...(this.node.children?.keys() ?? [])]);
  }
}

function materialise(node: OutputNode): unknown {
  const entries = [...(node.children ?? [])].map(([key, child]) => [key, materialise(child)] as const);
  return merge(node.own ?? {}, Object.fromEntries(entries));
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The deep merge `M(a, b)` of execution-semantics.md §1.1. */
export function merge(a: unknown, b: unknown): unknown {
  if (b === null || b === undefined) return a;
  if (Array.isArray(a) && Array.isArray(b)) return [...(a as unknown[]), ...(b as unknown[])];
  if (!isMap(a) || !isMap(b)) return b;
  const merged: Record<string, unknown> = Object.assign(Object.create(null) as object, a);
  for (const [key, value] of Object.entries(b)) merged[key] = key in merged ? merge(merged[key], value) : value;
  return merged;
}
