import { generateKeyPair, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { events, group, setUp } from "../../test/app-client.ts";
import { fakeHost } from "../../test/fakes.ts";
import {
  hashKey,
  type JobBody,
  jobRunner,
  jwtAuthenticator,
  keyAuthenticator,
  keysOrJwt,
  listedKeys,
  memoryJobs,
  memoryRateLimiter,
  newKey,
} from "./index.ts";

// What the app takes of libraries and of the platform, in the real Workers runtime. The whole API is
// tested in Node.

const files: [string, string][] = [
  ["a.jpg", "image one"],
  ["b.jpg", "image two"],
];

describe("the app in workerd", () => {
  it("makes the next file when the last has been taken", async () => {
    let made = 0;
    const { post } = setUp({
      render: async () => {
        made++;
        return new Uint8Array(2 ** 20);
      },
    });
    const many = Array.from({ length: 8 }, (_, i) => [`${i}`, `image ${i}`] as [string, string]);
    const response = await post(many, "?output=cutout", { accept: "application/zip" });
    const reader = response.body!.getReader();
    let taken = 0;
    while (taken < 3 * 2 ** 20) taken += (await reader.read()).value!.length;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(made).toBeLessThanOrEqual(4);
    await reader.cancel();
  });

  it("answers in every type, as it describes itself", async () => {
    const { post, request } = setUp();
    const told = await events(await post(files, "", { accept: "text/event-stream" }));
    expect(told.map(({ event }) => event).filter((event) => event === "image").length).toBe(2);
    const zip = await post(files, "?format=svg", { accept: "application/zip" });
    const bytes = new Uint8Array(await zip.arrayBuffer());
    expect([...bytes.subarray(0, 4)]).toEqual([0x50, 0x4b, 3, 4]);
    const mixed = await post(files, "?output=logits", { accept: "multipart/mixed" });
    const parts = new TextDecoder().decode(await mixed.arrayBuffer());
    expect(parts).toContain("Content-Type: application/vnd.cosal.consensus");
    const body = await group(await post(files, "?inline=masks"));
    expect(atob(body.images[0]!.mask.data!).slice(1, 4)).toBe("PNG");
    const url = body.images[0]!.mask.url;
    const etag = (await request(url)).headers.get("etag")!;
    expect((await request(url, { headers: { "if-none-match": etag } })).status).toBe(304);
    expect((await request(url, { headers: { range: "bytes=0-3" } })).status).toBe(206);
    expect((await request("/docs")).headers.get("content-type")).toMatch(/^text\/html/);
  });

  it("computes equal groups that arrive together once", async () => {
    const { post, calls } = setUp();
    const answers = await Promise.all(Array.from({ length: 30 }, () => post(files)));
    for (const answer of answers) expect(answer.status).toBe(200);
    expect(calls.length).toBe(1);
  });

  it("knows keys, tokens and signed links, and counts", async () => {
    const key = newKey();
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const hash = await hashKey(key);
    const keys = listedKeys([{ id: "k", tenant: "t", scopes: ["read", "write"], hash }]);
    const policy = { issuer: "https://id.example.com", audience: "cosal" };
    const { post, request } = setUp({
      authenticate: keysOrJwt(
        keyAuthenticator(keys),
        jwtAuthenticator({ ...policy, keys: async () => publicKey, tenantClaim: "org" }),
      ),
      links: { secret: "s".repeat(40), lifetime: 60 },
      rates: memoryRateLimiter({ read: 10 }),
    });
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    const body = await group(await post(files, "", bearer(key)));
    expect((await request(body.images[0]!.mask.url)).status).toBe(200);
    expect((await request(body.images[0]!.mask.url.split("?")[0]!)).status).toBe(401);
    const token = await new SignJWT({ org: "t", scope: "cosal:read" })
      .setProtectedHeader({ alg: "ES256" })
      .setIssuer(policy.issuer)
      .setAudience(policy.audience)
      .setSubject("u")
      .setExpirationTime("1m")
      .sign(privateKey);
    const headers = bearer(token);
    // The token's tenant is another than the key's of the same name.
    expect((await request(`/v1/groups/${body.id}`, { headers })).status).toBe(404);
    for (let i = 0; i < 8; i++) await request("/v1/limits", { headers });
    expect((await request("/v1/limits", { headers })).headers.get("ratelimit")).toContain("r=0");
    expect((await request("/v1/limits", { headers })).status).toBe(429);
  });

  it("runs jobs", async () => {
    const { dependencies } = fakeHost();
    const jobs = memoryJobs(jobRunner(dependencies));
    const { post, request } = setUp({ ...dependencies, jobs });
    const response = await post(files, "", { prefer: "respond-async" });
    expect(response.status).toBe(202);
    const { links } = (await response.json()) as JobBody;
    const told = await events(await request(links.events));
    expect(told.at(-1)).toMatchObject({ event: "job", data: { status: "succeeded" } });
    expect((await request(links.group)).status).toBe(200);
  });
});
