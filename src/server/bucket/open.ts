import type { Logger } from "pino";
import type { BucketAddress } from "./address.ts";
import { Bucket, type BucketTimeouts, misconfiguration } from "./bucket.ts";

/** The bucket will not work until its settings are changed. */
export class BucketUnusable extends Error {
  override readonly name = "BucketUnusable";
}

/**
 * Opens a bucket and checks it. If it cannot be reached now, the server starts all the same, since it may
 * be reachable later.
 *
 * @throws BucketUnusable if there is no such bucket, or the credentials may not use it
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
