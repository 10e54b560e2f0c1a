import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { splitDocuments } from '@tiercel/flow-source/files';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Api, Call } from './api.ts';
import { readWanted, writeNamespace } from './namespace.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tiercel-namespace-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A server that takes every flow, and keeps what it was given last. */
function fakeApi(): { readonly api: Api; readonly written: () => string } {
  let written = '';
  const json = async (path: string, { method, body }: Call = {}): Promise<unknown> => {
    if (path === '/flows/validate') return [{ namespace: 'n', flow: /^id: (.*)$/m.exec(String(body))?.[1] }];
    if (method === 'POST') written = String(body);
    return [];
  };
  return { api: { json: json as Api['json'] } as Api, written: () => written };
}

it('the server finds every flow as its file has it, also behind directives and comments of the file', async () => {
  const sources = [
    'id: a\nnamespace: n\n',
    '%YAML 1.1\n---\nid: b\nnamespace: n\n',
    '# licence\n\n---\nid: c\nnamespace: n\n',
    'id: d\nnamespace: n\n',
  ];
  for (const [index, source] of sources.entries()) await writeFile(join(folder, `${index}.yaml`), source);
  const { api, written } = fakeApi();
  const { flows, mistakes } = await readWanted(api, 'n', folder, false);
  expect(mistakes).toEqual([]);
  expect(flows.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
  await writeNamespace(api, 'n', flows, false);
  expect(splitDocuments(written())).toEqual(sources);
});
