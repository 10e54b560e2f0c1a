import type { Request, Response } from 'express';
import { ApiError, type FlowValidationJson } from '@tiercel/contracts';
import { describeProblem, parsePart, splitDocuments } from '@tiercel/flow-source';
import { sendJson } from '../../http/answers.ts';
import { queryOf } from '../../http/query.ts';
import { parse, type Deps } from './shared.ts';
import { readSource } from './sources.ts';

/** Documents of one validation. */
const MAX_DOCUMENTS = 100;

/** Answers 200 always: one verdict for each document. */
export async function validate(deps: Deps, req: Request, res: Response): Promise<void> {
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

/** A task or trigger alone (`section`, default TASKS), as YAML or JSON. Answers 200 with one verdict. */
export async function validateTask(deps: Deps, req: Request, res: Response): Promise<void> {
  const section = queryOf(req).oneOf('section', ['TASKS', 'TRIGGERS']) ?? 'TASKS';
  await validatePart(deps, req, res, section === 'TASKS' ? 'task' : 'trigger');
}

export async function validateTrigger(deps: Deps, req: Request, res: Response): Promise<void> {
  await validatePart(deps, req, res, 'trigger');
}

async function validatePart(deps: Deps, req: Request, res: Response, part: 'task' | 'trigger'): Promise<void> {
  const { source } = await readSource(req);
  const { problems, warnings, deprecations, infos } = parsePart(
    source,
    part,
    deps.registry,
    deps.defaults?.('').flat(),
  );
  const verdict: FlowValidationJson = {
    index: 0,
    ...(problems.length === 0 ? {} : { constraints: problems.map(describeProblem).join('\n') }),
    outdated: false,
    deprecationPaths: deprecations,
    warnings,
    infos,
  };
  sendJson(res, verdict);
}
