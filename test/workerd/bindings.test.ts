import { env } from "cloudflare:workers";
import type { KVNamespace } from "@cloudflare/workers-types";
import { describe, expect, it } from "vitest";
import bowls from "../../examples/raccoons/at-two-bowls.jpg";
import bin from "../../examples/raccoons/on-a-bin.jpg";
import { FAILED_ATTEMPTS, hashKey, newKey } from "../../src/app/index.ts";
import type { Env } from "../../src/edge/env.ts";
import { sha256 } from "../../src/group/index.ts";
import { form } from "../forms.ts";
import { fresh } from "../photographs.ts";
import { group, problem } from "../responses.ts";
import { loadWorker, workerWith } from "./client.ts";

const all = env as Env;

function upload(...files: BlobPart[]): RequestInit {
  const named = files.map((bytes, i) => [`${i}.jpg`, bytes] as const);
  return { method: "POST", body: form(named) };
}

let tails = 0;
const photograph = () => fresh(bin, `bindings ${++tails}`);

/** Nine photographs of 3 MiB, as a phone's: what follows a JPEG's end marker is no part of the image. */
function large(): RequestInit {
  const files = Array.from({ length: 9 }, () => {
    const whole = new Uint8Array(3 * 2 ** 20);
    whole.set(photograph());
    return whole;
  });
  return upload(...files);
}

describe("with a bucket", () => {
  it("a form may be larger than memory: its photographs are stored as they arrive", async () => {
    const request = workerWith(all);
    const response = await request("/v1/groups", large());
    expect(response.status).toBe(200);
    const { images } = await group(response);
    expect(images.length).toBe(9);
    for (const { sha256 } of images) {
      expect((await request(`/v1/images/${sha256}`, { method: "HEAD" })).status).toBe(200);
    }
  });
});

loadWorker(() => workerWith(all)("/healthz"));

describe("with the assets alone", () => {
  const send = workerWith({ ASSETS: all.ASSETS });

  it("groups are computed, kept in the data centre's cache, and deleted", async () => {
    const request = upload(photograph(), fresh(bowls, "alone"));
    const body = await group(await send("/v1/groups", request));
    expect([body.cache, body.backend]).toEqual(["miss", "wasm"]);
    expect((await group(await send(`/v1/groups/${body.id}`))).cache).toBe("hit");
    expect((await send(body.images[0]!.mask.url)).status).toBe(200);
    expect((await send(`/v1/groups/${body.id}`, { method: "DELETE" })).status).toBe(204);
    expect((await send(`/v1/groups/${body.id}`)).status).toBe(404);
  });

  it("photographs are taken by their hashes", async () => {
    const body = photograph();
    const name = await sha256(body);
    expect((await send(`/v1/images/${name}`, { method: "PUT", body })).status).toBe(201);
    const json = JSON.stringify({ images: [{ sha256: name }] });
    const headers = { "content-type": "application/json" };
    const response = await send("/v1/groups", { method: "POST", body: json, headers });
    expect((await group(response)).images[0]?.sha256).toBe(name);
  });

  it("a wish for a job is passed over", async () => {
    const headers = { prefer: "respond-async" };
    const response = await send("/v1/groups", { ...upload(photograph()), headers });
    expect((await group(response)).cache).toBe("miss");
    expect((await send("/v1/jobs/any")).status).toBe(404);
  });

  it("forms are as large as memory allows", async () => {
    const response = await send("/v1/groups", large());
    const found = await problem(response);
    expect([found.code, found.limit!.limit]).toEqual(["body_too_large", 24 * 2 ** 20]);
  });

  it("nobody is counted, and the Worker is ready", async () => {
    const response = await send("/v1/limits");
    expect(response.headers.get("ratelimit-policy")).toBeNull();
    const ready = await send("/readyz");
    expect([ready.status, await ready.json()]).toMatchObject([
      200,
      { backends: [{ name: "wasm", ready: true }] },
    ]);
  });
});

describe("with all bindings", () => {
  it("the documentation comes from the assets", async () => {
    const send = workerWith(all);
    for (const path of ["/docs", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js"]) {
      expect((await send(path)).status).toBe(200);
    }
  });

  it("features of a known photograph are not computed again", async () => {
    const send = workerWith(all);
    const known = [photograph(), photograph()];
    await group(await send("/v1/groups", upload(...known)));
    const added = photograph();
    const headers = { accept: "text/event-stream" };
    const response = await send("/v1/groups", { ...upload(...known, added), headers });
    const events = await response.text();
    const decoded = events.match(/"stage":"decoded"/g) ?? [];
    const encoded = events.match(/"stage":"encoded"/g) ?? [];
    expect([decoded.length, encoded.length]).toEqual([1, 3]);
    expect(events).toContain("event: result");
  });

  it("callers are counted by address", async () => {
    const send = workerWith({ ...all, RATE_LIMITS: "on" });
    const headers = { "cf-connecting-ip": "192.0.2.1" };
    const body = "{}";
    const statuses = new Set<number>();
    for (let i = 0; i < 61; i++) {
      const response = await send("/v1/groups", { method: "POST", body, headers });
      statuses.add(response.status);
      if (response.status !== 429) continue;
      expect((await problem(response)).code).toBe("rate_limited");
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(response.headers.get("ratelimit-policy")).toBe('"compute";q=60;w=60');
    }
    expect(statuses).toEqual(new Set([415, 429]));
    const other = { "cf-connecting-ip": "192.0.2.2" };
    expect((await send("/v1/groups", { method: "POST", body, headers: other })).status).toBe(415);
    expect((await send("/v1/limits", { headers })).status).toBe(200);
  });
});

describe("with keys", () => {
  const namespace = all.API_KEYS as KVNamespace;
  const send = workerWith({
    ...all,
    AUTHENTICATION: "keys",
    RATE_LIMITS: "on",
    LINK_SECRET: "l".repeat(64),
  });

  async function keyOf(tenant: string, more = {}): Promise<RequestInit> {
    const key = newKey();
    const value = {
      id: `${tenant} ${++tails}`,
      tenant,
      scopes: ["read", "write", "delete"],
      ...more,
    };
    await namespace.put(await hashKey(key), JSON.stringify(value));
    return { headers: { authorization: `Bearer ${key}` } };
  }

  it("nobody gets in without one, or with a wrong one", async () => {
    const wrong = { headers: { authorization: `Bearer ${newKey()}` } };
    for (const init of [{}, wrong]) {
      expect((await send("/v1/groups", { ...upload(photograph()), ...init })).status).toBe(401);
      expect((await send(`/v1/groups/${"0".repeat(64)}`, init)).status).toBe(401);
    }
    expect((await send("/healthz")).status).toBe(200);
  });

  it("a tenant's groups and photographs are like unknown ones to others", async () => {
    const [mine, theirs] = [await keyOf("mine"), await keyOf("theirs")];
    const file = photograph();
    const body = await group(await send("/v1/groups", { ...upload(file), ...mine }));
    expect(body.cache).toBe("miss");
    const unknown = "f".repeat(64);
    const strip = async (response: Response) => {
      const { request, ...rest } = (await response.json()) as Record<string, unknown>;
      return [response.status, rest];
    };
    for (const path of [`/v1/groups/${body.id}`, `/v1/groups/${body.id}/consensus`]) {
      expect((await send(path, mine)).status).toBe(200);
      const asUnknown = path.replace(body.id, unknown);
      expect(await strip(await send(path, theirs))).toEqual(
        await strip(await send(asUnknown, theirs)),
      );
      expect((await send(path, theirs)).status).toBe(404);
    }
    expect((await send(`/v1/groups/${body.id}`, { ...theirs, method: "DELETE" })).status).toBe(404);
    expect(
      (await send(`/v1/images/${body.images[0]!.sha256}`, { ...theirs, method: "HEAD" })).status,
    ).toBe(404);
    expect(
      (await send(`/v1/images/${body.images[0]!.sha256}`, { ...mine, method: "HEAD" })).status,
    ).toBe(200);
    // The same photograph is computed anew for them.
    expect((await group(await send("/v1/groups", { ...upload(file), ...theirs }))).cache).toBe(
      "miss",
    );
  });

  it("a tenant's name may be longer than the names of files in the bucket", async () => {
    const mine = await keyOf("語".repeat(300));
    const body = await group(await send("/v1/groups", { ...upload(photograph()), ...mine }));
    const kept = await all.BUCKET!.list({ prefix: "results/tenant-key%23" });
    expect(kept.objects.map(({ key }) => key)).toContainEqual(expect.stringContaining(body.id));
    expect((await group(await send(`/v1/groups/${body.id}`, mine))).cache).toBe("hit");
  });

  it("links to masks work without one", async () => {
    const mine = await keyOf("links");
    const body = await group(await send("/v1/groups", { ...upload(photograph()), ...mine }));
    const { url } = body.images[0]!.mask;
    expect((await send(url)).status).toBe(200);
    expect((await send(url.split("?")[0]!)).status).toBe(401);
    expect((await send(url.replace("tenant=key%3Alinks", "tenant=key%3Aother"))).status).toBe(401);
  });

  it("who guesses is refused after some attempts, and nobody else", async () => {
    const guess = (from: string) => {
      const headers = { authorization: `Bearer ${newKey()}`, "cf-connecting-ip": from };
      return send("/v1/limits", { headers });
    };
    for (let i = 0; i < FAILED_ATTEMPTS; i++) {
      expect((await guess(`2001:db8::${i}`)).status).toBe(401);
    }
    const refused = await guess("2001:db8::ffff");
    expect([refused.status, (await problem(refused)).code]).toEqual([429, "rate_limited"]);
    expect((await guess("2001:db8:0:1::")).status).toBe(401);
  });

  it("a key has its scopes and limits", async () => {
    const reader = await keyOf("reader", { scopes: ["read"], limits: { read: 2 } });
    expect((await send("/v1/groups", { ...upload(photograph()), ...reader })).status).toBe(403);
    const first = await send("/v1/limits", reader);
    expect(first.headers.get("ratelimit")).toMatch(/^"read";r=1;t=\d+$/);
    expect((await send("/v1/limits", reader)).status).toBe(200);
    expect((await send("/v1/limits", reader)).status).toBe(429);
  });
});

describe("settings that mean nothing", () => {
  it.each([
    [{ AUTHENTICATION: "none" }],
    [{ AUTHENTICATION: "keys", API_KEYS: undefined }],
    [{ AUTHENTICATION: "jwt" }],
    [{ GPU_BACKENDS: "gpu.example", GPU_SECRET: "s".repeat(32) }],
    [{ GPU_BACKENDS: "https://gpu.example" }],
    [{ RETENTION_INPUT_HOURS: "a day" }],
    [{ WASM_MAX_MS: "-1" }],
    [{ GPU_BACKENDS: "http://gpu.example", GPU_SECRET: "s".repeat(32) }],
    [{ API_KEY_LIST: "[]" }],
    [{ WEBHOOK_SECRET: "hunter2" }],
    [{ WEBHOOK_HOSTS: "hooks.example", WEBHOOK_SECRET: undefined }],
    [{ LINK_SECRET: "hunter2" }],
    [{ CACHE_SHARED: "yes" }],
    [{ RATE_LIMITS: "none" }],
    [{ ORIGINS: "app.example" }],
    [{ URL_HOSTS: "https://images.example" }],
  ])("%j keep the Worker from starting", async (settings) => {
    const send = workerWith({ ...all, ...settings } as Env);
    for (const path of ["/healthz", "/readyz", "/v1/limits"]) {
      await expect(send(path)).rejects.toThrow(TypeError);
    }
    expect(String(await send("/healthz").catch((error) => error))).not.toContain("hunter2");
  });
});
