import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { digestOf, group, problem, setUp } from "../../../test/app-client.ts";
import { fakeHost } from "../../../test/fakes.ts";
import {
  type ApiKey,
  hashKey,
  jobRunner,
  jwtAuthenticator,
  keyAuthenticator,
  keysOrJwt,
  listedKeys,
  memoryJobs,
  newKey,
  type Scope,
} from "../index.ts";

const keys = { alice: newKey(), bob: newKey(), reader: newKey(), late: newKey() };
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
let records: ApiKey[];

beforeAll(async () => {
  const all: Scope[] = ["read", "write", "delete"];
  records = [
    { id: "k1", tenant: "alice", scopes: all, hash: await hashKey(keys.alice) },
    { id: "k2", tenant: "bob", scopes: all, hash: await hashKey(keys.bob) },
    { id: "k3", tenant: "alice", scopes: ["read"], hash: await hashKey(keys.reader) },
    {
      ...{ id: "k4", tenant: "alice", scopes: all, hash: await hashKey(keys.late) },
      expires: "2020-01-01T00:00:00Z",
    },
  ];
});

const withKeys = (changes: Parameters<typeof setUp>[0] = {}) =>
  setUp({ authenticate: keyAuthenticator(listedKeys(records)), ...changes });

describe("keys", () => {
  it("are needed under /v1, and nowhere else", async () => {
    const { request, post } = withKeys();
    for (const path of ["/v1/models", `/v1/groups/${"a".repeat(64)}`]) {
      const response = await request(path);
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe('Bearer realm="cosal"');
      expect((await problem(response)).code).toBe("credentials_missing");
    }
    expect((await post([["a", "image one"]])).status).toBe(401);
    for (const path of ["/healthz", "/readyz", "/openapi.json", "/docs", "/problems/internal"]) {
      expect((await request(path)).status).toBe(200);
    }
    const response = await post([["a", "image one"]], "", bearer(keys.alice));
    expect(response.status).toBe(200);
  });

  it("have to be known and not over", async () => {
    const { request, log } = withKeys();
    for (const key of [newKey(), keys.late, "secret", `${keys.alice}x`]) {
      const response = await request("/v1/models", { headers: bearer(key) });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toContain("invalid_token");
      expect((await problem(response)).code).toBe("credentials_invalid");
      expect(JSON.stringify(log)).not.toContain(key);
    }
  });

  it("allow what their scopes say", async () => {
    const { request, post } = withKeys();
    const headers = bearer(keys.reader);
    expect((await request("/v1/models", { headers })).status).toBe(200);
    const write = await post([["a", "image one"]], "", headers);
    expect([write.status, (await problem(write)).code]).toEqual([403, "scope_missing"]);
    const remove = await request(`/v1/groups/${"a".repeat(64)}`, { method: "DELETE", headers });
    expect([remove.status, (await problem(remove)).detail]).toEqual([
      403,
      expect.stringContaining("delete"),
    ]);
  });
});

describe("tenants", () => {
  it("see nothing of each other: what another has looks like what nobody has", async () => {
    const jobsHost = fakeHost();
    const jobs = memoryJobs(jobRunner(jobsHost.dependencies));
    const { stores } = jobsHost;
    const { request, post, postJson } = withKeys({ ...jobsHost.dependencies, jobs });
    const alice = bearer(keys.alice);
    const body = await group(await post([["a", "image one"]], "", alice));
    expect(body.cache).toBe("miss");
    const sha256 = await digestOf("image one");
    const unknown = await digestOf("image of nobody");
    const job = await post([["b", "image two"]], "", { ...alice, prefer: "respond-async" });
    const { id } = (await job.json()) as { id: string };

    const bob = { headers: bearer(keys.bob) };
    const sameAnswer = async (path: string, other: string, init: RequestInit) => {
      const [found, wanted] = await Promise.all([request(path, init), request(other, init)]);
      expect(found.status).toBe(404);
      const strip = async (response: Response) => ({
        ...(await problem(response)),
        request: "",
      });
      expect(await strip(found)).toEqual(await strip(wanted));
    };
    const other = `/v1/groups/${unknown}`;
    await sameAnswer(`/v1/groups/${body.id}`, other, bob);
    await sameAnswer(`/v1/groups/${body.id}`, other, { ...bob, method: "DELETE" });
    await sameAnswer(`/v1/groups/${body.id}/consensus`, `${other}/consensus`, bob);
    const mask = `/masks/${sha256}.png`;
    await sameAnswer(`/v1/groups/${body.id}${mask}`, other + mask, bob);
    await sameAnswer(`/v1/images/${sha256}`, `/v1/images/${unknown}`, bob);
    await sameAnswer(`/v1/images/${sha256}`, `/v1/images/${unknown}`, {
      ...bob,
      method: "HEAD",
    }).catch(() => {});
    await sameAnswer(`/v1/images/${sha256}`, `/v1/images/${unknown}`, { ...bob, method: "DELETE" });
    await sameAnswer(`/v1/jobs/${id}`, "/v1/jobs/none", bob);
    await sameAnswer(`/v1/jobs/${id}/events`, "/v1/jobs/none/events", bob);
    const named = await postJson({ images: [{ sha256 }] }, "", bob.headers);
    expect([named.status, (await problem(named)).missing]).toEqual([409, [sha256]]);

    // Bob's own is computed anew, and Alice's is still there.
    expect((await group(await post([["a", "image one"]], "", bob.headers))).cache).toBe("miss");
    expect((await request(`/v1/groups/${body.id}`, { headers: alice })).status).toBe(200);
    expect(await stores("key:alice").groups.result(body.id)).toBeDefined();
    expect(await stores("").groups.result(body.id)).toBeUndefined();
  });

  it("share everything where the deployment declares its cache shared", async () => {
    const { request, post } = withKeys({ isCacheShared: true });
    const body = await group(await post([["a", "image one"]], "", bearer(keys.alice)));
    const again = await group(await post([["b", "image one"]], "", bearer(keys.bob)));
    expect([again.id, again.cache]).toEqual([body.id, "hit"]);
    const headers = bearer(keys.bob);
    expect((await request(body.images[0]!.mask.url, { headers })).status).toBe(200);
  });
});

describe("links", () => {
  const links = { secret: "s".repeat(40), lifetime: 600 };

  it("work without a key, for one file, and not when changed", async () => {
    const { request, post } = withKeys({ links });
    const body = await group(await post([["a", "image one"]], "?format=rle", bearer(keys.alice)));
    const { url } = body.images[0]!.mask;
    const plain = url.split("?")[0]!;
    expect((await request(plain)).status).toBe(401);
    const response = await request(url);
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("private, max-age=31536000, immutable");
    expect((await request(body.consensus.url)).status).toBe(200);
    for (const changed of [
      url.replace(".rle.json", ".png"),
      url.replace("tenant=key%3Aalice", "tenant=key%3Abob"),
      url.replace(/expires=\d+/, "expires=9999999999"),
      // In an address without a signature capitals mean the same.
      url.replace(/[0-9a-f]{64}/, (digest) => digest.toUpperCase()),
      `${url}x`,
      `${url}&threshold=0.9`,
      url.replace("/masks/", "/cutouts/").replace(".rle.json", ".png"),
    ]) {
      const refused = await request(changed);
      expect([refused.status, (await problem(refused)).code]).toEqual([401, "credentials_invalid"]);
    }
    const remove = await request(url.replace(plain, `/v1/groups/${body.id}`), { method: "DELETE" });
    expect(remove.status).toBe(401);
  });

  it("are refused when any character of their signature is another", async () => {
    const { request, post } = withKeys({ links });
    const body = await group(await post([["a", "image one"]], "", bearer(keys.alice)));
    const { url } = body.images[0]!.mask;
    const [before, signature] = url.split("signature=") as [string, string];
    expect(signature).toMatch(/^[\w-]{43}$/);
    const others = Array.from(signature, (character, i) => {
      // The neighbour: of the last character it decodes to the same bytes.
      const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
      const other = alphabet[alphabet.indexOf(character) ^ 1];
      return signature.slice(0, i) + other + signature.slice(i + 1);
    });
    const client = setUp({
      authenticate: keyAuthenticator(listedKeys(records)),
      links,
      addressOf: ({ headers }) => headers.get("x-from") ?? "",
    });
    for (const [i, other] of [...others, "", `${signature}=`, "*"].entries()) {
      const headers = { "x-from": `192.0.2.${i}` };
      const refused = await client.request(`${before}signature=${other}`, { headers });
      expect([other, refused.status]).toEqual([other, 401]);
    }
    expect((await request(url)).status).toBe(200);
  });

  it("expire", async () => {
    const { request, post } = withKeys({ links: { ...links, lifetime: -4 } });
    const body = await group(await post([["a", "image one"]], "", bearer(keys.alice)));
    const response = await request(body.images[0]!.mask.url);
    expect([response.status, (await problem(response)).detail]).toEqual([
      401,
      "The link has expired.",
    ]);
  });
});

describe("tokens", () => {
  it("of the identity provider are taken, others are not", async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const stranger = await generateKeyPair("ES256");
    const policy = {
      issuer: "https://id.example.com",
      audience: "cosal",
      keys: async () => publicKey,
    };
    const jwt = jwtAuthenticator({ ...policy, tenantClaim: "org" });
    const authenticate = keysOrJwt(keyAuthenticator(listedKeys(records)), jwt);
    const { request } = setUp({ authenticate });
    const claims = { org: "acme", scope: "openid cosal:read" };
    const sign = (
      changes: Record<string, unknown> = {},
      key = privateKey,
      exp: string | number = "5m",
    ) =>
      new SignJWT({ ...claims, iss: policy.issuer, aud: policy.audience, sub: "u1", ...changes })
        .setProtectedHeader({ alg: "ES256" })
        .setExpirationTime(exp)
        .sign(key);
    const status = async (token: string, method = "GET") =>
      (await request("/v1/models", { method, headers: bearer(token) })).status;
    expect(await status(await sign())).toBe(200);
    expect(await status(await sign(), "POST")).toBe(403);
    expect(await status(keys.alice)).toBe(200);
    const bad = [
      await sign({}, stranger.privateKey),
      await sign({ aud: "another" }),
      await sign({ iss: "https://evil.example.com" }),
      await sign({}, privateKey, 1),
      await sign({ org: undefined }),
      `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify(claims))}.`,
      "a.b.c",
    ];
    for (const token of bad) expect(await status(token)).toBe(401);
    expect((await exportJWK(publicKey)).kty).toBe("EC");
  });
});

describe("other origins", () => {
  it("may call when they are on the list", async () => {
    const { request, post } = withKeys({ origins: ["https://app.example.com"] });
    const headers = { origin: "https://app.example.com" };
    const preflight = await request("/v1/groups", {
      method: "OPTIONS",
      headers: {
        ...headers,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization",
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("authorization");
    const refused = await post([["a", "image one"]], "", headers);
    expect(refused.status).toBe(401);
    expect(refused.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
    const answer = await post([["a", "image one"]], "", { ...headers, ...bearer(keys.alice) });
    expect(answer.headers.get("access-control-expose-headers")).toContain("etag");
    const evil = { origin: "https://evil.example.com", ...bearer(keys.alice) };
    const other = await post([["a", "image one"]], "", evil);
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
  });
});
