import type { S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import type { CosalError } from "../../errors.ts";
import { storeFull, storeUnavailable } from "../../group/index.ts";
import { loadOptional } from "../../optional-package.ts";
import type { BucketAddress } from "./address.ts";
import { uploadInParts } from "./multipart-upload.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** An object of the bucket. */
export interface BucketObject {
  readonly bytes: Bytes;
  /** Milliseconds since 1970. */
  readonly written: number;
  /** ETag of this version. */
  readonly tag: string | undefined;
}

/** Timeouts of calls in milliseconds, including all attempts and the delays between them. */
export interface BucketTimeouts {
  readonly read: number;
  readonly write: number;
  /** Of the readiness check, which callers wait for. */
  readonly check: number;
}

const TIMEOUTS: BucketTimeouts = { read: 3_000, write: 10_000, check: 800 };
const CONNECTION_TIMEOUT = 2_000;

/** Attempts of a call, with growing delays. The SDK retries after 500, 503 and 429. */
const ATTEMPTS = 3;

/** Maximum objects that one call can delete. */
const PAGE = 1000;

/** Error names of S3 services for a bucket that is full. */
const FULL = new Set(["QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "StorageFull"]);

/**
 * A bucket, used through the AWS SDK (an optional package). The SDK finds credentials in the environment,
 * in a file or in the identity of a pod, and renews them. Object names are relative to the prefix of the
 * address.
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
      // Not every service supports the SDK's newer checksums. Values have their own digest anyway.
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
      // The abort signal only covers the headers, so the body needs its own timeout.
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

  /** Reads an object as a stream. Undefined if it does not exist. */
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

  /** When an object was written, in milliseconds since 1970. Undefined if it does not exist. */
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

  /** Names below a prefix. The objects of a folder come first, then those of the folders in it. */
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

  /** Writes an object from a stream of unknown length, with one byte or more. */
  async write(name: string, blocks: AsyncIterable<Uint8Array>, type: string): Promise<void> {
    const timeout = this.#timeouts.write;
    const target = { sdk: this.#sdk, client: this.#client, object: this.#object(name), timeout };
    await uploadInParts(target, blocks, type);
  }

  /** @param tag deletes the object only if it still has this ETag */
  async delete(name: string, tag?: string): Promise<void> {
    const { DeleteObjectCommand } = this.#sdk;
    const command = new DeleteObjectCommand({
      ...this.#object(name),
      ...(tag !== undefined && { IfMatch: tag }),
    });
    await this.#client.send(command, { abortSignal: AbortSignal.timeout(this.#timeouts.write) });
  }

  /** Deletes all objects below a prefix. */
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

  /** Checks that the bucket can be reached, and that the credentials may use it. */
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

/** The error code for callers whose value could not be read or stored. */
export function bucketError(error: unknown): CosalError {
  return isFull(error) ? storeFull(error) : storeUnavailable(error);
}

function isFull(error: unknown): boolean {
  const { name, $metadata } = error as Partial<S3ServiceException>;
  return FULL.has(name ?? "") || $metadata?.httpStatusCode === 507;
}

/** Whether the object does not exist. If the bucket does not exist, the status is 404 too. */
function isAbsent(error: unknown): boolean {
  const { name, $metadata } = error as Partial<S3ServiceException>;
  return name !== "NoSuchBucket" && $metadata?.httpStatusCode === 404;
}

/** Why the bucket will not work until its settings are changed. Undefined for other errors. */
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

/** @param timeout maximum milliseconds between two blocks */
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
