import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { Incoming, ObjectFolder, StoredObject } from './objects.ts';
import { S3Refusal } from './refusal.ts';
import { textsOf, xml } from './xml.ts';

/** One request to one bucket. */
export interface S3Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly folder: ObjectFolder;
  readonly bucket: string;
  /** Empty for the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
}

const quoted = (etag: string): string => `"${etag}"`;
const timeOf = ({ modified }: StoredObject): string => new Date(modified).toISOString();

function answerXml({ response }: S3Call, root: Parameters<typeof xml>[0]): void {
  response.setHeader('Content-Type', 'application/xml');
  response.end(xml(root));
}

/** The body of a request with the hash that was signed for it. */
function incoming({ request }: S3Call): Incoming {
  const hash = request.headers['x-amz-content-sha256'];
  if (typeof hash === 'string' && hash.startsWith('STREAMING-')) {
    throw new S3Refusal(501, 'NotImplemented', 'Bodies with checksums behind them are not understood');
  }
  return { body: request, ...(typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash) && { sha256: hash }) };
}

/** The source of a copy. */
function sourceOf({ request, folder, bucket }: S3Call): StoredObject | undefined {
  const header = request.headers['x-amz-copy-source'];
  if (typeof header !== 'string') return undefined;
  const [from, ...key] = decodeURIComponent(header).replace(/^\//, '').split('/');
  if (from !== bucket) throw new S3Refusal(404, 'NoSuchBucket', 'The source is in another bucket');
  return folder.get(key.join('/'));
}

/** Answers a request for a bucket or an object. */
export async function perform(call: S3Call): Promise<void> {
  const { request, key, query } = call;
  const kind = `${request.method} ${key === '' ? 'bucket' : 'object'}`;
  switch (kind) {
    case 'GET bucket':
      return query.has('uploads') ? listUploads(call) : listObjects(call);
    case 'HEAD bucket':
      call.response.end();
      return;
    case 'POST bucket':
      return deleteObjects(call);
    case 'GET object':
    case 'HEAD object':
      return getObject(call);
    case 'PUT object':
      return query.has('uploadId') ? putPart(call) : putObject(call);
    case 'DELETE object':
      await (query.has('uploadId') ? call.folder.abort(query.get('uploadId') ?? '') : call.folder.delete(key));
      call.response.writeHead(204).end();
      return;
    case 'POST object':
      return query.has('uploads') ? begin(call) : complete(call);
    default:
      throw new S3Refusal(501, 'NotImplemented', `${kind} is not implemented`);
  }
}

function listObjects(call: S3Call): void {
  const { folder, query } = call;
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const max = Math.min(Number(query.get('max-keys') ?? 1000), 1000);
  const encode = query.get('encoding-type') === 'url';
  // As S3 does: a blank becomes a plus, a slash stays.
  const name = (text: string): string =>
    encode ? encodeURIComponent(text).replaceAll('%20', '+').replaceAll('%2F', '/') : text;
  const after = Buffer.from(query.get('continuation-token') ?? '', 'base64url').toString();
  const objects: StoredObject[] = [];
  const prefixes: string[] = [];
  let last = after;
  let isTruncated = false;
  for (const object of folder.from(after > prefix ? after : prefix)) {
    if (!object.key.startsWith(prefix)) break;
    const cut = delimiter === '' ? -1 : object.key.indexOf(delimiter, prefix.length);
    const shown = cut === -1 ? object.key : object.key.slice(0, cut + delimiter.length);
    // Shown on the page before; `after` may be a whole directory.
    if (after !== '' && (shown === after || (cut !== -1 && after.startsWith(shown)))) continue;
    if (prefixes.at(-1) === shown) continue;
    if (objects.length + prefixes.length === max) {
      isTruncated = true;
      break;
    }
    if (cut === -1) objects.push(object);
    else prefixes.push(shown);
    last = shown;
  }
  answerXml(call, {
    ListBucketResult: {
      IsTruncated: isTruncated,
      KeyCount: objects.length + prefixes.length,
      EncodingType: encode ? 'url' : undefined,
      NextContinuationToken: isTruncated ? Buffer.from(last).toString('base64url') : undefined,
      Contents: objects.map((object) => ({
        Key: name(object.key),
        Size: object.size,
        ETag: quoted(object.etag),
        LastModified: timeOf(object),
      })),
      CommonPrefixes: prefixes.map((one) => ({ Prefix: name(one) })),
    },
  });
}

function listUploads(call: S3Call): void {
  const { uploads } = call.folder;
  answerXml(call, {
    ListMultipartUploadsResult: {
      IsTruncated: false,
      Upload: uploads.map(({ id, key }) => ({ Key: key, UploadId: id })),
    },
  });
}

async function getObject({ request, response, folder, key }: S3Call): Promise<void> {
  const object = folder.get(key);
  response.setHeader('ETag', quoted(object.etag));
  response.setHeader('Last-Modified', new Date(object.modified).toUTCString());
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = Number(range?.[1] ?? 0);
  const end = Math.min(range?.[2] === undefined || range[2] === '' ? Infinity : Number(range[2]), object.size - 1);
  if (range !== null) {
    if (start >= object.size) throw new S3Refusal(416, 'InvalidRange', 'The requested range is not satisfiable');
    response.statusCode = 206;
    response.setHeader('Content-Range', `bytes ${start}-${end}/${object.size}`);
  }
  response.setHeader('Content-Length', end - start + 1);
  if (request.method === 'HEAD') response.end();
  else await pipeline(folder.read(object, start, end), response);
}

async function putObject(call: S3Call): Promise<void> {
  const { folder, key, response } = call;
  const source = sourceOf(call);
  const object = await folder.put(key, source === undefined ? incoming(call) : { body: folder.read(source) });
  if (source !== undefined) {
    answerXml(call, { CopyObjectResult: { ETag: quoted(object.etag), LastModified: timeOf(object) } });
    return;
  }
  response.setHeader('ETag', quoted(object.etag));
  response.end();
}

async function putPart(call: S3Call): Promise<void> {
  const { folder, query, request, response } = call;
  const [id, number] = [query.get('uploadId') ?? '', Number(query.get('partNumber'))];
  const source = sourceOf(call);
  if (source === undefined) {
    const part = await folder.putPart(id, number, incoming(call));
    response.setHeader('ETag', quoted(part.etag));
    response.end();
    return;
  }
  const range = /^bytes=(\d+)-(\d+)$/.exec(String(request.headers['x-amz-copy-source-range'] ?? ''));
  const body = range === null ? folder.read(source) : folder.read(source, Number(range[1]), Number(range[2]));
  const part = await folder.putPart(id, number, { body });
  answerXml(call, { CopyPartResult: { ETag: quoted(part.etag), LastModified: timeOf(part) } });
}

function begin(call: S3Call): void {
  const UploadId = call.folder.begin(call.key);
  answerXml(call, { InitiateMultipartUploadResult: { Key: call.key, UploadId } });
}

async function complete(call: S3Call): Promise<void> {
  const numbers = textsOf(await text(call.request), 'PartNumber').map(Number);
  const object = await call.folder.complete(call.query.get('uploadId') ?? '', numbers);
  answerXml(call, { CompleteMultipartUploadResult: { Key: call.key, ETag: quoted(object.etag) } });
}

async function deleteObjects(call: S3Call): Promise<void> {
  if (call.request.headers['content-md5'] === undefined) {
    throw new S3Refusal(400, 'InvalidRequest', 'Missing required header for this request: Content-MD5');
  }
  const keys = textsOf(await text(call.request), 'Key');
  if (keys.length > 1000) throw new S3Refusal(400, 'MalformedXML', 'More than 1,000 objects');
  for (const key of keys) await call.folder.delete(key);
  answerXml(call, { DeleteResult: {} });
}
