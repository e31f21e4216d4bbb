import type { Logger } from "pino";
import type { BucketAddress } from "./address.ts";
import { Bucket, type BucketTimeouts, misconfiguration } from "./bucket.ts";

/** A bucket that will not be usable later either. */
export class BucketUnusable extends Error {
  override readonly name = "BucketUnusable";
}

/**
 * A bucket, and a first look at it. One that cannot be reached now may be in a moment: the server
 * starts without it.
 *
 * @throws BucketUnusable when there is no such bucket, or the credentials may not use it
 */
export async function openBucket(
  address: BucketAddress,
  logger: Logger,
  timeouts?: BucketTimeouts,
): Promise<Bucket> {
  const bucket = await Bucket.open(address, timeouts);
  try {
    await bucket.check();
  } catch (error) {
    const reason = misconfiguration(error, address);
    if (reason !== undefined) throw new BucketUnusable(reason, { cause: error });
    logger.warn({ bucket: address.bucket, error }, "bucket not reached");
  }
  return bucket;
}
