import type { Request, Response } from 'express';
import { ApiError, flowToJson, invalidEntity, type FieldError } from '@tiercel/contracts';
import type { Problem } from '@tiercel/flow-source';
import type { Flow } from '@tiercel/model';
import type { FlowBatch } from '@tiercel/store';
import { namespaceParam, sendJson } from '../../http/answers.ts';
import { queryOf } from '../../http/query.ts';
import { breathe, flowJson, flowKey, parse, refusal, writeAll, writeOf, type Deps } from './shared.ts';
import { readSources } from './sources.ts';

/** Problems of all documents together that are told. */
const MAX_PROBLEMS = 100;

interface Document {
  readonly flow: Flow;
  /** As people see it. */
  readonly written: Flow;
  readonly source: string;
  readonly warnings: readonly string[];
}

/** `POST /flows/{namespace}` (rest-api.md §8): makes flows of a namespace as given, all or nothing. */
export async function updateNamespace(deps: Deps, req: Request, res: Response): Promise<void> {
  await updateAll(deps, req, res, namespaceParam(req));
}

/** `POST /flows/bulk` (rest-api.md §8): the same over all namespaces. */
export async function bulkUpdate(deps: Deps, req: Request, res: Response): Promise<void> {
  await updateAll(deps, req, res);
}

async function updateAll(deps: Deps, req: Request, res: Response, namespace?: string): Promise<void> {
  // The reference's default; what is not listed goes.
  const deletes = queryOf(req).flag('delete', true);
  const { sources, isJson } = await readSources(req);
  // By default all would be deleted: somebody's list was empty by mistake.
  if (sources.length === 0 && queryOf(req).text('delete') === undefined)
    throw new ApiError('illegalArgument', 'the list has no flows; with `delete=true` that deletes all of them');
  const documents = await parseAll(deps, sources);
  const misplaced = placeErrors(documents, namespace);
  if (misplaced.length > 0) throw invalidEntity(misplaced);
  const outcome = await writeAll(deps, {
    writes: documents.map(({ flow, source }) => writeOf(flow, source)),
    deletes: [],
    ...(deletes ? othersOf(namespace) : {}),
  });
  // Neither revisions nor deletions are named, so nothing can be stale.
  if (!('written' in outcome)) throw new ApiError('illegalState', `flow ${flowKey(outcome)} was changed meanwhile`);
  const answer: unknown[] = [];
  for (const stored of outcome.deleted) {
    answer.push(flowJson(deps, stored, !isJson));
    await breathe();
  }
  for (const [index, stored] of outcome.written.entries()) {
    const { written, warnings } = documents[index]!;
    const told = warnings.length === 0 ? {} : { warnings };
    answer.push({ ...flowToJson(written, stored, { source: !isJson }), ...told });
  }
  sendJson(res, answer);
}

const othersOf = (namespace: string | undefined): Pick<FlowBatch, 'deleteOthers'> => ({
  deleteOthers: namespace === undefined ? 'all' : { namespace },
});

/** The flows of all documents; 422 with what is wrong in any of them. */
async function parseAll(deps: Deps, sources: readonly string[]): Promise<readonly Document[]> {
  const documents: Document[] = [];
  const problems: Problem[] = [];
  for (const [index, source] of sources.entries()) {
    const { flow, written = flow, warnings, problems: found } = parse(deps, source);
    if (flow !== undefined && written !== undefined) documents.push({ flow, written, source, warnings });
    problems.push(...(sources.length === 1 ? found : found.map((problem) => inDocument(problem, index + 1))));
    if (problems.length >= MAX_PROBLEMS) break;
    await breathe();
  }
  if (problems.length > 0) throw refusal(problems.slice(0, MAX_PROBLEMS));
  return documents;
}

/** A problem of one of several documents; its line is that of the document. */
const inDocument = (problem: Problem, number: number): Problem => {
  const { kind, path, label = path, message } = problem;
  const told = kind === 'structure' || path === '' ? message : `${label}: ${message}`;
  return { ...problem, kind: 'structure', message: `document ${number}: ${told}` };
};

/** Each violation once, as the reference has them. */
function placeErrors(documents: readonly Document[], namespace: string | undefined): readonly FieldError[] {
  const keys = new Set(documents.map(({ flow }) => flowKey(flow)));
  const strange = namespace !== undefined && documents.some(({ flow }) => flow.namespace !== namespace);
  return [
    ...(strange ? [{ path: 'flow.namespace', message: 'Flow namespace is invalid' }] : []),
    ...(keys.size < documents.length ? [{ path: 'flow.id', message: 'Duplicate flow id' }] : []),
  ];
}
