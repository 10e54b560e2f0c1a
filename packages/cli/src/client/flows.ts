import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FlowJson, FlowValidationJson } from '@tiercel/contracts';
import { CommandError } from '../errors.ts';
import type { Api } from './api.ts';

const YAML = 'application/x-yaml';
const IS_YAML = /\.ya?ml$/i;

/** A flow in a file. */
export interface FlowFile {
  readonly path: string;
  readonly source: string;
}

/** The flows of files and folders (with what is below them), by path. */
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
  const names = await readdir(path, { recursive: true });
  return names
    .filter((name) => IS_YAML.test(name))
    .toSorted()
    .map((name) => join(path, name));
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
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
  const { namespace, flow: id, constraints } = await validateFlow(api, source);
  if (constraints !== undefined || namespace === undefined || id === undefined) {
    throw new CommandError(`${path} is not valid: ${constraints ?? 'it has no id or no namespace'}`);
  }
  const place = `/flows/${encodeURIComponent(namespace)}/${encodeURIComponent(id)}`;
  const before = await api.call(place, { allow: [404] });
  const content = { body: source, contentType: YAML };
  if (before.status === 404) {
    return { flow: await api.json<FlowJson>('/flows', { method: 'POST', ...content }), change: 'created' };
  }
  const flow = await api.json<FlowJson>(place, { method: 'PUT', ...content });
  const revision = (JSON.parse(before.text) as FlowJson).revision;
  return { flow, change: flow.revision === revision ? 'unchanged' : 'updated' };
}
