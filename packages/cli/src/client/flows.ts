import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import type { FlowJson, FlowValidationJson } from '@tiercel/contracts';
import { listFlowFiles, splitDocuments } from '@tiercel/flow-source/files';
import { CommandError } from '../errors.ts';
import type { Api } from './api.ts';

/** Flows asked for at a time. */
const PAGE = 100;

export const YAML = 'application/x-yaml';

export const flowPath = ({ namespace, id }: Pick<FlowJson, 'namespace' | 'id'>): string =>
  `/flows/${encodeURIComponent(namespace)}/${encodeURIComponent(id)}`;

/** A flow in a file. */
export interface FlowFile {
  readonly path: string;
  readonly source: string;
}

/** The flows of files and folders (with what is below them, hidden files left out), by path. */
export async function readFlows(paths: readonly string[]): Promise<readonly FlowFile[]> {
  const files = (await Promise.all(paths.map(filesOf))).flat();
  if (files.length === 0) throw new CommandError(`There is no .yml or .yaml file in ${paths.join(', ')}.`);
  return Promise.all(files.map(async (path) => ({ path, source: await readText(path) })));
}

async function filesOf(path: string): Promise<readonly string[]> {
  const stats = await stat(path).catch((error: unknown) => {
    throw new CommandError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  });
  if (!stats.isDirectory()) return [path];
  const { files, unreadable } = await listFlowFiles(path);
  const [first] = unreadable;
  if (first !== undefined) throw new CommandError(`${first.path} cannot be read: ${first.reason}`);
  return files.map((file) => file.path);
}

async function readText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new CommandError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  });
  // Replacement characters would be stored, or written into the file, for good.
  if (!isUtf8(bytes)) throw new CommandError(`${path} is no text in UTF-8: save it as such.`);
  return bytes.toString('utf8');
}

/** The flows of a file, which may have several between lines of `---`. One without any stays, to be told of. */
export function documentsOf({ path, source }: FlowFile): readonly FlowFile[] {
  const documents = splitDocuments(source);
  if (documents.length < 2) return [{ path, source }];
  return documents.map((document, index) => ({ path: `${path} (document ${index + 1})`, source: document }));
}

/** What the server says of a source: nothing is stored. */
export async function validateFlow(api: Api, source: string): Promise<FlowValidationJson> {
  const [verdict] = await api.json<readonly FlowValidationJson[]>('/flows/validate', {
    method: 'POST',
    body: source,
    contentType: YAML,
  });
  if (verdict === undefined) throw new CommandError('There is no flow in this file.');
  return verdict;
}

export interface Deployed {
  readonly flow: FlowJson;
  readonly change: 'created' | 'updated' | 'unchanged';
}

/** Creates the flow of a file, or gives it a new revision when its source has changed. */
export async function deployFlow(api: Api, { path, source }: FlowFile): Promise<Deployed> {
  if (source.trim() === '') throw new CommandError('There is no flow in this file.');
  const { namespace, flow: id, constraints } = await validateFlow(api, source);
  if (constraints !== undefined || namespace === undefined || id === undefined) {
    throw new CommandError(`${path} is not valid: ${constraints ?? 'it has no id or no namespace'}`);
  }
  const place = flowPath({ namespace, id });
  const before = await api.call(place, { allow: [404] });
  const content = { body: source, contentType: YAML };
  if (before.status === 404) {
    return { flow: await api.json<FlowJson>('/flows', { method: 'POST', ...content }), change: 'created' };
  }
  const flow = await api.json<FlowJson>(place, { method: 'PUT', ...content });
  const revision = (JSON.parse(before.text) as FlowJson).revision;
  return { flow, change: flow.revision === revision ? 'unchanged' : 'updated' };
}

/** All flows of a server, or those of a namespace and below it; without their sources. */
export async function searchFlows(api: Api, namespace?: string): Promise<readonly FlowJson[]> {
  const flows: FlowJson[] = [];
  for (let page = 1; ; page++) {
    const query = { page: String(page), size: String(PAGE), sort: ['namespace:asc', 'id:asc'], namespace };
    const { results } = await api.json<{ readonly results: readonly FlowJson[] }>('/flows/search', { query });
    flows.push(...results);
    if (results.length < PAGE) return flows;
  }
}

/** The source of a flow as it was written. */
export async function sourceOf(api: Api, flow: Pick<FlowJson, 'namespace' | 'id'>): Promise<string> {
  const { source } = await api.json<FlowJson>(flowPath(flow), { query: { source: 'true' } });
  return source ?? '';
}
