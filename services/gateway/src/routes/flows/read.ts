import type { Request, Response } from 'express';
import { ApiError, pluginToJson } from '@tiercel/contracts';
import {
  allTasks,
  createNamespaceTopology,
  createTopology,
  findTask,
  flowGraph,
  mayRelateFlows,
  maybeRelated,
  type Topology,
} from '@tiercel/flow-source';
import type { Flow, Task } from '@tiercel/model';
import { freeText } from '../../filters.ts';
import { namespaceParam, param, sendJson } from '../../http/answers.ts';
import { pageOf, queryOf, sortOf } from '../../http/query.ts';
import { fragmentsOf } from './fragments.ts';
import { breathe, exceptionOf, find, flowFilter, flowJson, identity, parseOrRefuse, type Deps } from './shared.ts';
import { readSource } from './sources.ts';

const SORT_KEYS = ['id', 'namespace'];
/** Sources that one page of a search looks into. */
const MAX_SOURCES_OF_PAGE = 100;
/** Flows read at a time where all are looked at. */
const BATCH = 200;

export async function search(deps: Deps, req: Request, res: Response): Promise<void> {
  const query = queryOf(req);
  const page = pageOf(query);
  const found = await deps.flowStore.search(flowFilter(deps, query), page, sortOf(query, SORT_KEYS));
  sendJson(res, { results: found.results.map((stored) => flowJson(deps, stored)), total: found.total });
}

export async function searchSources(deps: Deps, req: Request, res: Response): Promise<void> {
  const query = queryOf(req);
  const { page, size } = pageOf(query);
  const { q } = freeText(query);
  const namespace = query.text('namespace');
  const filter = {
    tenant: deps.tenant,
    ...(q === undefined ? {} : { q }),
    ...(namespace === undefined || namespace === '' ? {} : { namespace }),
  };
  const bounded = { page, size: Math.min(size, MAX_SOURCES_OF_PAGE) };
  const found = await deps.flowStore.searchSources(filter, bounded, sortOf(query, SORT_KEYS));
  const results: unknown[] = [];
  for (const stored of found.results) {
    results.push({ model: flowJson(deps, stored), fragments: fragmentsOf(stored.source, q ?? '') });
    await breathe();
  }
  sendJson(res, { results, total: found.total });
}

export async function distinctNamespaces({ flowStore, tenant }: Deps, req: Request, res: Response): Promise<void> {
  sendJson(res, await flowStore.namespaces(tenant, queryOf(req).text('q')));
}

export async function list(deps: Deps, req: Request, res: Response): Promise<void> {
  const found = await deps.flowStore.list(deps.tenant, param(req, 'namespace'));
  sendJson(
    res,
    found.map((stored) => flowJson(deps, stored)),
  );
}

export async function get(deps: Deps, req: Request, res: Response): Promise<void> {
  const query = queryOf(req);
  const allowDeleted = query.flag('allowDeleted', false);
  const stored = await find(deps, req, query.integer('revision'), allowDeleted);
  sendJson(res, flowJson(deps, stored, query.flag('source', false)));
}

export async function revisions(deps: Deps, req: Request, res: Response): Promise<void> {
  const { namespace, id } = identity(req);
  const found = await deps.flowStore.revisions(deps.tenant, namespace, id);
  sendJson(
    res,
    found.map((stored) => flowJson(deps, stored, true)),
  );
}

export async function task(deps: Deps, req: Request, res: Response): Promise<void> {
  const stored = await find(deps, req, queryOf(req).integer('revision'));
  const { written } = deps.cache.compile(stored);
  const found = written === undefined ? undefined : findTask(allTasks(written), param(req, 'taskId'));
  if (found === undefined) throw new ApiError('notFound');
  sendJson(res, pluginToJson(found as Task));
}

/** The flow of the path; 409 for one that does not parse any more. */
async function findWritten(deps: Deps, req: Request, revision?: number): Promise<Flow> {
  const { written, problems } = deps.cache.compile(await find(deps, req, revision));
  if (written === undefined) throw new ApiError('illegalState', `the flow is invalid: ${exceptionOf({ problems })}`);
  return written;
}

export async function graph(deps: Deps, req: Request, res: Response): Promise<void> {
  const written = await findWritten(deps, req, queryOf(req).integer('revision'));
  sendJson(res, flowGraph(written, deps.registry));
}

/** The graph of a source that is not saved. */
export async function graphOfSource(deps: Deps, req: Request, res: Response): Promise<void> {
  const { source } = await readSource(req);
  sendJson(res, flowGraph(parseOrRefuse(deps, source).flow, deps.registry));
}

/** Read from the flows as they are now, so an edge is never late. */
export async function dependencies(deps: Deps, req: Request, res: Response): Promise<void> {
  const flow = await findWritten(deps, req);
  const topology = createTopology(flow, { destinationOnly: queryOf(req).flag('destinationOnly', false) });
  await addAll(deps, res, topology, (source) => maybeRelated(source, flow));
  sendJson(res, topology.result());
}

/** The flows of a namespace with their neighbours (rest-api.md §9.1). */
export async function namespaceDependencies(deps: Deps, req: Request, res: Response): Promise<void> {
  const { flowStore, tenant, cache } = deps;
  const topology = createNamespaceTopology();
  for (const stored of await flowStore.list(tenant, namespaceParam(req))) {
    topology.own(stored, cache.compile(stored).written);
    await breathe();
  }
  await addAll(deps, res, topology, mayRelateFlows);
  sendJson(res, topology.result());
}

/** Adds every flow there is to a topology; those whose source may matter as what they mean. */
async function addAll(
  { flowStore, tenant, cache }: Deps,
  res: Response,
  topology: Pick<Topology, 'add'>,
  matters: (source: string) => boolean,
): Promise<void> {
  for (let page = 1; !res.destroyed; page++) {
    const { results } = await flowStore.search({ tenant }, { page, size: BATCH }, []);
    for (const stored of results) {
      const related = matters(stored.source);
      topology.add(stored, related ? cache.compile(stored).written : undefined);
      if (related) await breathe();
    }
    if (results.length < BATCH) break;
  }
}
