import type { CompletedPart, S3Client } from "@aws-sdk/client-s3";
import { blocks } from "../../app/multipart/chunks.ts";

/** Bytes of a part. S3 takes 5 MiB or more, all of them alike but the last, and 10,000 parts. */
const PART = 8 * 2 ** 20;

export interface UploadTarget {
  readonly sdk: typeof import("@aws-sdk/client-s3");
  readonly client: S3Client;
  readonly object: { readonly Bucket: string; readonly Key: string };
  /** Milliseconds that each call may take. */
  readonly timeout: number;
}

/** Writes an object of one byte or more, with one part in memory at a time. */
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
