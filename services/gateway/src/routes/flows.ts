import type { RouteFactory } from '../deps.ts';
import { route } from '../http/routing.ts';
import { executionGraph } from './flows/execution-graph.ts';
import { deleteByIds, deleteByQuery, switchByIds, switchByQuery } from './flows/members.ts';
import { bulkUpdate, updateNamespace } from './flows/namespace-update.ts';
import * as read from './flows/read.ts';
import type { Deps, FlowRouteDeps } from './flows/shared.ts';
import { exportByIds, exportByQuery, importFlows } from './flows/transfer.ts';
import { validate, validateTask, validateTrigger } from './flows/validate.ts';
import { create, patchTask, remove, update } from './flows/write.ts';

export type { FlowRouteDeps } from './flows/shared.ts';

const ARCHIVE = ['application/octet-stream', 'application/zip', 'application/json'];

/** Flows, their sources and revisions (rest-api.md §8). */
export const flowRoutes =
  (own: FlowRouteDeps): RouteFactory =>
  (shared) => {
    const deps: Deps = { ...shared, ...own };
    return [
      route('GET', '/flows/search', (req, res) => read.search(deps, req, res)),
      route('GET', '/flows/source', (req, res) => read.searchSources(deps, req, res)),
      route('GET', '/flows/distinct-namespaces', (req, res) => read.distinctNamespaces(deps, req, res)),
      route('POST', '/flows/graph', (req, res) => read.graphOfSource(deps, req, res)),
      route('POST', '/flows/validate', (req, res) => validate(deps, req, res)),
      route('POST', '/flows/validate/task', (req, res) => validateTask(deps, req, res)),
      route('POST', '/flows/validate/trigger', (req, res) => validateTrigger(deps, req, res)),
      route('POST', '/flows/bulk', (req, res) => bulkUpdate(deps, req, res)),
      route('POST', '/flows/import', (req, res) => importFlows(deps, req, res)),
      route('GET', '/flows/export/by-query', (req, res) => exportByQuery(deps, req, res), { produces: ARCHIVE }),
      route('POST', '/flows/export/by-ids', (req, res) => exportByIds(deps, req, res), { produces: ARCHIVE }),
      route('POST', '/flows/disable/by-ids', switchByIds(deps, true)),
      route('POST', '/flows/disable/by-query', switchByQuery(deps, true)),
      route('POST', '/flows/enable/by-ids', switchByIds(deps, false)),
      route('POST', '/flows/enable/by-query', switchByQuery(deps, false)),
      route('DELETE', '/flows/delete/by-ids', (req, res) => deleteByIds(deps, req, res)),
      route('DELETE', '/flows/delete/by-query', (req, res) => deleteByQuery(deps, req, res)),
      route('POST', '/flows', (req, res) => create(deps, req, res)),
      route('POST', '/flows/:namespace', (req, res) => updateNamespace(deps, req, res)),
      route('GET', '/flows/:namespace', (req, res) => read.list(deps, req, res)),
      route('GET', '/flows/:namespace/:id', (req, res) => read.get(deps, req, res)),
      route('PUT', '/flows/:namespace/:id', (req, res) => update(deps, req, res)),
      route('DELETE', '/flows/:namespace/:id', (req, res) => remove(deps, req, res)),
      route('GET', '/flows/:namespace/:id/revisions', (req, res) => read.revisions(deps, req, res)),
      route('GET', '/flows/:namespace/:id/graph', (req, res) => read.graph(deps, req, res)),
      route('GET', '/flows/:namespace/:id/dependencies', (req, res) => read.dependencies(deps, req, res)),
      route('GET', '/namespaces/:namespace/dependencies', (req, res) => read.namespaceDependencies(deps, req, res)),
      route('GET', '/executions/:id/graph', (req, res) => executionGraph(deps, req, res)),
      route('GET', '/flows/:namespace/:id/tasks/:taskId', (req, res) => read.task(deps, req, res)),
      route('PATCH', '/flows/:namespace/:id/:taskId', (req, res) => patchTask(deps, req, res)),
    ];
  };
