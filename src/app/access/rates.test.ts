import { beforeEach, describe, expect, it, vi } from "vitest";
import { group, problem, setUp } from "../../../test/app-client.ts";
import { keyAuthenticator, listedKeys, newKey } from "./api-keys.ts";
import { FAILED_ATTEMPTS } from "./failed-attempts.ts";
import { memoryRateLimiter } from "./rate-limiter.ts";
import { bearer, keyOf } from "./testing.ts";

const addressOf = (request: Request) => request.headers.get("x-from") ?? "";

describe("rates", () => {
  it("are told on every answer, and refuse what is above them", async () => {
    let now = 1_000_000 * 60_000;
    const rates = memoryRateLimiter({ compute: 2 }, () => now);
    const { post, request } = setUp({ rates, addressOf });
    const send = (from: string) => post([["a", "image one"]], "", { "x-from": from });
    const first = await send("1");
    expect(first.headers.get("ratelimit-policy")).toBe('"compute";q=2;w=60');
    expect(first.headers.get("ratelimit")).toBe('"compute";r=1;t=60');
    expect((await send("1")).status).toBe(200);
    now += 10_000;
    const refused = await send("1");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("50");
    expect(refused.headers.get("ratelimit")).toBe('"compute";r=0;t=50');
    expect((await problem(refused)).code).toBe("rate_limited");
    expect((await send("2")).status).toBe(200);
    expect((await request("/v1/models", { headers: { "x-from": "1" } })).status).toBe(200);
    now += 60_000;
    expect((await send("1")).status).toBe(200);
  });

  it("of a key go before the deployment's", async () => {
    const { key, record } = await keyOf("alice", { limits: { read: 1 } });
    const rates = memoryRateLimiter({ read: 100 });
    const { request } = setUp({ rates, authenticate: keyAuthenticator(listedKeys([record])) });
    const headers = bearer(key);
    expect((await request("/v1/models", { headers })).status).toBe(200);
    expect((await request("/v1/models", { headers })).status).toBe(429);
  });

  it("count an IPv6 caller by the 64 bits that are theirs", async () => {
    const { request } = setUp({ rates: memoryRateLimiter({ read: 2 }), addressOf });
    const status = async (from: string) =>
      (await request("/v1/models", { headers: { "x-from": from } })).status;
    expect(await status("2001:db8::1")).toBe(200);
    expect(await status("2001:db8::2")).toBe(200);
    expect(await status("2001:db8:0:0:ffff::3")).toBe(429);
    expect(await status("2001:db8:0:1::1")).toBe(200);
  });

  it("hold for /readyz, and not for /healthz", async () => {
    const { request } = setUp({ rates: memoryRateLimiter({ read: 2 }), addressOf });
    const statuses = async (path: string) => {
      const all: number[] = [];
      for (let i = 0; i < 3; i++) all.push((await request(path)).status);
      return all;
    };
    expect(await statuses("/readyz")).toEqual([200, 200, 429]);
    expect(await statuses("/healthz")).toEqual([200, 200, 200]);
  });
});

describe("links", () => {
  it("are counted each for itself, by who fetches them", async () => {
    const { key, record } = await keyOf("alice");
    const { request, post } = setUp({
      authenticate: keyAuthenticator(listedKeys([record])),
      rates: memoryRateLimiter({ read: 3 }),
      links: { secret: "s".repeat(40), lifetime: 600 },
      addressOf,
    });
    const files = ["one", "two"].map((name) => [name, `image ${name}`] as [string, string]);
    const { images } = await group(await post(files, "", bearer(key)));
    const [one, other] = images.map(({ mask }) => mask.url) as [string, string];
    const statuses = async (url: string, from: string) => {
      const all: number[] = [];
      for (let i = 0; i < 4; i++) {
        all.push((await request(url, { headers: { "x-from": from } })).status);
      }
      return all;
    };
    expect(await statuses(one, "192.0.2.1")).toEqual([200, 200, 200, 429]);
    expect(await statuses(one, "192.0.2.2")).toEqual([200, 200, 200, 429]);
    expect(await statuses(other, "192.0.2.1")).toEqual([200, 200, 200, 429]);
    expect((await request("/v1/models", { headers: bearer(key) })).status).toBe(200);
  });
});

describe("failed authentications", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
    return () => vi.useRealTimers();
  });

  const attempt = async (client: ReturnType<typeof setUp>, from: string, key = newKey()) => {
    const headers = { ...bearer(key), "x-from": from };
    return client.request("/v1/models", { headers });
  };

  it("are counted by network, and too many are refused for the rest of the minute", async () => {
    vi.setSystemTime(60_000 * 1e6);
    const { key, record } = await keyOf("alice");
    const client = setUp({ authenticate: keyAuthenticator(listedKeys([record])), addressOf });
    for (let i = 0; i < FAILED_ATTEMPTS; i++) {
      expect((await attempt(client, `2001:db8::${i}`)).status).toBe(401);
    }
    vi.advanceTimersByTime(15_000);
    const refused = await attempt(client, "2001:db8::ffff");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "45"]);
    expect(refused.headers.get("ratelimit")).toBe('"authentication";r=0;t=45');
    expect((await problem(refused)).code).toBe("rate_limited");
    expect((await attempt(client, "2001:db8:1::1")).status).toBe(401);
    // Who is known is not locked out with who guesses beside them.
    expect((await attempt(client, "2001:db8::1", key)).status).toBe(200);
    vi.advanceTimersByTime(45_000);
    expect((await attempt(client, "2001:db8::1")).status).toBe(401);
  });

  it("with links count too, those without credentials do not", async () => {
    const { record } = await keyOf("alice");
    const client = setUp({
      authenticate: keyAuthenticator(listedKeys([record])),
      links: { secret: "s".repeat(40), lifetime: 600 },
      addressOf,
    });
    const path = `/v1/groups/${"a".repeat(64)}`;
    for (let i = 0; i <= FAILED_ATTEMPTS; i++)
      expect((await client.request(path)).status).toBe(401);
    for (let i = 0; i < FAILED_ATTEMPTS; i++) {
      expect((await client.request(`${path}?signature=${i}`)).status).toBe(401);
    }
    expect((await client.request(`${path}?signature=x`)).status).toBe(429);
  });

  it("are counted by the host's limiter, where it has that kind of limit", async () => {
    const { record } = await keyOf("alice");
    const asked: string[] = [];
    const client = setUp({
      authenticate: keyAuthenticator(listedKeys([record])),
      addressOf,
      rates: async ({ subject, kind }) => {
        asked.push(`${kind} ${subject}`);
        return { allowed: asked.length < 2, limit: 1, window: 60 };
      },
    });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await attempt(client, "192.0.2.1")).status);
    expect(statuses).toEqual([401, 429, 429, 429]);
    expect(asked).toEqual(["authentication 192.0.2.1", "authentication 192.0.2.1"]);
  });
});
