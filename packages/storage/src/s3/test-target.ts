import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand, ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { ContractSubject } from '../storage.contract.ts';
import { createClient } from './client.ts';
import { createS3Storage } from './s3-storage.ts';
import type { S3Settings } from './settings.ts';

/**
 * A server of one's own to run the suite against, in addition to the one in this process, from the environment:
 *
 *     TIERCEL_TEST_S3_ENDPOINT=http://127.0.0.1:7070 TIERCEL_TEST_S3_BUCKET=tiercel \
 *     TIERCEL_TEST_S3_ACCESS_KEY_ID=… TIERCEL_TEST_S3_SECRET_ACCESS_KEY=… [TIERCEL_TEST_S3_REGION=us-east-1] \
 *     npx vitest run packages/storage
 *
 * The bucket must exist; everything is done below prefixes of random names, which are emptied again. When only some of
 * the variables are set, this throws: nothing is left out silently.
 */
export function externalS3(env: NodeJS.ProcessEnv): S3Settings | undefined {
  const value = (name: string): string => {
    const found = env[`TIERCEL_TEST_S3_${name}`];
    if (found === undefined || found === '') throw new Error(`TIERCEL_TEST_S3_${name} is missing`);
    return found;
  };
  if (!Object.keys(env).some((name) => name.startsWith('TIERCEL_TEST_S3_'))) return undefined;
  return {
    endpoint: value('ENDPOINT'),
    bucket: value('BUCKET'),
    accessKeyId: value('ACCESS_KEY_ID'),
    secretAccessKey: value('SECRET_ACCESS_KEY'),
    region: env['TIERCEL_TEST_S3_REGION'] ?? 'us-east-1',
  };
}

/** An empty storage below a prefix of its own. Removing it fails when a multipart upload was left behind. */
export function contractSubject(server: S3Settings): ContractSubject {
  const settings: S3Settings = { ...server, prefix: `test-${randomUUID()}/nested` };
  return { storage: createS3Storage(settings), remove: () => removeAll(settings) };
}

async function removeAll(settings: S3Settings): Promise<void> {
  const client = createClient(settings);
  try {
    const at = { Bucket: settings.bucket, Prefix: settings.prefix };
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand(at));
    const left = Uploads.filter(({ Key }) => Key?.startsWith(settings.prefix ?? ''));
    for (;;) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command(at));
      if (Contents.length === 0) break;
      // Last ones first: servers over a file system keep a directory while something is in it.
      for (const { Key } of Contents.toReversed()) {
        await client.send(new DeleteObjectCommand({ Bucket: settings.bucket, Key }));
      }
    }
    if (left.length > 0) throw new Error(`left behind: ${left.length} multipart uploads`);
  } finally {
    client.destroy();
  }
}
