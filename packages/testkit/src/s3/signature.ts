import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { S3Refusal } from './refusal.ts';

/** Who may sign requests. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** Throws unless the headers were signed with the secret (AWS Signature Version 4). The body is checked where it is read. */
export function checkSignature(request: IncomingMessage, { accessKeyId, secretAccessKey }: S3Credentials): void {
  const { authorization = '' } = request.headers;
  const found = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)$/.exec(
    authorization,
  );
  if (found === null) throw new S3Refusal(403, 'AccessDenied', 'Access Denied');
  const [, credential = '', signedHeaders = '', signature] = found;
  const [id, date = '', region = '', service = ''] = credential.split('/');
  if (id !== accessKeyId) throw new S3Refusal(403, 'InvalidAccessKeyId', 'The access key does not exist');
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const canonicalQuery = [...new URLSearchParams(query)]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted()
    .join('&');
  const headers = signedHeaders.split(';').map((name) => `${name}:${[request.headers[name]].flat().join(',').trim()}`);
  const canonical = [
    request.method,
    path,
    canonicalQuery,
    ...headers,
    '',
    signedHeaders,
    request.headers['x-amz-content-sha256'],
  ].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const hash = createHash('sha256').update(canonical).digest('hex');
  const toSign = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, hash].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  if (hmac(key, toSign).toString('hex') !== signature) {
    throw new S3Refusal(403, 'SignatureDoesNotMatch', 'The signature we calculated does not match');
  }
}
