import type { FlowJson } from '@tiercel/contracts';
import { CommandError } from '../errors.ts';
import type { Api } from './api.ts';
import { documentsOf, readFlows, validateFlow, YAML } from './flows.ts';

/** A flow that is to be in a namespace, and where it comes from. */
export interface WantedFlow {
  readonly id: string;
  /** The file, with the number of the document where it has several. */
  readonly from: string;
  readonly source: string;
}

export interface Wanted {
  readonly flows: readonly WantedFlow[];
  /** What is wrong with files; then nothing may be written. */
  readonly mistakes: readonly string[];
}

/**
 * Reads the flows of a folder for a namespace, and has the server judge each. `override`: they are put into that namespace, whatever they say.
 * Throws CommandError when there are none.
 */
export async function readWanted(api: Api, namespace: string, folder: string, override: boolean): Promise<Wanted> {
  const flows: WantedFlow[] = [];
  const mistakes: string[] = [];
  const places = new Map<string, string>();
  for (const { path: from, source: written } of (await readFlows([folder])).flatMap(documentsOf)) {
    const source = written.endsWith('\n') ? written : `${written}\n`;
    const text = override ? moveTo(namespace, source) : source;
    const { flow: id, namespace: own, constraints } = await validateFlow(api, text);
    if (constraints !== undefined || id === undefined) {
      mistakes.push(`${from}: ${constraints?.replaceAll('\n', `\n${from}: `) ?? 'there is no flow in it'}`);
    } else if (own !== namespace) {
      mistakes.push(`${from}: its namespace is ${own}, not ${namespace}`);
    } else if (places.has(id)) {
      mistakes.push(`${from}: flow ${id} stands in ${places.get(id)}, too`);
    } else {
      places.set(id, from);
      flows.push({ id, from, source: text });
    }
  }
  return { flows, mistakes };
}

/** Puts a namespace in place of that of a source, as Kestra does: the line at the left margin. */
const moveTo = (namespace: string, source: string): string =>
  source.replace(/^namespace\s*:.*$/m, `namespace: ${namespace}`);

/** What became of a flow, or will become of it. */
export type Change = 'created' | 'updated' | 'unchanged' | 'deleted';

export interface ChangedFlow {
  readonly change: Change;
  readonly flow: Pick<FlowJson, 'namespace' | 'id' | 'revision'>;
}

/** The flows of exactly this namespace, without their sources. */
export const flowsOf = (api: Api, namespace: string): Promise<readonly FlowJson[]> =>
  api.json<readonly FlowJson[]>(`/flows/${encodeURIComponent(namespace)}`);

/** Writes the flows of a namespace in one transaction; with `deletes`, all others of it go. */
export async function writeNamespace(
  api: Api,
  namespace: string,
  flows: readonly WantedFlow[],
  deletes: boolean,
): Promise<readonly ChangedFlow[]> {
  if (flows.length === 0) throw new CommandError('There are no flows to write.');
  const before = new Map((await flowsOf(api, namespace)).map(({ id, revision }) => [id, revision]));
  const after = await api.json<readonly FlowJson[]>(`/flows/${encodeURIComponent(namespace)}`, {
    method: 'POST',
    query: { delete: String(deletes) },
    contentType: YAML,
    body: flows.map(({ source }) => source).join('---\n'),
  });
  return after.map((flow) => ({ flow, change: changeOf(flow, before.get(flow.id)) }));
}

function changeOf({ deleted, revision }: FlowJson, before: number | undefined): Change {
  if (deleted) return 'deleted';
  if (before === undefined) return 'created';
  return revision === before ? 'unchanged' : 'updated';
}
