import type { Request } from 'express';
import { ApiError, flowToJson, invalidFlowToJson, type FlowJson } from '@tiercel/contracts';
import {
  DEFAULT_SOURCE_LIMITS,
  describeProblem,
  parseFlow,
  type CachedFlow,
  type ExpressionErrors,
  type FlowCache,
  type ParseOptions,
  type ParseResult,
  type Problem,
} from '@tiercel/flow-source';
import type { Flow, FlowRef } from '@tiercel/model';
import type { PluginRegistry } from '@tiercel/plugin-kit';
import type { FlowBatch, FlowFilter, StoredFlow } from '@tiercel/store';
import type { RouteDeps } from '../../deps.ts';
import { FLOW_FIELDS, flatFilters, freeText } from '../../filters.ts';
import { param } from '../../http/answers.ts';
import { labelsOf, type Query } from '../../http/query.ts';

export interface FlowRouteDeps {
  readonly cache: FlowCache;
  readonly registry: PluginRegistry;
  /**
   * Whether a text that is no expression refuses a flow; default `warning`: it is told, and fails the task that renders it, as flows
   * that come from the reference expect.
   */
  readonly expressionErrors?: ExpressionErrors;
  /** Plugin defaults of namespaces and of the server; the cache has the same. */
  readonly defaults?: ParseOptions['defaults'];
}

export type Deps = RouteDeps & FlowRouteDeps;

/** What it takes to accept flows and to store them, over REST or from a folder. */
export type WriteDeps = FlowRouteDeps & Pick<RouteDeps, 'tenant' | 'flowStore' | 'bus'>;

export type FlowName = Omit<FlowRef, 'tenant'>;

/** Largest source of one flow. */
export const MAX_SOURCE = DEFAULT_SOURCE_LIMITS.maxBytes;
/** Flows that one call may change, export or import. */
export const MAX_FLOWS = 10_000;
/** Bytes of sources that one call may bring. */
export const MAX_SOURCES = 32 * 1024 * 1024;
/** Problems that a message repeats; the list has all of them. */
const MAX_IN_MESSAGE = 10;

export const identity = (req: Request): FlowName => ({ namespace: param(req, 'namespace'), id: param(req, 'id') });

export const flowKey = ({ namespace, id }: FlowName): string => `${namespace}/${id}`;

export const flowJson = ({ cache }: Deps, stored: StoredFlow, source = false): FlowJson => {
  const { written, problems } = cache.compile(stored);
  return written === undefined
    ? invalidFlowToJson(stored, exceptionOf({ problems }))
    : flowToJson(written, stored, { source });
};

export const exceptionOf = ({ problems }: Pick<CachedFlow, 'problems'>): string =>
  problems.slice(0, MAX_IN_MESSAGE).map(describeProblem).join(', ');

/** The filters of flows (rest-api.md §3): of the search and of every by-query route. */
export function flowFilter({ tenant, config }: Deps, given: Query): FlowFilter {
  const query = flatFilters(given, FLOW_FIELDS);
  const namespace = query.text('namespace');
  const scope = query.manyOf('scope', ['USER', 'SYSTEM']);
  const labels = labelsOf(query.all('labels'));
  return {
    tenant,
    systemNamespace: config.systemNamespace,
    ...freeText(query, 'names'),
    ...(namespace === undefined || namespace === '' ? {} : { namespace }),
    ...(scope === undefined ? {} : { scope }),
    ...(labels.length === 0 ? {} : { labels }),
  };
}

/** The stored flow of the path; 404 when there is none. */
export async function find(
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

export function parse(
  { registry, tenant, expressionErrors = 'warning', defaults }: WriteDeps,
  source: string,
): ParseResult {
  return parseFlow(source, { registry, tenant, expressionErrors, ...(defaults === undefined ? {} : { defaults }) });
}

export interface Accepted {
  readonly flow: Flow;
  /** For the answer: nobody shall find out at night. */
  readonly told: { readonly warnings?: readonly string[] };
}

/** The flow of a source; 422 with every problem, each with its path, line and column (rest-api.md §8). */
export function parseOrRefuse(deps: Deps, source: string): Accepted {
  const { flow, problems, warnings } = parse(deps, source);
  if (flow === undefined) throw refusal(problems);
  return { flow, told: warnings.length === 0 ? {} : { warnings } };
}

export const refusal = (problems: readonly Problem[]): ApiError =>
  new ApiError('invalidEntity', exceptionOf({ problems }), {
    errors: problems.map(({ message, hint, path, line, column }) => ({
      message,
      path,
      ...(hint === undefined ? {} : { hint }),
      ...(line === undefined ? {} : { line, column }),
    })),
  });

export const writeOf = (flow: Flow, source: string): Parameters<RouteDeps['flowStore']['create']>[0] => ({
  tenant: flow.tenant,
  namespace: flow.namespace,
  id: flow.id,
  source,
  disabled: flow.disabled,
  labels: flow.labels,
  ...(flow.description === undefined ? {} : { description: flow.description }),
});

/** Makes this process and all others look again. */
export function announce(
  { cache, bus }: Pick<WriteDeps, 'cache' | 'bus'>,
  { tenant, namespace, id }: StoredFlow,
): void {
  cache.changed({ tenant, namespace, id });
  bus.publish('flow', { tenant, namespace, flowId: id });
}

export interface Written {
  readonly deleted: readonly StoredFlow[];
  readonly written: readonly StoredFlow[];
  readonly changed: readonly StoredFlow[];
}

/** Writes many flows, all or nothing, and announces them. Answers the flow that is not as the batch supposes, when there is one. */
export async function writeAll(deps: WriteDeps, batch: Omit<FlowBatch, 'tenant'>): Promise<Written | FlowRef> {
  const outcome = await deps.flowStore.writeAll({ tenant: deps.tenant, ...batch });
  if (outcome.kind === 'stale') return outcome.flow;
  for (const flow of [...outcome.deleted, ...outcome.changed]) announce(deps, flow);
  return outcome;
}

/** Lets other requests have their turn between pieces of work that keep the process busy. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
