import type { Request, Response } from 'express';
import { ApiError, invalidEntity } from '@tiercel/contracts';
import { replaceTask } from '@tiercel/flow-source';
import { z } from 'zod';
import { param, sendEmpty, sendJson } from '../../http/answers.ts';
import { readJson } from '../../http/body.ts';
import {
  announce,
  find,
  flowJson,
  identity,
  MAX_SOURCE,
  parseOrRefuse,
  writeAll,
  writeOf,
  type Deps,
} from './shared.ts';
import { readSource, refuseDeep } from './sources.ts';

export async function create(deps: Deps, req: Request, res: Response): Promise<void> {
  const { source, isJson } = await readSource(req);
  const { flow, told } = parseOrRefuse(deps, source);
  const stored = await deps.flowStore.create(writeOf(flow, source));
  if (stored === 'exists') throw invalidEntity([{ path: 'flow.id', message: 'Flow id already exists' }]);
  announce(deps, stored);
  sendJson(res, { ...flowJson(deps, stored, !isJson), ...told });
}

export async function update(deps: Deps, req: Request, res: Response): Promise<void> {
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

const TaskBody = z.looseObject({ id: z.string() });

/** Replaces one task in the source (older form, rest-api.md §8); the rest of the text stays as it is. */
export async function patchTask(deps: Deps, req: Request, res: Response): Promise<void> {
  const taskId = param(req, 'taskId');
  const stored = await find(deps, req);
  const body = await readJson(req, MAX_SOURCE, TaskBody);
  refuseDeep(body);
  if (body.id !== taskId)
    throw new ApiError('illegalArgument', `Invalid taskId, previous '${taskId}' & current '${body.id}'`);
  const edited = replaceTask(stored.source, taskId, body);
  if (edited.kind === 'absent') throw new ApiError('notFound');
  if (edited.kind === 'not-editable') {
    const reason = 'its text cannot be edited there (an anchor?): update the flow as a whole';
    throw new ApiError('illegalState', `Task ${taskId}: ${reason}`);
  }
  const { flow, told } = parseOrRefuse(deps, edited.source);
  const { tenant: _, ...write } = writeOf(flow, edited.source);
  const outcome = await writeAll(deps, { writes: [{ ...write, from: stored.revision }], deletes: [] });
  if (!('written' in outcome)) throw new ApiError('illegalState', 'the flow was changed meanwhile: try again');
  sendJson(res, { ...flowJson(deps, outcome.written[0]!), ...told });
}

export async function remove(deps: Deps, req: Request, res: Response): Promise<void> {
  const { namespace, id } = identity(req);
  const stored = await deps.flowStore.delete(deps.tenant, namespace, id);
  if (stored === undefined) throw new ApiError('notFound');
  announce(deps, stored);
  sendEmpty(res, 204);
}
