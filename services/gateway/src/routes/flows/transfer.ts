import { buffer } from 'node:stream/consumers';
import type { Request, Response } from 'express';
import { ApiError } from '@tiercel/contracts';
import { splitDocuments } from '@tiercel/flow-source';
import type { Flow } from '@tiercel/model';
import type { StoredFlow } from '@tiercel/store';
import { attachment, sendJson } from '../../http/answers.ts';
import { textOf } from '../../http/body.ts';
import { queryOf } from '../../http/query.ts';
import { readForm, type FilePart } from '../../http/uploads.ts';
import { readZip, writeZip } from '../../zip.ts';
import { byIds } from './members.ts';
import { breathe, flowFilter, flowKey, MAX_SOURCES, parse, writeAll, writeOf, type Deps } from './shared.ts';
import { boundedDocuments } from './sources.ts';

/** Flows read at a time. */
const BATCH = 200;

export async function exportByIds(deps: Deps, req: Request, res: Response): Promise<void> {
  const flows = await (await byIds(deps, req))();
  await sendZip(res, req, [flows]);
}

/** Pages are read while the archive is sent; the first one before, so that errors can be told. */
export async function exportByQuery(deps: Deps, req: Request, res: Response): Promise<void> {
  const filter = flowFilter(deps, queryOf(req));
  const pageOf = async (page: number): Promise<readonly StoredFlow[]> =>
    (await deps.flowStore.search(filter, { page, size: BATCH }, [])).results;
  const first = await pageOf(1);
  async function* pages(): AsyncGenerator<readonly StoredFlow[]> {
    yield first;
    for (let page = 2, last = first; last.length === BATCH; page++) yield (last = await pageOf(page));
  }
  await sendZip(res, req, pages());
}

/** A zip with an entry `namespace.id.yml` for each flow (rest-api.md §8). */
async function sendZip(
  res: Response,
  req: Request,
  pages: Iterable<readonly StoredFlow[]> | AsyncIterable<readonly StoredFlow[]>,
): Promise<void> {
  res.statusCode = 200;
  res.setHeader('Content-Type', 'application/octet-stream');
  attachment(res, 'flows.zip');
  if (req.method === 'HEAD') {
    res.end();
    return;
  }
  await writeZip(res, async function* entries() {
    const taken = new Set<string>();
    for await (const flows of pages) {
      for (const { namespace, id, source } of flows)
        yield { name: freeName(taken, `${namespace}.${id}`), content: source };
    }
  });
}

/** Flows can share a name there: `a.b` and `c`, `a` and `b.c`. */
function freeName(taken: Set<string>, wanted: string): string {
  let name = `${wanted}.yml`;
  for (let i = 2; taken.has(name); i++) name = `${wanted}~${i}.yml`;
  taken.add(name);
  return name;
}

/** A source of an import, and what it is called when it fails. */
interface Imported {
  readonly label: string;
  readonly source: string;
}

const isYaml = (name: string): boolean => /\.ya?ml$/i.test(name);

/**
 * `POST /flows/import` (rest-api.md §8): creates and updates the flows of a file. Answers what failed, by the number of the document (from 0,
 * as validation has them) or the name of the file in the archive; the others are written together.
 */
export async function importFlows(deps: Deps, req: Request, res: Response): Promise<void> {
  const sources = await readUpload(req, res);
  const failed = new Set<string>();
  const flows = new Map<string, { readonly flow: Flow; readonly source: string }>();
  for (const { label, source } of sources) {
    const { flow } = parse(deps, source);
    // Of two for one flow it could not be told which is meant.
    if (flow === undefined || flows.has(flowKey(flow))) failed.add(label);
    else flows.set(flowKey(flow), { flow, source });
    await breathe();
  }
  const writes = [...flows.values()].map(({ flow, source }) => writeOf(flow, source));
  const outcome = await writeAll(deps, { writes, deletes: [] });
  // No revisions are named, so nothing can be stale.
  if (!('written' in outcome)) throw new ApiError('illegalState', `flow ${flowKey(outcome)} was changed meanwhile`);
  sendJson(res, [...failed]);
}

async function readUpload(req: Request, res: Response): Promise<readonly Imported[]> {
  const sink = {
    async store({ field, fileName, content }: FilePart): Promise<readonly Imported[]> {
      if (field !== 'fileUpload')
        throw new ApiError('illegalArgument', `Unknown part '${field}': the file's part is 'fileUpload'`);
      return importedOf(fileName, () => buffer(content));
    },
    discard: () => Promise.resolve(),
  };
  const form = await readForm(req, res, sink, { fileSize: MAX_SOURCES, fieldSize: 1024 });
  const [file, second] = form.files;
  if (file === undefined) throw new ApiError('missingBody', 'Required Part [fileUpload] not specified');
  if (second !== undefined) throw new ApiError('illegalArgument', 'one file can be imported at a time');
  return file;
}

/** What an uploaded file holds, by the end of its name; 422 for another one. */
async function importedOf(fileName: string, read: () => Promise<Buffer>): Promise<readonly Imported[]> {
  if (isYaml(fileName)) {
    const documents = boundedDocuments(textOf(await read(), fileName));
    return documents.map((source, index) => ({ label: String(index), source }));
  }
  if (!/\.zip$/i.test(fileName)) {
    const end = /\.[^./\\]*$/.exec(fileName)?.[0] ?? fileName;
    throw new ApiError('illegalArgument', `Cannot import file of type ${end}: use .yml, .yaml or .zip`);
  }
  const entries = await readZip(await read(), isYaml);
  // Bounded together, as if they were one text.
  const texts = entries.map(({ name, content }) => ({ label: name, text: textOf(content, name) }));
  boundedDocuments(texts.map(({ text }) => text).join('\n---\n'));
  return texts.flatMap(({ label, text }) => splitDocuments(text).map((source) => ({ label, source })));
}
