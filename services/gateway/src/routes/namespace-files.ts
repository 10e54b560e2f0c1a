import type { Request, Response } from 'express';
import { ApiError, fileToJson } from '@tiercel/contracts';
import { isBelow, namespaceFile, namespaceFilesRoot, type StoredEntry } from '@tiercel/storage';
import type { RouteDeps } from '../deps.ts';
import { sendFile } from '../http/download.ts';
import { attachment, namespaceParam, sendEmpty, sendJson } from '../http/answers.ts';
import { queryOf } from '../http/query.ts';
import { route, type Route } from '../http/routing.ts';
import { readForm, type FilePart } from '../http/uploads.ts';
import { storeZip, writeZip } from '../zip.ts';

const ANY = ['application/octet-stream', 'application/json', 'text/plain'];
/** Most paths that a search answers. */
const MAX_FOUND = 10_000;

/** Files of a namespace: rest-api.md §9.3. Everything below `/_flows` is refused. */
export function namespaceFileRoutes(deps: RouteDeps): readonly Route[] {
  const { storage, tenant } = deps;
  const at = '/namespaces/:namespace/files';
  return [
    route('GET', at, async (req, res) => sendFile(req, res, storage, tenant, await findFile(deps, req)), {
      produces: ANY,
    }),
    route('GET', `${at}/search`, (req, res) => search(deps, req, res)),
    route('GET', `${at}/stats`, async (req, res) => sendJson(res, fileToJson(await stats(deps, req)))),
    route('GET', `${at}/directory`, (req, res) => listDirectory(deps, req, res)),
    route('POST', `${at}/directory`, async (req, res) => {
      await storage.makeDirectory(tenant, storagePath(req, queryOf(req).required('path')));
      sendEmpty(res);
    }),
    route('POST', at, (req, res) => upload(deps, req, res)),
    route('PUT', at, async (req, res) => {
      const query = queryOf(req);
      const from = storagePath(req, query.required('from'));
      const to = storagePath(req, query.required('to'));
      if (isBelow(to, from))
        throw new ApiError('illegalArgument', `A directory cannot be moved into itself: ${query.text('to')}`);
      await existing(deps, from, query.required('from'));
      await storage.move(tenant, from, to);
      sendEmpty(res);
    }),
    route('DELETE', at, (req, res) => remove(deps, req, res)),
    route('GET', `${at}/export`, (req, res) => exportAll(deps, req, res), { produces: ANY }),
  ];
}

/** A path inside a namespace as it is stored; forbidden and malformed ones are 422. */
function storagePath(req: Request, path: string): string {
  const namespace = namespaceParam(req);
  const inside = `/${path.replace(/^\/+/, '').replace(/\/+$/, '')}`;
  if (inside === '/_flows' || inside.startsWith('/_flows/'))
    throw new ApiError('illegalArgument', `Forbidden path: ${path}`);
  return inside === '/' ? namespaceFilesRoot(namespace) : namespaceFile(namespace, inside);
}

async function existing({ storage, tenant }: RouteDeps, path: string, shown: string): Promise<StoredEntry> {
  const entry = await storage.stat(tenant, path);
  if (entry === undefined) throw new ApiError('notFound', shown);
  return entry;
}

async function findFile(deps: RouteDeps, req: Request): Promise<StoredEntry> {
  const path = queryOf(req).required('path');
  const entry = await existing(deps, storagePath(req, path), path);
  if (entry.type !== 'File') throw new ApiError('notFound', path);
  return entry;
}

/** Path of a stored file inside its namespace, with a leading slash. */
const insideOf = (entry: StoredEntry, root: string): string => entry.path.slice(root.length);

async function search({ storage, tenant }: RouteDeps, req: Request, res: Response): Promise<void> {
  const q = queryOf(req).required('q');
  const root = namespaceFilesRoot(namespaceParam(req));
  const found: string[] = [];
  for await (const entry of storage.walk(tenant, root)) {
    const path = insideOf(entry, root);
    if (path.includes(q)) found.push(path);
    if (found.length >= MAX_FOUND || res.destroyed) break;
  }
  sendJson(res, found);
}

/** No path: the root, which is created if need be. */
async function stats(deps: RouteDeps, req: Request): Promise<StoredEntry> {
  const path = queryOf(req).text('path') ?? '/';
  const stored = storagePath(req, path);
  const root = namespaceFilesRoot(namespaceParam(req));
  if (stored === root && (await deps.storage.stat(deps.tenant, root)) === undefined) {
    await deps.storage.makeDirectory(deps.tenant, root);
  }
  return existing(deps, stored, path);
}

async function listDirectory({ storage, tenant }: RouteDeps, req: Request, res: Response): Promise<void> {
  const path = queryOf(req).text('path') ?? '/';
  const stored = storagePath(req, path);
  const entries = await storage.list(tenant, stored);
  if (entries === undefined && stored !== namespaceFilesRoot(namespaceParam(req))) throw new ApiError('notFound', path);
  sendJson(res, (entries ?? []).map(fileToJson));
}

/** A part whose filename ends in `.zip` is unpacked at the root, whatever `path` says. */
async function upload(deps: RouteDeps, req: Request, res: Response): Promise<void> {
  const { storage, tenant, config } = deps;
  const path = queryOf(req).required('path');
  const sink = {
    async store({ field, fileName, content }: FilePart): Promise<readonly string[]> {
      if (field !== 'fileContent')
        throw new ApiError('illegalArgument', `Unknown part '${field}': the file's part is 'fileContent'`);
      if (fileName.toLowerCase().endsWith('.zip')) {
        return storeZip(storage, tenant, content, (name) => storagePath(req, name));
      }
      const target = storagePath(req, path);
      await storage.put(tenant, target, content);
      return [target];
    },
    // A file that stood there before is overwritten by then; only the request is refused.
    discard: () => Promise.resolve(),
  };
  const form = await readForm(req, res, sink, { fileSize: config.uploadLimit, fieldSize: config.jsonLimit });
  if (form.files.length === 0) throw new ApiError('missingBody', 'Required Part [fileContent] not specified');
  sendEmpty(res);
}

/** Parents that become empty go, too. */
async function remove({ storage, tenant }: RouteDeps, req: Request, res: Response): Promise<void> {
  const path = storagePath(req, queryOf(req).required('path'));
  const root = namespaceFilesRoot(namespaceParam(req));
  await storage.delete(tenant, path);
  for (let parent = parentOf(path); isBelow(parent, root) && parent !== root; parent = parentOf(parent)) {
    const children = await storage.list(tenant, parent);
    if (children === undefined || children.length > 0) break;
    await storage.delete(tenant, parent);
  }
  sendEmpty(res);
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

/** A zip of the files, and of each flow as `_flows/<id>.yml`. */
async function exportAll({ storage, tenant, flowStore }: RouteDeps, req: Request, res: Response): Promise<void> {
  const namespace = namespaceParam(req);
  const root = namespaceFilesRoot(namespace);
  const flows = await flowStore.list(tenant, namespace);
  res.statusCode = 200;
  res.setHeader('Content-Type', 'application/octet-stream');
  attachment(res, `${namespace}_files.zip`);
  if (req.method === 'HEAD') {
    res.end();
    return;
  }
  await writeZip(res, async function* entries() {
    for await (const entry of storage.walk(tenant, root)) {
      yield { name: insideOf(entry, root).slice(1), content: () => storage.get(tenant, entry.path) };
    }
    for (const flow of flows) yield { name: `_flows/${flow.id}.yml`, content: flow.source };
  });
}
