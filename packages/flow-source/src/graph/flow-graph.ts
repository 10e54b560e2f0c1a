import {
  pluginToJson,
  type FlowGraphJson,
  type GraphClusterJson,
  type GraphEdgeJson,
  type GraphNodeJson,
  type GraphRelation,
} from '@tiercel/contracts';
import type { Flow, JsonObject, Task, Trigger } from '@tiercel/model';
import type { PluginRegistry } from '@tiercel/plugin-kit';
import { calledFlow } from '../subflows.ts';
import { allTasks, childTasks, NESTED_TASK_PROPERTIES } from '../walk.ts';
import { branchesOf, relationInside, type Branch } from './branches.ts';

const HIERARCHIES = 'io.kestra.core.models.hierarchies.';
/** Clients know the cluster of triggers by the first name; the other one is for flows with a task of that id. */
const TRIGGERS = ['root.Triggers', 'root._Triggers'] as const;

/** The flow, or a task with tasks inside, while its content is drawn. */
interface Frame {
  /** Ids joined by dots. */
  readonly path: string;
  readonly relation?: GraphRelation;
  readonly error: boolean;
  /** Where its branches begin: its task, or the flow's root. */
  readonly start: string;
  readonly end: string;
  /** Uids of the clusters around what is inside. */
  readonly parents: readonly string[];
  /** Uids of what is directly inside. */
  readonly inside: string[];
}

/** Where edges come to a task and leave it. */
interface Placed {
  readonly entry: string;
  readonly exit: string;
}

const clusterUid = (path: string): string => `cluster_${path}`;
// No task is called so: ids begin with a letter or digit.
const rootUid = (path: string): string => `${path}._root`;
const endUid = (path: string): string => `${path}._end`;

/** The graph of a flow: its tasks in their order, a cluster for each task with tasks inside, its triggers (rest-api.md §15). */
export function flowGraph(flow: Flow, registry: PluginRegistry): FlowGraphJson {
  const graph = new GraphBuilder(registry);
  graph.flow(flow);
  const { nodes, edges, clusters, flowables } = graph;
  return { nodes, edges, clusters, flowables };
}

class GraphBuilder {
  readonly nodes: GraphNodeJson[] = [];
  readonly edges: GraphEdgeJson[] = [];
  readonly clusters: GraphClusterJson[] = [];
  readonly flowables: string[] = [];
  private readonly registry: PluginRegistry;

  constructor(registry: PluginRegistry) {
    this.registry = registry;
  }

  flow(flow: Flow): void {
    const frame: Frame = {
      path: 'root',
      error: false,
      start: rootUid('root'),
      end: endUid('root'),
      parents: [],
      inside: [],
    };
    this.ends(frame.path, false);
    const isTaken = allTasks(flow).some(({ id }) => id === 'Triggers');
    if (flow.triggers.length > 0) this.triggers(TRIGGERS[isTaken ? 1 : 0], flow.triggers, frame.start);
    this.content(frame, branchesOf(flow as unknown as Readonly<Record<string, unknown>>));
  }

  private ends(path: string, error: boolean): void {
    this.nodes.push({ uid: rootUid(path), type: `${HIERARCHIES}GraphClusterRoot`, error });
    this.nodes.push({ uid: endUid(path), type: `${HIERARCHIES}GraphClusterEnd`, error });
  }

  private edge(source: string, target: string, relation: GraphEdgeJson['relation'] = {}): void {
    this.edges.push({ source, target, relation });
  }

  private triggers(path: string, triggers: readonly Trigger[], next: string): void {
    const [start, end] = [rootUid(path), endUid(path)];
    this.ends(path, false);
    const uids = triggers.map((trigger) => {
      const uid = `${path}.${trigger.id}`;
      const triggerDeclaration = pluginToJson(trigger);
      this.nodes.push({ uid, type: `${HIERARCHIES}GraphTrigger`, error: false, triggerDeclaration });
      this.edge(start, uid);
      this.edge(uid, end);
      return uid;
    });
    this.edge(end, next);
    const cluster = { uid: clusterUid(path), type: `${HIERARCHIES}GraphCluster`, error: false };
    this.clusters.push({ cluster, nodes: [start, end, ...uids], parents: [], start, end });
  }

  /** Draws the branches of a frame; those that come after the others wait for the ends of all of them. */
  private content(frame: Frame, branches: readonly Branch[]): void {
    let exits: string[] = [];
    for (const branch of branches.filter(({ last }) => last !== true))
      exits.push(...this.branch(frame, branch, [frame.start]));
    if (exits.length === 0) exits = [frame.start];
    for (const branch of branches.filter(({ last }) => last === true)) exits = [...this.branch(frame, branch, exits)];
    for (const exit of exits) this.edge(exit, frame.end);
  }

  /** Draws the tasks of a branch; answers where it is left. */
  private branch(frame: Frame, branch: Branch, from: readonly string[]): readonly string[] {
    if (branch.waits !== undefined) return this.dag(frame, branch, branch.waits);
    const error = frame.error || branch.relation === 'ERROR';
    const parallel = branch.relation === 'PARALLEL';
    const exits: string[] = [];
    let previous = from;
    for (const [index, task] of branch.tasks.entries()) {
      const placed = this.task({ ...frame, error }, task, branch.relation);
      const relation = relationOf(frame, branch, index === 0);
      for (const uid of previous) this.edge(uid, placed.entry, relation);
      if (parallel) exits.push(placed.exit);
      else previous = [placed.exit];
    }
    return parallel ? exits : previous;
  }

  /** Tasks that say which others they wait for. */
  private dag(frame: Frame, branch: Branch, waits: readonly (readonly string[])[]): readonly string[] {
    const placed = new Map(branch.tasks.map((task) => [task.id, this.task(frame, task, branch.relation)]));
    const awaited = new Set<string>();
    const relation = relationOf(frame, branch, true);
    for (const [index, { id }] of branch.tasks.entries()) {
      const before = (waits[index] ?? []).flatMap((name) => {
        awaited.add(name);
        const other = placed.get(name);
        return other === undefined ? [] : [other.exit];
      });
      const { entry } = placed.get(id)!;
      for (const uid of before.length === 0 ? [frame.start] : before) this.edge(uid, entry, relation);
    }
    return [...placed].flatMap(([id, { exit }]) => (awaited.has(id) ? [] : [exit]));
  }

  private task(frame: Frame, task: Task, relationType: GraphRelation): Placed {
    const path = `${frame.path}.${task.id}`;
    const holders = this.holders(task);
    if (childTasks(task, (property) => holders.has(property)).length === 0) {
      this.nodes.push(taskNode(path, task, new Set(), frame.error, relationType));
      frame.inside.push(path);
      return { entry: path, exit: path };
    }
    frame.inside.push(clusterUid(path));
    return this.cluster(frame, task, path, holders);
  }

  /** The properties of a task that hold tasks, as its type declares them. */
  private holders(task: Task): ReadonlySet<string> {
    const definition = this.registry.get(task.type);
    if (definition?.kind !== 'flowable') return new Set();
    return new Set(NESTED_TASK_PROPERTIES.filter((property) => property in definition.properties.shape));
  }

  private cluster(frame: Frame, task: Task, path: string, holders: ReadonlySet<string>): Placed {
    const { error } = frame;
    const relation = relationInside(task);
    const node = taskNode(path, task, holders, error, relation);
    const [start, end] = [rootUid(path), endUid(path)];
    this.ends(path, error);
    this.nodes.push(node);
    this.flowables.push(path);
    this.edge(start, path);
    const content: string[] = [start, end, path];
    const cluster = {
      uid: clusterUid(path),
      type: `${HIERARCHIES}GraphCluster`,
      error,
      relationType: relation,
      taskNode: node,
    };
    this.clusters.push({ cluster, nodes: content, parents: frame.parents, start, end });
    const parents = [...frame.parents, cluster.uid];
    const held = Object.entries(task).filter(([name]) => holders.has(name) || name === 'type');
    this.content(
      { path, relation, error, start: path, end, parents, inside: content },
      branchesOf(Object.fromEntries(held)),
    );
    return { entry: start, exit: end };
  }
}

/** What an edge says: inside a branch that of the branch, at its beginning that of what it belongs to. */
function relationOf({ relation }: Frame, branch: Branch, first: boolean): GraphEdgeJson['relation'] {
  const own = !first && branch.relation !== 'PARALLEL' && relation !== 'DYNAMIC';
  const relationType = own || branch.named ? branch.relation : relation;
  return {
    ...(relationType === undefined ? {} : { relationType }),
    ...(branch.value === undefined ? {} : { value: branch.value }),
  };
}

/**
 * Tasks inside are nodes of their own and left out: with them in each task around, the graph of a deep flow would be many times its source.
 */
function taskNode(
  uid: string,
  task: Task,
  holders: ReadonlySet<string>,
  error: boolean,
  relationType: GraphRelation,
): GraphNodeJson {
  const type = `${HIERARCHIES}${calledFlow(task) === undefined ? 'GraphTask' : 'SubflowGraphTask'}`;
  const own: JsonObject = Object.fromEntries(Object.entries(pluginToJson(task)).filter(([name]) => !holders.has(name)));
  return { uid, type, error, task: own, relationType };
}
