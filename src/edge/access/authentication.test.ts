import { beforeEach, describe, expect, it, vi } from "vitest";
import { setUp } from "../../../test/app-client.ts";
import { bearer, keyOf } from "../../app/access/testing.ts";
import { FAILED_ATTEMPTS, newKey } from "../../app/index.ts";
import type { Env } from "../env.ts";
import { authenticationOf } from "./authentication.ts";

describe("keys in a namespace", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(60_000 * 1e6);
    return () => vi.useRealTimers();
  });

  async function withNamespace() {
    const { key, record } = await keyOf("alice");
    const records = new Map([[record.hash, JSON.stringify(record)]]);
    const log: Record<string, unknown>[] = [];
    const reads: string[] = [];
    const isAway = { now: false };
    const namespace = {
      async get(hash: string) {
        reads.push(hash);
        if (isAway.now) throw new Error("KV GET failed: 500");
        return records.get(hash) ?? null;
      },
    };
    const env = { AUTHENTICATION: "keys", API_KEYS: namespace } as unknown as Env;
    const { request } = setUp({
      authenticate: authenticationOf(env, (entry) => log.push(entry))!,
      addressOf: ({ headers }) => headers.get("x-from") ?? "",
    });
    const status = async (token: string, from = "192.0.2.1") =>
      (await request("/v1/models", { headers: { ...bearer(token), "x-from": from } })).status;
    return { key, record, records, reads, isAway, log, status };
  }

  it("are no longer read for a network with too many failed attempts", async () => {
    const { key, reads, status } = await withNamespace();
    for (let i = 0; i < 100; i++) await status(newKey());
    expect(reads).toHaveLength(FAILED_ATTEMPTS + 1);
    expect(await status(key)).toBe(429);
    expect(await status(key, "192.0.2.2")).toBe(200);
    vi.advanceTimersByTime(60_000);
    expect(await status(key)).toBe(200);
  });

  it("that were valid work while others guess, and end within a minute after they are revoked", async () => {
    const { key, record, records, reads, status } = await withNamespace();
    expect(await status(key)).toBe(200);
    for (let i = 0; i < 100; i++) await status(newKey());
    expect(await status(key)).toBe(200);
    vi.advanceTimersByTime(59_000);
    for (let i = 0; i < 100; i++) await status(newKey());
    expect(reads.filter((hash) => hash === record.hash)).toHaveLength(1);
    vi.advanceTimersByTime(1_000);
    expect(await status(key)).toBe(200);
    expect(reads.filter((hash) => hash === record.hash)).toHaveLength(2);
    records.clear();
    vi.advanceTimersByTime(60_000);
    expect(await status(key)).toBe(401);
  });

  it.each([
    "no JSON",
    "null",
    "[]",
    `{"id": "k"}`,
    `{"id": "k", "tenant": "t", "scopes": "read"}`,
    String.raw`{"id": "k", "tenant": "\ud800", "scopes": ["read"]}`,
    `{"id": "k", "tenant": "t", "scopes": ["read"], "expires": "soon"}`,
  ])("whose record is %s open nothing, and the log says so", async (text) => {
    const { key, record, records, log, status } = await withNamespace();
    records.set(record.hash, text);
    expect(await status(key)).toBe(401);
    expect(log).toContainEqual(expect.objectContaining({ level: "error", hash: record.hash }));
  });

  it("that cannot be read are not reported as unknown", async () => {
    const { key, isAway, status } = await withNamespace();
    isAway.now = true;
    for (let i = 0; i <= FAILED_ATTEMPTS; i++) expect(await status(key)).toBe(503);
    isAway.now = false;
    expect(await status(key)).toBe(200);
  });
});
