import { describe, expect, it } from "vitest";
import { RETENTION } from "../../stores/retention.ts";
import { readBucketAddress } from "./address.ts";
import { lifecycleRules } from "./lifecycle.ts";

const read = (text: string) => readBucketAddress(text, "COSAL_STORE");

describe("a bucket's address", () => {
  it("is a bucket, and a prefix, an endpoint and a region where they are wanted", () => {
    expect(read("s3://masks")).toEqual({ bucket: "masks", prefix: "", region: "us-east-1" });
    const all = "s3://masks/a/b/?endpoint=https://s3.example.com:9000&region=auto";
    expect(read(all)).toEqual({
      ...{ bucket: "masks", prefix: "a/b/", region: "auto" },
      endpoint: "https://s3.example.com:9000",
    });
  });

  it.each([
    ["masks", "s3://bucket/prefix"],
    ["https://masks", "s3://bucket/prefix"],
    ["s3://", "bucket's name"],
    ["s3://MASKS_", "bucket's name"],
    ["s3://masks/a b", "prefix"],
    ["s3://masks?endpoint=s3.example.com", "http or https URL"],
    ["s3://masks?secret=x", '"secret"'],
  ])("is not %s", (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it("has no credentials in it, and repeats none", () => {
    expect(() => read("s3://key:hidden@masks")).toThrow("AWS_ACCESS_KEY_ID");
    expect(() => read("s3://key:hidden@masks")).not.toThrow("hidden");
  });
});

it("the lifecycle rules delete each kind once it is not read any more", () => {
  expect(lifecycleRules({ prefix: "a/" }, { ...RETENTION, inputs: 25 * 3_600_000 })).toEqual({
    Rules: [
      ["inputs", 2],
      ["features", 1],
      ["results", 30],
    ].map(([kind, Days]) => ({
      ID: `cosal a/${kind}`,
      Status: "Enabled",
      Filter: { Prefix: `a/${kind}/` },
      Expiration: { Days },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
    })),
  });
});
