import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';

/** Where a stream goes, and in which pieces. */
interface UploadTarget {
  readonly client: S3Client;
  readonly bucket: string;
  readonly key: string;
  readonly partSize: number;
  readonly partsAtATime: number;
}

/**
 * Puts a stream of any length: in one request when it is short, in parts otherwise. Memory does not grow with it. When
 * the source fails, its error comes out unchanged and no part is left behind; when S3 fails, the source is closed at once.
 *
 * @param ready looks whether the key is free, while the source waits
 * @param tell makes the storage's error of S3's
 * @returns bytes written
 */
export async function uploadStream(
  { client, bucket, key, partSize, partsAtATime }: UploadTarget,
  source: Readable,
  ready: () => Promise<void>,
  tell: (error: unknown) => unknown,
): Promise<number> {
  let written = 0;
  let first: { readonly error: unknown } | undefined;
  const failed = (error: unknown): void => {
    first ??= { error };
  };
  // It may break before anybody reads it, and an error without a listener ends the process.
  source.on('error', failed);
  async function* pieces(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of source as AsyncIterable<Buffer | string>) {
        // Never a normal end: what was read so far would become the file.
        if (first !== undefined) throw first.error;
        const piece = Buffer.from(chunk as string);
        written += piece.byteLength;
        yield piece;
      }
    } catch (error) {
      failed(error);
      throw error;
    }
  }
  // The SDK's uploader goes on with the other parts when one has failed, to the end of the source.
  const watched: S3Client = Object.create(client, {
    send: {
      value: async (command: Parameters<S3Client['send']>[0]) => {
        try {
          return await client.send(command);
        } catch (error) {
          failed(tell(error));
          source.destroy();
          throw error;
        }
      },
    },
  });
  try {
    await ready();
    await new Upload({
      client: watched,
      params: { Bucket: bucket, Key: key, Body: Readable.from(pieces()) },
      partSize,
      queueSize: partsAtATime,
    }).done();
    return written;
  } catch (error) {
    throw first === undefined ? tell(error) : first.error;
  } finally {
    source.destroy();
  }
}
