import type { Request, Response } from 'express';
import { ApiError, taskRunToJson, type FlowGraphJson, type GraphNodeJson } from '@tiercel/contracts';
import { flowGraph } from '@tiercel/flow-source';
import type { JsonObject, TaskRun } from '@tiercel/model';
import type { ExecutionView } from '@tiercel/store';
import { sendJson } from '../../http/answers.ts';
import { findExecution } from '../executions.ts';
import { exceptionOf, type Deps } from './shared.ts';

/** `GET /executions/{id}/graph` (rest-api.md §7.2): the graph of the revision that was executed, with the runs of its tasks. */
export async function executionGraph(deps: Deps, req: Request, res: Response): Promise<void> {
  const view = await findExecution(deps, req);
  const { tenant, namespace, flowId, flowRevision } = view.execution;
  const cached = await deps.cache.get(tenant, namespace, flowId, flowRevision);
  if (cached === undefined) throw new ApiError('notFound', `flow ${namespace}.${flowId}, revision ${flowRevision}`);
  const { written, problems } = cached;
  if (written === undefined) throw new ApiError('illegalState', `the flow is invalid: ${exceptionOf({ problems })}`);
  sendJson(res, withRuns(flowGraph(written, deps.registry), view, deps.clock()));
}

/** Each task once, also in a loop: a graph with a node for each turn would be as large as the execution. */
function withRuns(graph: FlowGraphJson, view: ExecutionView, now: number): FlowGraphJson {
  const bySeq = new Map(view.taskRuns.map((run) => [run.seq, run]));
  const last = new Map<string, TaskRun>();
  for (const run of view.taskRuns) {
    const before = last.get(run.taskId);
    if (before === undefined || run.seq > before.seq) last.set(run.taskId, run);
  }
  const withRun = (node: GraphNodeJson): GraphNodeJson => {
    const { task, triggerDeclaration, ...rest } = node;
    const id = task?.['id'];
    const run = typeof id === 'string' ? last.get(id) : undefined;
    const values = run === undefined ? [] : valuesOf(run, bySeq);
    return {
      ...rest,
      ...(task === undefined ? {} : { task: reduced(task) }),
      ...(triggerDeclaration === undefined ? {} : { triggerDeclaration: reduced(triggerDeclaration) }),
      ...(run === undefined ? {} : { taskRun: taskRunToJson(view.execution, run, { now }) }),
      ...(values.length === 0 ? {} : { values }),
    };
  };
  const clusters = graph.clusters.map(({ cluster, ...rest }) => ({
    ...rest,
    cluster: cluster.taskNode === undefined ? cluster : { ...cluster, taskNode: withRun(cluster.taskNode) },
  }));
  return { ...graph, nodes: graph.nodes.map(withRun), clusters };
}

/** The values of the loops around a run, and its own, from outside to inside. */
function valuesOf(run: TaskRun, bySeq: ReadonlyMap<number, TaskRun>): readonly string[] {
  const values: string[] = [];
  for (
    let at: TaskRun | undefined = run;
    at !== undefined;
    at = at.parent === undefined ? undefined : bySeq.get(at.parent)
  )
    if (at.value !== undefined) values.unshift(at.value);
  return values;
}

/** As whoever may see executions, and not flows, sees them (rest-api.md §15, FlowForExecution). */
const reduced = (declaration: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(declaration).filter(([name]) => name === 'id' || name === 'type'));
