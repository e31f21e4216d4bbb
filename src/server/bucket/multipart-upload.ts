import type { CompletedPart, S3Client } from "@aws-sdk/client-s3";
import { blocks } from "../../app/multipart/chunks.ts";

/** Bytes of a part. S3 accepts up to 10,000 parts of 5 MiB or more. Only the last may be smaller. */
const PART = 8 * 2 ** 20;

export interface UploadTarget {
  readonly sdk: typeof import("@aws-sdk/client-s3");
  readonly client: S3Client;
  readonly object: { readonly Bucket: string; readonly Key: string };
  /** Timeout of each call in milliseconds. */
  readonly timeout: number;
}

/** Writes an object with one byte or more. Only one part is in memory at a time. */
export async function uploadInParts(
  { sdk, client, object, timeout }: UploadTarget,
  bytes: AsyncIterable<Uint8Array>,
  type: string,
): Promise<void> {
  const {
    AbortMultipartUploadCommand,
    CompleteMultipartUploadCommand,
    CreateMultipartUploadCommand,
    UploadPartCommand,
  } = sdk;
  const limited = () => ({ abortSignal: AbortSignal.timeout(timeout) });
  const creation = new CreateMultipartUploadCommand({ ...object, ContentType: type });
  const { UploadId } = await client.send(creation, limited());
  const upload = { ...object, UploadId };
  try {
    const Parts: CompletedPart[] = [];
    for await (const Body of blocks(bytes, PART)) {
      const PartNumber = Parts.length + 1;
      const part = new UploadPartCommand({ ...upload, PartNumber, Body });
      const { ETag } = await client.send(part, limited());
      Parts.push({ PartNumber, ETag });
    }
    const completion = new CompleteMultipartUploadCommand({
      ...upload,
      MultipartUpload: { Parts },
    });
    await client.send(completion, limited());
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand(upload), limited()).catch(() => {});
    throw error;
  }
}
