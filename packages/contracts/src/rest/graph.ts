import type { JsonObject } from '@tiercel/model';
import type { TaskRunJson } from './execution.ts';

/** How a node of a graph comes after another (rest-api.md §15, FlowGraph). */
export type GraphRelation =
  | 'SEQUENTIAL'
  | 'CHOICE'
  | 'ERROR'
  | 'PARALLEL'
  | 'DYNAMIC'
  // Not in 0.21: the names of later versions.
  | 'FINALLY'
  | 'AFTER_EXECUTION';

export interface GraphNodeJson {
  readonly uid: string;
  /** A class name below `io.kestra.core.models.hierarchies.`; clients look at its last word. */
  readonly type: string;
  /** Whether it belongs to an error branch. */
  readonly error: boolean;
  readonly task?: JsonObject;
  /** In the graph of an execution: the run of the task; of several, in a loop, the last one. */
  readonly taskRun?: TaskRunJson;
  /** With it: the values of the loops around it and its own, from outside to inside. */
  readonly values?: readonly string[];
  readonly triggerDeclaration?: JsonObject;
  readonly relationType?: GraphRelation;
}

export interface GraphEdgeJson {
  readonly source: string;
  readonly target: string;
  /** `value`: the case or branch. */
  readonly relation: { readonly relationType?: GraphRelation; readonly value?: string };
}

export interface GraphClusterJson {
  readonly cluster: {
    readonly uid: string;
    readonly type: string;
    readonly error: boolean;
    readonly relationType?: GraphRelation;
    readonly taskNode?: GraphNodeJson;
  };
  /** Uids of what is directly inside, clusters too. */
  readonly nodes: readonly string[];
  /** Uids of the clusters around it, from outside to inside. */
  readonly parents: readonly string[];
  readonly start: string;
  readonly end: string;
}

export interface FlowGraphJson {
  readonly nodes: readonly GraphNodeJson[];
  readonly edges: readonly GraphEdgeJson[];
  readonly clusters: readonly GraphClusterJson[];
  /** Uids of the tasks that are clusters. */
  readonly flowables: readonly string[];
}

/** Which flows start which (rest-api.md §9.1). */
export interface TopologyJson {
  readonly nodes: readonly { readonly uid: string; readonly namespace: string; readonly id: string }[];
  readonly edges: readonly {
    readonly source: string;
    readonly target: string;
    readonly relation: 'FLOW_TASK' | 'FLOW_TRIGGER';
  }[];
}
