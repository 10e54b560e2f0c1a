import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { copySource } from './keys.ts';

/** Copies an object within its bucket, on the server. A large one goes in parts: one request copies 5 GiB at most. */
export async function copyObject(
  client: S3Client,
  bucket: string,
  from: { readonly key: string; readonly size: number },
  to: string,
  partSize: number,
): Promise<void> {
  const CopySource = copySource(bucket, from.key);
  const target = { Bucket: bucket, Key: to };
  if (from.size <= partSize) {
    await client.send(new CopyObjectCommand({ ...target, CopySource }));
    return;
  }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
  try {
    const Parts: CompletedPart[] = [];
    for (let start = 0; start < from.size; start += partSize) {
      const CopySourceRange = `bytes=${start}-${Math.min(start + partSize, from.size) - 1}`;
      const PartNumber = Parts.length + 1;
      const part = { ...target, UploadId, PartNumber, CopySource, CopySourceRange };
      const { CopyPartResult } = await client.send(new UploadPartCopyCommand(part));
      Parts.push({ PartNumber, ETag: CopyPartResult?.ETag });
    }
    await client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }));
  } catch (error) {
    // When this fails too, the first error says more, and the bucket's own rule for unfinished uploads removes the parts.
    await Promise.allSettled([client.send(new AbortMultipartUploadCommand({ ...target, UploadId }))]);
    throw error;
  }
}
