import type { TopologyJson } from '@tiercel/contracts';
import type { Flow, FlowRef, Task } from '@tiercel/model';
import { isRawMap } from '../reader.ts';
import { calledFlow } from '../subflows.ts';
import { allTasks, childTasks } from '../walk.ts';
import { mayFire } from './flow-trigger.ts';

export type Name = Omit<FlowRef, 'tenant'>;
type Edge = TopologyJson['edges'][number];

/** The flows that the tasks of a flow start, however deep they stand; names that are expressions cannot be told. */
export function calledFlows(flow: Flow): ReadonlySet<string> {
  const called = new Set<string>();
  const visit = (task: unknown): void => {
    if (!isRawMap(task)) return;
    const target = calledFlow(task);
    if (target !== undefined) called.add(keyOf(target));
    for (const child of childTasks(task, () => true)) visit(child.task);
  };
  allTasks(flow).forEach((task: Task) => visit(task));
  return called;
}

// Uids of different flows can be equal (`a_b` and `c`, `a` and `b_c`); no name has a slash.
export const keyOf = ({ namespace, id }: Name): string => `${namespace}/${id}`;

/** A flow as a node of the graph of dependencies (rest-api.md §1). */
export const nodeUid = ({ namespace, id }: Name): string => `${namespace}_${id}`;

export interface TopologyOptions {
  /** Only what starts the flow, not what it starts. */
  readonly destinationOnly: boolean;
}

/** Collects what a flow has to do with others, one at a time: there may be more flows than fit into memory. */
export interface Topology {
  /** `parsed`: undefined for one that does not parse, or that is not `maybeRelated`. */
  add(other: Name, parsed: Flow | undefined): void;
  result(): TopologyJson;
}

/** The relations of one flow with its neighbours (rest-api.md §8, §9.1). Without any, the graph is empty. */
export function createTopology(flow: Flow, { destinationOnly }: TopologyOptions): Topology {
  const nodes = new Map<string, TopologyJson['nodes'][number]>();
  const edges: Edge[] = [];
  const own = nodeUid(flow);
  const called = calledFlows(flow);
  const relate = (source: string, target: string, relation: Edge['relation'], holds: boolean): readonly Edge[] =>
    holds ? [{ source, target, relation }] : [];
  const relationsWith = (other: Name, uid: string, parsed: Flow | undefined): readonly Edge[] => [
    ...relate(uid, own, 'FLOW_TASK', parsed !== undefined && calledFlows(parsed).has(keyOf(flow))),
    ...relate(uid, own, 'FLOW_TRIGGER', mayFire(flow, other)),
    ...(destinationOnly
      ? []
      : [
          ...relate(own, uid, 'FLOW_TASK', called.has(keyOf(other))),
          ...relate(own, uid, 'FLOW_TRIGGER', parsed !== undefined && mayFire(parsed, flow)),
        ]),
  ];
  const node = ({ namespace, id }: Name): void => {
    nodes.set(keyOf({ namespace, id }), { uid: nodeUid({ namespace, id }), namespace, id });
  };
  return {
    add(other, parsed) {
      if (keyOf(other) === keyOf(flow)) return;
      const found = relationsWith(other, nodeUid(other), parsed);
      if (found.length === 0) return;
      node(flow);
      node(other);
      edges.push(...found);
    },
    result: () => ({ nodes: [...nodes.values()], edges }),
  };
}

export const FLOW_TRIGGER = /\.Flow\b/;

/**
 * Whether what a source says can have to do with that flow: it names it, or it has a Flow trigger. Spares parsing most sources; a quoted
 * text can spell a name with escapes, so those with a backslash are parsed.
 */
export const maybeRelated = (source: string, flow: Flow): boolean =>
  source.includes(flow.id) || FLOW_TRIGGER.test(source) || source.includes('\\');
