import { RETENTION, type Retention } from "../../stores/retention.ts";
import type { BucketAddress } from "./address.ts";

const DAY = 24 * 3_600_000;

/**
 * The bucket's lifecycle rules, in the format of `aws s3api put-bucket-lifecycle-configuration`. They
 * delete expired values and unfinished uploads.
 */
export function lifecycleRules(
  { prefix }: Pick<BucketAddress, "prefix">,
  retention: Retention = RETENTION,
): object {
  const Rules = Object.entries(retention).map(([kind, milliseconds]) => ({
    ID: `cosal ${prefix}${kind}`,
    Status: "Enabled",
    Filter: { Prefix: `${prefix}${kind}/` },
    // Rules count whole days, so objects may outlive their values. Expired values are not read.
    Expiration: { Days: Math.ceil(milliseconds / DAY) },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  }));
  return { Rules };
}
