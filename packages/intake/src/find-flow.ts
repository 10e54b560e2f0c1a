import type { CachedFlow, FlowCache } from '@tiercel/flow-source';
import type { Flow } from '@tiercel/model';
import { IntakeError } from './errors.ts';

/** What lookups need of the cache. */
export type FlowLookup = Pick<FlowCache, 'peek' | 'get'>;

export interface FlowRequest {
  readonly tenant: string;
  readonly namespace: string;
  readonly flowId: string;
  /** Default: the latest. */
  readonly revision?: number;
}

const notFound = (): IntakeError => new IntakeError('flow-not-found', 'Requested Flow is not found.');

/** The flow of a request, fit to be executed. Throws `flow-not-found`, `flow-invalid`, `flow-disabled`, and what the store throws. */
export async function findFlow(
  flows: FlowLookup,
  request: FlowRequest,
  options: { readonly allowDisabled?: boolean } = {},
): Promise<Flow> {
  const { tenant, namespace, flowId, revision } = request;
  const cached = await lookUp(flows, tenant, namespace, flowId, revision);
  if (cached === undefined || cached.stored.deleted) throw notFound();
  // Old revisions of a deleted flow stay readable, but nothing starts any more.
  if (revision !== undefined && (await lookUp(flows, tenant, namespace, flowId, undefined)) === undefined)
    throw notFound();
  const { flow } = cached;
  if (flow === undefined) throw new IntakeError('flow-invalid', `Requested Flow is not valid: ${whyInvalid(cached)}`);
  if (flow.disabled && options.allowDisabled !== true)
    throw new IntakeError('flow-disabled', 'Requested Flow is disabled.');
  return flow;
}

/** In memory it costs no turn of the event loop's queue of I/O. */
export const lookUp = async (
  flows: FlowLookup,
  tenant: string,
  namespace: string,
  id: string,
  revision: number | undefined,
): Promise<CachedFlow | undefined> =>
  flows.peek(tenant, namespace, id, revision) ?? flows.get(tenant, namespace, id, revision);

/** The first reason in one line. */
export const whyInvalid = ({ problems }: CachedFlow): string => {
  const [problem] = problems;
  if (problem === undefined) return 'its source does not parse';
  return problem.path === '' || problem.kind === 'structure' ? problem.message : `${problem.path}: ${problem.message}`;
};
