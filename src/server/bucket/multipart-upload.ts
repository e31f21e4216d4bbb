import type { CompletedPart, S3Client } from "@aws-sdk/client-s3";

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
  blocks: AsyncIterable<Uint8Array>,
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
    for await (const Body of parts(blocks)) {
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

/** The same bytes in blocks of a part's size; the last one is what is left. */
async function* parts(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let part = new Uint8Array(PART);
  let used = 0;
  for await (const block of blocks) {
    for (let at = 0; at < block.length; ) {
      const taken = block.subarray(at, at + PART - used);
      part.set(taken, used);
      used += taken.length;
      at += taken.length;
      if (used < PART) continue;
      yield part;
      part = new Uint8Array(PART);
      used = 0;
    }
  }
  if (used > 0) yield part.subarray(0, used);
}
