import type { S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import type { CosalError } from "../../errors.ts";
import { storeFull, storeUnavailable } from "../../group/index.ts";
import { loadOptional } from "../../optional-package.ts";
import type { BucketAddress } from "./address.ts";
import { uploadInParts } from "./multipart-upload.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** An object and when it was written, in milliseconds since 1970. */
export interface BucketObject {
  readonly bytes: Bytes;
  readonly written: number;
  /** Names this version of it. */
  readonly tag: string | undefined;
}

/** Milliseconds that a call may take, attempts and pauses between them included. */
export interface BucketTimeouts {
  readonly read: number;
  readonly write: number;
  /** The look whether it can be reached: those who ask for readiness do not wait for long. */
  readonly check: number;
}

const TIMEOUTS: BucketTimeouts = { read: 3_000, write: 10_000, check: 800 };
const CONNECTION_TIMEOUT = 2_000;

/** The first and two more, with pauses that grow: what the service answers 500, 503 and 429. */
const ATTEMPTS = 3;

/** Objects that are removed by one call. */
const PAGE = 1000;

/** What services that speak S3 call a bucket that takes no more. */
const FULL = new Set(["QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "StorageFull"]);

/**
 * A bucket, through the AWS SDK (an optional package): the one client that takes credentials from the
 * environment, from a file and from the identity of a pod, and renews them. Names of objects are
 * relative to the address' prefix.
 */
export class Bucket {
  readonly #client: S3Client;
  readonly #sdk: typeof import("@aws-sdk/client-s3");
  readonly #address: BucketAddress;
  readonly #timeouts: BucketTimeouts;

  private constructor(
    sdk: typeof import("@aws-sdk/client-s3"),
    address: BucketAddress,
    timeouts: BucketTimeouts,
  ) {
    const { endpoint, region } = address;
    this.#timeouts = timeouts;
    this.#sdk = sdk;
    this.#address = address;
    this.#client = new sdk.S3Client({
      region,
      ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
      maxAttempts: ATTEMPTS,
      requestHandler: { connectionTimeout: CONNECTION_TIMEOUT },
      // Values have a digest of their own, and not every service knows the SDK's newer checksums.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    });
  }

  /** @throws CosalError backend_unavailable if the SDK is not installed */
  static async open(address: BucketAddress, timeouts = TIMEOUTS): Promise<Bucket> {
    const sdk = await loadOptional("@aws-sdk/client-s3", () => import("@aws-sdk/client-s3"));
    return new Bucket(sdk, address, timeouts);
  }

  /** @throws S3ServiceException or an error of the network */
  async get(name: string): Promise<BucketObject | undefined> {
    const { GetObjectCommand } = this.#sdk;
    const abortSignal = AbortSignal.timeout(this.#timeouts.read);
    try {
      const found = await this.#client.send(new GetObjectCommand(this.#object(name)), {
        abortSignal,
      });
      // The signal reaches no further than the headers.
      const body = await within(abortSignal, found.Body?.transformToByteArray());
      return {
        bytes: (body ?? new Uint8Array()) as Bytes,
        written: found.LastModified?.getTime() ?? 0,
        tag: found.ETag,
      };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  /** An object's bytes as they arrive; undefined when there is none. */
  async read(name: string): Promise<AsyncGenerator<Uint8Array> | undefined> {
    const { GetObjectCommand } = this.#sdk;
    const { read } = this.#timeouts;
    try {
      const command = new GetObjectCommand(this.#object(name));
      const { Body } = await this.#client.send(command, { abortSignal: AbortSignal.timeout(read) });
      return Body && blocksOf(Body.transformToWebStream(), read);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  /** When an object was written; undefined when there is none. */
  async written(name: string): Promise<number | undefined> {
    const { HeadObjectCommand } = this.#sdk;
    try {
      const found = await this.#client.send(new HeadObjectCommand(this.#object(name)), {
        abortSignal: AbortSignal.timeout(this.#timeouts.read),
      });
      return found.LastModified?.getTime() ?? 0;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  /** Names below a prefix, folder by folder: those of one folder follow each other, then its folders. */
  async *list(prefix: string): AsyncGenerator<string> {
    const { ListObjectsV2Command } = this.#sdk;
    const folders: string[] = [];
    let page: string | undefined;
    do {
      const command = new ListObjectsV2Command({
        Bucket: this.#address.bucket,
        Prefix: this.#address.prefix + prefix,
        Delimiter: "/",
        MaxKeys: PAGE,
        ContinuationToken: page,
      });
      const found = await this.#client.send(command, {
        abortSignal: AbortSignal.timeout(this.#timeouts.write),
      });
      for (const { Key = "" } of found.Contents ?? []) yield this.#relative(Key);
      for (const { Prefix = "" } of found.CommonPrefixes ?? [])
        folders.push(this.#relative(Prefix));
      page = found.NextContinuationToken;
    } while (page !== undefined);
    for (const folder of folders) yield* this.list(folder);
  }

  async put(name: string, bytes: Bytes, type = "application/octet-stream"): Promise<void> {
    const { PutObjectCommand } = this.#sdk;
    const command = new PutObjectCommand({
      ...this.#object(name),
      Body: bytes,
      ContentType: type,
    });
    await this.#client.send(command, { abortSignal: AbortSignal.timeout(this.#timeouts.write) });
  }

  /** Writes an object of one byte or more, whose length need not be known. */
  async write(name: string, blocks: AsyncIterable<Uint8Array>, type: string): Promise<void> {
    const timeout = this.#timeouts.write;
    const target = { sdk: this.#sdk, client: this.#client, object: this.#object(name), timeout };
    await uploadInParts(target, blocks, type);
  }

  /** @param tag removes the object only if it is still this version of it */
  async delete(name: string, tag?: string): Promise<void> {
    const { DeleteObjectCommand } = this.#sdk;
    const command = new DeleteObjectCommand({
      ...this.#object(name),
      ...(tag !== undefined && { IfMatch: tag }),
    });
    await this.#client.send(command, { abortSignal: AbortSignal.timeout(this.#timeouts.write) });
  }

  /** Removes all objects whose names begin with a prefix. */
  async deleteAll(prefix: string): Promise<void> {
    const { DeleteObjectsCommand, ListObjectsV2Command } = this.#sdk;
    const { bucket: Bucket } = this.#address;
    for (;;) {
      const list = new ListObjectsV2Command({
        Bucket,
        Prefix: this.#address.prefix + prefix,
        MaxKeys: PAGE,
      });
      const { Contents = [] } = await this.#client.send(list, {
        abortSignal: AbortSignal.timeout(this.#timeouts.write),
      });
      if (Contents.length === 0) return;
      const Objects = Contents.map(({ Key }) => ({ Key }));
      const removal = new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } });
      const { Errors = [] } = await this.#client.send(removal, {
        abortSignal: AbortSignal.timeout(this.#timeouts.write),
      });
      const [first] = Errors;
      if (first !== undefined) throw new Error(`${first.Code}: ${first.Message}`);
    }
  }

  /** Whether it can be reached, and may be. */
  async check(): Promise<void> {
    const { HeadBucketCommand } = this.#sdk;
    await this.#client.send(new HeadBucketCommand({ Bucket: this.#address.bucket }), {
      abortSignal: AbortSignal.timeout(this.#timeouts.check),
    });
  }

  close(): void {
    this.#client.destroy();
  }

  #relative(key: string): string {
    return key.slice(this.#address.prefix.length);
  }

  #object(name: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#address.bucket, Key: this.#address.prefix + name };
  }
}

/** What an error of the bucket means to who has to keep something. */
export function bucketError(error: unknown): CosalError {
  return isFull(error) ? storeFull(error) : storeUnavailable(error);
}

function isFull(error: unknown): boolean {
  const { name, $metadata } = error as Partial<S3ServiceException>;
  return FULL.has(name ?? "") || $metadata?.httpStatusCode === 507;
}

/** A bucket that is not there is no object that is not there. */
function isAbsent(error: unknown): boolean {
  const { name, $metadata } = error as Partial<S3ServiceException>;
  return name !== "NoSuchBucket" && $metadata?.httpStatusCode === 404;
}

/** Why a bucket cannot be used at all, in words, where waiting would not help. */
export function misconfiguration(error: unknown, { bucket }: BucketAddress): string | undefined {
  const { name, $metadata } = error as Partial<S3ServiceException>;
  const status = $metadata?.httpStatusCode;
  if (status === 404) return `There is no bucket "${bucket}" there.`;
  if (status === 403) return `The credentials may not use the bucket "${bucket}".`;
  if (status === 301)
    return `The bucket "${bucket}" is in another region: say which, with ?region=`;
  if (name === "CredentialsProviderError") {
    return "No credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_SHARED_CREDENTIALS_FILE, or give the pod a role (AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE).";
  }
  return undefined;
}

/** @param timeout milliseconds that each block may take */
async function* blocksOf(
  body: ReadableStream<Uint8Array>,
  timeout: number,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const found = await within(AbortSignal.timeout(timeout), reader.read());
      if (found === undefined || found.done) return;
      yield found.value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function within<T>(signal: AbortSignal, work: Promise<T> | undefined): Promise<T | undefined> {
  if (work === undefined) return Promise.resolve(undefined);
  const late = Promise.withResolvers<never>();
  const abort = () => late.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  return Promise.race([work, late.promise]).finally(() =>
    signal.removeEventListener("abort", abort),
  );
}
