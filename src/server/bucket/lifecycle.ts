import { RETENTION, type Retention } from "../../stores/retention.ts";
import type { BucketAddress } from "./address.ts";

const DAY = 24 * 3_600_000;

/**
 * The bucket's lifecycle rules, as `aws s3api put-bucket-lifecycle-configuration` and every service
 * that speaks S3 take them: what is too old goes, and uploads that were never finished.
 */
export function lifecycleRules(
  { prefix }: Pick<BucketAddress, "prefix">,
  retention: Retention = RETENTION,
): object {
  const Rules = Object.entries(retention).map(([kind, milliseconds]) => ({
    ID: `cosal ${prefix}${kind}`,
    Status: "Enabled",
    Filter: { Prefix: `${prefix}${kind}/` },
    // Rules count in whole days. What is older is not read any more, whenever it is deleted.
    Expiration: { Days: Math.ceil(milliseconds / DAY) },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  }));
  return { Rules };
}
