import type { Request, Response } from 'express';
import {
  ApiError,
  flowToJson,
  invalidEntity,
  invalidFlowToJson,
  pluginToJson,
  type FlowJson,
  type FlowValidationJson,
} from '@tiercel/contracts';
import {
  allTasks,
  DEFAULT_SOURCE_LIMITS,
  describeProblem,
  findTask,
  parseFlow,
  sourceOfJson,
  splitDocuments,
  type CachedFlow,
  type ExpressionErrors,
  type FlowCache,
  type ParseResult,
  type Problem,
} from '@tiercel/flow-source';
import type { Flow, Task } from '@tiercel/model';
import type { PluginRegistry } from '@tiercel/plugin-kit';
import type { FlowFilter, StoredFlow } from '@tiercel/store';
import type { RouteDeps, RouteFactory } from '../deps.ts';
import { FLOW_FIELDS, flatFilters, freeText } from '../filters.ts';
import { param, sendEmpty, sendJson } from '../http/answers.ts';
import { mediaType, readText, requireType } from '../http/body.ts';
import { labelsOf, pageOf, queryOf, sortOf } from '../http/query.ts';
import { route } from '../http/routing.ts';

export interface FlowRouteDeps {
  readonly cache: FlowCache;
  readonly registry: PluginRegistry;
  /**
   * Whether a text that is no expression refuses a flow; default `warning`: it is told, and fails the task that renders it, as flows
   * that come from the reference expect.
   */
  readonly expressionErrors?: ExpressionErrors;
}

type Deps = RouteDeps & FlowRouteDeps;

const YAML_TYPES = ['application/x-yaml', 'application/yaml', 'text/yaml', 'text/x-yaml', 'text/plain'];
const SORT_KEYS = ['id', 'namespace'];
const MAX_SOURCE = DEFAULT_SOURCE_LIMITS.maxBytes;
/** Documents of one validation. */
const MAX_DOCUMENTS = 100;
/** Problems that a message repeats; the list has all of them. */
const MAX_IN_MESSAGE = 10;

/** Flows, their sources and revisions (rest-api.md §8). */
export const flowRoutes =
  (own: FlowRouteDeps): RouteFactory =>
  (shared) => {
    const deps: Deps = { ...shared, ...own };
    return [
      route('GET', '/flows/search', (req, res) => search(deps, req, res)),
      route('GET', '/flows/distinct-namespaces', (req, res) => distinctNamespaces(deps, req, res)),
      route('POST', '/flows/validate', (req, res) => validate(deps, req, res)),
      route('POST', '/flows', (req, res) => create(deps, req, res)),
      route('GET', '/flows/:namespace', (req, res) => list(deps, req, res)),
      route('GET', '/flows/:namespace/:id', (req, res) => get(deps, req, res)),
      route('PUT', '/flows/:namespace/:id', (req, res) => update(deps, req, res)),
      route('DELETE', '/flows/:namespace/:id', (req, res) => remove(deps, req, res)),
      route('GET', '/flows/:namespace/:id/revisions', (req, res) => revisions(deps, req, res)),
      route('GET', '/flows/:namespace/:id/tasks/:taskId', (req, res) => task(deps, req, res)),
    ];
  };

const identity = (req: Request): { readonly namespace: string; readonly id: string } => ({
  namespace: param(req, 'namespace'),
  id: param(req, 'id'),
});

const flowJson = ({ cache }: Deps, stored: StoredFlow, source = false): FlowJson => {
  const { written, problems } = cache.compile(stored);
  return written === undefined
    ? invalidFlowToJson(stored, exceptionOf({ problems }))
    : flowToJson(written, stored, { source });
};

const exceptionOf = ({ problems }: Pick<CachedFlow, 'problems'>): string =>
  problems.slice(0, MAX_IN_MESSAGE).map(describeProblem).join(', ');

async function search(deps: Deps, req: Request, res: Response): Promise<void> {
  const query = flatFilters(queryOf(req), FLOW_FIELDS);
  const page = pageOf(query);
  const namespace = query.text('namespace');
  const scope = query.manyOf('scope', ['USER', 'SYSTEM']);
  const labels = labelsOf(query.all('labels'));
  const filter: FlowFilter = {
    tenant: deps.tenant,
    systemNamespace: deps.config.systemNamespace,
    ...freeText(query, 'names'),
    ...(namespace === undefined || namespace === '' ? {} : { namespace }),
    ...(scope === undefined ? {} : { scope }),
    ...(labels.length === 0 ? {} : { labels }),
  };
  const found = await deps.flowStore.search(filter, page, sortOf(query, SORT_KEYS));
  sendJson(res, { results: found.results.map((stored) => flowJson(deps, stored)), total: found.total });
}

async function distinctNamespaces({ flowStore, tenant }: Deps, req: Request, res: Response): Promise<void> {
  sendJson(res, await flowStore.namespaces(tenant, queryOf(req).text('q')));
}

async function list(deps: Deps, req: Request, res: Response): Promise<void> {
  const found = await deps.flowStore.list(deps.tenant, param(req, 'namespace'));
  sendJson(
    res,
    found.map((stored) => flowJson(deps, stored)),
  );
}

async function get(deps: Deps, req: Request, res: Response): Promise<void> {
  const query = queryOf(req);
  const allowDeleted = query.flag('allowDeleted', false);
  const stored = await find(deps, req, query.integer('revision'), allowDeleted);
  sendJson(res, flowJson(deps, stored, query.flag('source', false)));
}

/** The stored flow of the path; 404 when there is none. */
async function find(
  { flowStore, tenant }: Deps,
  req: Request,
  revision?: number,
  allowDeleted = false,
): Promise<StoredFlow> {
  const { namespace, id } = identity(req);
  const options = { allowDeleted, ...(revision === undefined ? {} : { revision }) };
  const stored = await flowStore.get(tenant, namespace, id, options);
  if (stored === undefined) throw new ApiError('notFound');
  return stored;
}

async function revisions(deps: Deps, req: Request, res: Response): Promise<void> {
  const { namespace, id } = identity(req);
  const found = await deps.flowStore.revisions(deps.tenant, namespace, id);
  sendJson(
    res,
    found.map((stored) => flowJson(deps, stored, true)),
  );
}

async function task(deps: Deps, req: Request, res: Response): Promise<void> {
  const stored = await find(deps, req, queryOf(req).integer('revision'));
  const { written } = deps.cache.compile(stored);
  const found = written === undefined ? undefined : findTask(allTasks(written), param(req, 'taskId'));
  if (found === undefined) throw new ApiError('notFound');
  sendJson(res, pluginToJson(found as Task));
}

/** The source of a request: YAML as it is, JSON (the older form) as generated YAML. */
async function readSource(req: Request): Promise<{ readonly source: string; readonly isJson: boolean }> {
  requireType(req, [...YAML_TYPES, 'application/json']);
  const text = await readText(req, MAX_SOURCE);
  if (text.trim() === '') throw new ApiError('missingBody', 'Required Body [flow] not specified');
  if (mediaType(req) !== 'application/json') return { source: text, isJson: false };
  try {
    return { source: sourceOfJson(JSON.parse(text)), isJson: true };
  } catch (error) {
    throw new ApiError('invalidJson', (error as Error).message, { cause: error });
  }
}

function parse({ registry, tenant, expressionErrors = 'warning' }: Deps, source: string): ParseResult {
  return parseFlow(source, { registry, tenant, expressionErrors });
}

interface Accepted {
  readonly flow: Flow;
  /** For the answer: nobody shall find out at night. */
  readonly told: { readonly warnings?: readonly string[] };
}

/** The flow of a source; 422 with every problem, each with its path, line and column (rest-api.md §8). */
function parseOrRefuse(deps: Deps, source: string): Accepted {
  const { flow, problems, warnings } = parse(deps, source);
  if (flow === undefined) throw refusal(problems);
  return { flow, told: warnings.length === 0 ? {} : { warnings } };
}

const refusal = (problems: readonly Problem[]): ApiError =>
  new ApiError('invalidEntity', exceptionOf({ problems }), {
    errors: problems.map(({ message, hint, path, line, column }) => ({
      message,
      path,
      ...(hint === undefined ? {} : { hint }),
      ...(line === undefined ? {} : { line, column }),
    })),
  });

const writeOf = (flow: Flow, source: string): Parameters<RouteDeps['flowStore']['create']>[0] => ({
  tenant: flow.tenant,
  namespace: flow.namespace,
  id: flow.id,
  source,
  disabled: flow.disabled,
  labels: flow.labels,
  ...(flow.description === undefined ? {} : { description: flow.description }),
});

/** Makes this process and all others look again. */
function announce({ cache, bus }: Deps, { tenant, namespace, id }: StoredFlow): void {
  cache.changed({ tenant, namespace, id });
  bus.publish('flow', { tenant, namespace, flowId: id });
}

async function create(deps: Deps, req: Request, res: Response): Promise<void> {
  const { source, isJson } = await readSource(req);
  const { flow, told } = parseOrRefuse(deps, source);
  const stored = await deps.flowStore.create(writeOf(flow, source));
  if (stored === 'exists') throw invalidEntity([{ path: 'flow.id', message: 'Flow id already exists' }]);
  announce(deps, stored);
  sendJson(res, { ...flowJson(deps, stored, !isJson), ...told });
}

async function update(deps: Deps, req: Request, res: Response): Promise<void> {
  const { namespace, id } = identity(req);
  await find(deps, req);
  const { source, isJson } = await readSource(req);
  const { flow, told } = parseOrRefuse(deps, source);
  const moved = [
    ...(flow.namespace === namespace ? [] : [{ path: 'flow.namespace', message: 'Illegal namespace update' }]),
    ...(flow.id === id ? [] : [{ path: 'flow.id', message: 'Illegal flow id update' }]),
  ];
  if (moved.length > 0) throw invalidEntity(moved);
  const stored = await deps.flowStore.update(writeOf(flow, source));
  if (stored === 'absent') throw new ApiError('notFound');
  announce(deps, stored);
  // An equal source keeps the revision and what is stored.
  sendJson(res, { ...flowJson(deps, stored, !isJson), ...told });
}

async function remove(deps: Deps, req: Request, res: Response): Promise<void> {
  const { namespace, id } = identity(req);
  const stored = await deps.flowStore.delete(deps.tenant, namespace, id);
  if (stored === undefined) throw new ApiError('notFound');
  announce(deps, stored);
  sendEmpty(res, 204);
}

/** Answers 200 always: one verdict for each document. */
async function validate(deps: Deps, req: Request, res: Response): Promise<void> {
  const { source } = await readSource(req);
  const documents = splitDocuments(source);
  if (documents.length > MAX_DOCUMENTS)
    throw new ApiError('illegalArgument', `at most ${MAX_DOCUMENTS} flows can be validated at once`);
  const verdicts: FlowValidationJson[] = [];
  for (const [index, document] of documents.entries()) verdicts.push(await verdictOn(deps, document, index));
  sendJson(res, verdicts);
}

async function verdictOn(deps: Deps, source: string, index: number): Promise<FlowValidationJson> {
  const result = parse(deps, source);
  const { id, namespace, revision } = result.identity;
  return {
    ...(id === undefined ? {} : { flow: id }),
    ...(namespace === undefined ? {} : { namespace }),
    index,
    ...(result.problems.length === 0 ? {} : { constraints: result.problems.map(describeProblem).join('\n') }),
    outdated: revision !== undefined && (await nextRevision(deps, namespace, id)) !== revision,
    deprecationPaths: result.deprecations,
    warnings: result.warnings,
    infos: result.infos,
  };
}

/** The number that the next revision would get; deleted ones count. */
async function nextRevision(
  { flowStore, tenant }: Deps,
  namespace: string | undefined,
  id: string | undefined,
): Promise<number> {
  if (namespace === undefined || id === undefined) return 1;
  const latest = await flowStore.get(tenant, namespace, id, { allowDeleted: true });
  return (latest?.revision ?? 0) + 1;
}
