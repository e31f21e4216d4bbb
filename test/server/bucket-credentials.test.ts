// Where the credentials of a bucket come from, and what is said when they are not right.
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { readBucketAddress } from "../../src/server/bucket/address.ts";
import { BucketUnusable, openBucket } from "../../src/server/bucket/open.ts";
import { createLogger } from "../../src/server/telemetry/log.ts";
import { CREDENTIALS, hasS3, type S3Server, startS3 } from "./s3.ts";

const { accessKeyId, secretAccessKey } = CREDENTIALS;

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: URLSearchParams;
}

/** A service of which only the requests matter, and one answer. */
async function service(answer: string, received: Received[]): Promise<Server> {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    received.push({ headers: request.headers, body: new URLSearchParams(body) });
    response.end(answer);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const ASSUMED = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult><Credentials>
    <AccessKeyId>role-key</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey>
    <SessionToken>role-session</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>
  </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;

describe.skipIf(!hasS3)("a bucket's credentials", { timeout: 60_000 }, () => {
  let s3: S3Server;
  let folder: string;
  beforeAll(async () => {
    s3 = await startS3();
  }, 600_000);
  afterAll(() => s3.stop());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "cosal-credentials-"));
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    vi.stubEnv("AWS_CONFIG_FILE", join(folder, "none"));
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(folder, "none"));
    vi.stubEnv("AWS_ACCESS_KEY_ID", undefined);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", undefined);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });

  const lines: string[] = [];
  const logger = createLogger({ write: (line) => void lines.push(line) });
  const address = (bucket = "masks", endpoint = s3.endpoint) =>
    readBucketAddress(`s3://${bucket}/x?endpoint=${endpoint}`, "COSAL_STORE");
  async function works(): Promise<boolean> {
    const bucket = await openBucket(address(), logger);
    await bucket.put("object", Uint8Array.of(1));
    const found = await bucket.get("object");
    bucket.close();
    return found?.bytes[0] === 1;
  }

  it("come from the environment", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", secretAccessKey);
    expect(await works()).toBe(true);
  });

  it("come from a file", async () => {
    const file = join(folder, "credentials");
    await writeFile(
      file,
      `[default]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=${secretAccessKey}\n`,
    );
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", file);
    expect(await works()).toBe(true);
  });

  // The gateway has no roles: what is asked of the token service and sent to a bucket is looked at.
  it("come from the identity of a pod", async () => {
    const [asked, sent]: [Received[], Received[]] = [[], []];
    const [tokens, bucket] = [await service(ASSUMED, asked), await service("", sent)];
    const token = join(folder, "token");
    await writeFile(token, "the pod's token");
    vi.stubEnv("AWS_WEB_IDENTITY_TOKEN_FILE", token);
    vi.stubEnv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/cosal");
    vi.stubEnv("AWS_REGION", "us-east-1");
    vi.stubEnv("AWS_ENDPOINT_URL_STS", urlOf(tokens));
    await openBucket(address("masks", urlOf(bucket)), logger);
    expect(asked[0]?.body.get("Action")).toBe("AssumeRoleWithWebIdentity");
    expect(asked[0]?.body.get("WebIdentityToken")).toBe("the pod's token");
    expect(sent[0]?.headers["x-amz-security-token"]).toBe("role-session");
    expect(sent[0]?.headers.authorization).toContain("Credential=role-key/");
    for (const server of [tokens, bucket]) server.close();
  });

  it("are missed, refused or given for no bucket in words, without a secret", async () => {
    const refusal = async (bucket?: string) =>
      openBucket(address(bucket), logger).then(
        () => "",
        (error) => (error instanceof BucketUnusable ? error.message : error),
      );
    expect(await refusal()).toMatch("No credentials were found");
    vi.stubEnv("AWS_ACCESS_KEY_ID", accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "a-wrong-secret");
    expect(await refusal()).toBe('The credentials may not use the bucket "masks".');
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", secretAccessKey);
    expect(await refusal("nowhere")).toBe('There is no bucket "nowhere" there.');
    expect(lines.join()).not.toContain("a-wrong-secret");
  });

  it("do not matter while the service is away: the server starts without it", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", secretAccessKey);
    lines.length = 0;
    await openBucket(address("masks", "http://127.0.0.1:9"), logger);
    expect(lines.join()).toContain("bucket not reached");
    expect(lines.join()).not.toContain(secretAccessKey);
  });
});
