/** The address of a bucket, of any service with an S3 API. */
export interface BucketAddress {
  readonly bucket: string;
  /** Prefix of all object names: "" or a text that ends with "/". */
  readonly prefix: string;
  /** URL of the service, if it is not Amazon's. Its buckets are addressed by path. */
  readonly endpoint?: string;
  readonly region: string;
}

/** Most services other than Amazon's ignore the region. */
const DEFAULT_REGION = "us-east-1";

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PREFIX = /^[\w!.*'()-]+(\/[\w!.*'()-]+)*$/;

/**
 * Reads `s3://bucket/prefix?endpoint=https://s3.example.com&region=eu-west-1`. It has
 * no credentials: the AWS SDK finds them itself.
 *
 * @throws TypeError that names the invalid part and repeats no secret
 */
export function readBucketAddress(text: string, name: string): BucketAddress {
  const form = `${name} to be s3://bucket/prefix?endpoint=...&region=...`;
  const url = URL.parse(text);
  if (url?.protocol !== "s3:") throw new TypeError(`Expected ${form}`);
  if (url.username !== "" || url.password !== "") {
    throw new TypeError(
      `Expected no credentials in ${name}: they are taken from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a file, or the pod's identity`,
    );
  }
  const unknown = [...url.searchParams.keys()].find((key) => !PARAMETERS.has(key));
  if (unknown !== undefined) throw new TypeError(`Expected ${form}, but it has "${unknown}"`);
  const bucket = url.host;
  if (!BUCKET.test(bucket))
    throw new TypeError(`Expected a bucket's name in ${name}, as in ${form}`);
  const prefix = url.pathname.replace(/^\/|\/$/g, "");
  if (prefix !== "" && !PREFIX.test(prefix)) {
    throw new TypeError(`Expected the prefix in ${name} to have letters, digits and - _ . only`);
  }
  const endpoint = url.searchParams.get("endpoint") || undefined;
  if (endpoint !== undefined && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? "")) {
    throw new TypeError(`Expected the endpoint in ${name} to be an http or https URL`);
  }
  return {
    bucket,
    prefix: prefix === "" ? "" : `${prefix}/`,
    region: url.searchParams.get("region") || DEFAULT_REGION,
    ...(endpoint !== undefined && { endpoint }),
  };
}

const PARAMETERS = new Set(["endpoint", "region"]);
