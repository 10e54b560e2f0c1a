import type { Request, Response } from 'express';
import { ApiError } from '@tiercel/contracts';
import { setDisabled } from '@tiercel/flow-source';
import type { FlowBatch, StoredFlow } from '@tiercel/store';
import { z } from 'zod';
import { sendJson } from '../../http/answers.ts';
import { readJson } from '../../http/body.ts';
import { queryOf, type Query } from '../../http/query.ts';
import { breathe, flowFilter, flowKey, MAX_FLOWS, writeAll, type Deps, type FlowName, type Written } from './shared.ts';

const Names = z.array(z.looseObject({ namespace: z.string(), id: z.string() })).max(MAX_FLOWS);

/** Flows read at a time. */
const BATCH = 500;
/** How often a call begins anew when others change its flows meanwhile. */
const ATTEMPTS = 3;

/** Finds the flows that a call is about; asked again when they have changed. */
export type Choose = () => Promise<readonly StoredFlow[]>;

/** The flows of a list `[{namespace, id}]` (rest-api.md §8); 404 when one of them is unknown. */
export async function byIds({ flowStore, tenant, config }: Deps, req: Request): Promise<Choose> {
  const names = await readJson(req, config.jsonLimit, Names);
  const unique = new Map<string, FlowName>(names.map((name) => [flowKey(name), name]));
  return async () => {
    const flows: StoredFlow[] = [];
    for (const { namespace, id } of unique.values()) {
      const stored = await flowStore.get(tenant, namespace, id);
      if (stored === undefined) throw new ApiError('notFound', `flow ${namespace}.${id}`);
      flows.push(stored);
    }
    return flows;
  };
}

/** The flows that the filters of a query find; 422 for more than one call may change. */
export function byQuery(deps: Deps, query: Query): Choose {
  const filter = flowFilter(deps, query);
  return async () => {
    const flows: StoredFlow[] = [];
    for (let page = 1; ; page++) {
      const { results, total } = await deps.flowStore.search(filter, { page, size: BATCH }, []);
      if (total > MAX_FLOWS) {
        const reason = `the query finds ${total} flows, at most ${MAX_FLOWS} can be changed at once`;
        throw new ApiError('illegalArgument', reason);
      }
      flows.push(...results);
      if (results.length < BATCH) return flows;
    }
  };
}

/** Writes what is made of the chosen flows; nothing is lost that others write meanwhile. */
async function change(
  deps: Deps,
  choose: Choose,
  batchOf: (flows: readonly StoredFlow[]) => Promise<Omit<FlowBatch, 'tenant'>>,
): Promise<Written> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const outcome = await writeAll(deps, await batchOf(await choose()));
    if ('written' in outcome) return outcome;
  }
  throw new ApiError('illegalState', 'the flows are being changed by others: try again');
}

/** Changes `disabled` in the sources of flows; those that have it are left alone. Answers how many were changed. */
async function switchAll(deps: Deps, res: Response, choose: Choose, disabled: boolean): Promise<void> {
  const { changed } = await change(deps, choose, async (flows) => {
    const writes: FlowBatch['writes'][number][] = [];
    for (const flow of flows) {
      if (flow.disabled === disabled) continue;
      writes.push(switched(flow, disabled));
      await breathe();
    }
    return { writes, deletes: [] };
  });
  sendJson(res, { count: changed.length });
}

function switched(stored: StoredFlow, disabled: boolean): FlowBatch['writes'][number] {
  const { namespace, id, revision, labels, description } = stored;
  const source = setDisabled(stored.source, disabled);
  if (source === undefined)
    throw new ApiError('illegalState', `the source of flow ${namespace}.${id} cannot be edited: it is no YAML map`);
  const described = description === undefined ? {} : { description };
  return { namespace, id, source, disabled, labels, ...described, from: revision };
}

export const switchByIds =
  (deps: Deps, disabled: boolean) =>
  async (req: Request, res: Response): Promise<void> =>
    switchAll(deps, res, await byIds(deps, req), disabled);

export const switchByQuery =
  (deps: Deps, disabled: boolean) =>
  (req: Request, res: Response): Promise<void> =>
    switchAll(deps, res, byQuery(deps, queryOf(req)), disabled);

async function deleteAll(deps: Deps, res: Response, choose: Choose): Promise<void> {
  const { deleted } = await change(deps, choose, async (flows) => ({ writes: [], deletes: flows }));
  sendJson(res, { count: deleted.length });
}

export const deleteByIds = async (deps: Deps, req: Request, res: Response): Promise<void> =>
  deleteAll(deps, res, await byIds(deps, req));

export const deleteByQuery = (deps: Deps, req: Request, res: Response): Promise<void> =>
  deleteAll(deps, res, byQuery(deps, queryOf(req)));
