import type { TopologyJson } from '@tiercel/contracts';
import type { Flow } from '@tiercel/model';
import { mayFire } from './flow-trigger.ts';
import { calledFlows, FLOW_TRIGGER, keyOf, nodeUid, type Name, type Topology } from './topology.ts';

type Edge = TopologyJson['edges'][number];

/** First all flows of the namespace, then all flows there are, one at a time: there may be more than fit into memory. */
export interface NamespaceTopology extends Topology {
  /** A flow of the namespace; `parsed`: undefined for one that does not parse. */
  own(name: Name, parsed: Flow | undefined): void;
}

/** The relations of all flows of a namespace with each other and with their neighbours elsewhere (rest-api.md §9.1). */
export function createNamespaceTopology(): NamespaceTopology {
  const nodes = new Map<string, TopologyJson['nodes'][number]>();
  const edges: Edge[] = [];
  const own = new Map<string, Name>();
  /** By the flow that is called: who of the namespace calls it. */
  const callers = new Map<string, Name[]>();
  const listeners: Flow[] = [];
  const node = ({ namespace, id }: Name): string => {
    const uid = nodeUid({ namespace, id });
    nodes.set(keyOf({ namespace, id }), { uid, namespace, id });
    return uid;
  };
  const relate = (source: Name, target: Name, relation: Edge['relation']): void => {
    if (keyOf(source) !== keyOf(target)) edges.push({ source: node(source), target: node(target), relation });
  };
  return {
    own(name, parsed) {
      own.set(keyOf(name), { namespace: name.namespace, id: name.id });
      node(name);
      if (parsed === undefined) return;
      for (const key of calledFlows(parsed)) callers.set(key, [...(callers.get(key) ?? []), name]);
      if (parsed.triggers.length > 0) listeners.push(parsed);
    },
    add(name, parsed) {
      for (const caller of callers.get(keyOf(name)) ?? []) relate(caller, name, 'FLOW_TASK');
      for (const listener of listeners) if (mayFire(listener, name)) relate(name, listener, 'FLOW_TRIGGER');
      // What flows of the namespace do is known by now.
      if (parsed === undefined || own.has(keyOf(name))) return;
      for (const key of calledFlows(parsed)) {
        const called = own.get(key);
        if (called !== undefined) relate(name, called, 'FLOW_TASK');
      }
      for (const upstream of own.values()) if (mayFire(parsed, upstream)) relate(upstream, name, 'FLOW_TRIGGER');
    },
    result: () => ({ nodes: [...nodes.values()], edges }),
  };
}

/** Whether what a source says can have to do with other flows: spares parsing most of them. A quoted key can be spelt with escapes. */
export const mayRelateFlows = (source: string): boolean =>
  source.includes('flowId') || FLOW_TRIGGER.test(source) || source.includes('\\');
