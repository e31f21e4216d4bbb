import { describe, expect, it } from "vitest";
import { hostNames, silent, webhookSecret } from "../app/index.ts";
import { authenticationOf } from "./access/authentication.ts";
import type { Env } from "./env.ts";
import { gpuAddresses } from "./gpu/addresses.ts";
import { flag, longSecret, secureUrl, webOrigins } from "./settings.ts";

describe("an address", () => {
  it.each([
    "https://gpu.example.com",
    "https://gpu.example.com:8788/jwks.json",
    "http://127.0.0.1:8788",
    "http://127.1.2.3/",
    "http://localhost:1",
    "http://[::1]:8788",
  ])("may be %s", (text) => {
    expect(secureUrl("JWT_KEYS", text).href).toContain(text);
  });

  it.each([
    "http://gpu.example.com",
    "http://10.0.0.1",
    "http://localhost.example.com",
    "http://127.0.0.1.example.com",
    "http://[::ffff:10.0.0.1]",
    "ftp://gpu.example.com",
    "gpu.example.com",
    "",
  ])("is not %j", (text) => {
    expect(() => secureUrl("JWT_KEYS", text)).toThrow(/in JWT_KEYS that begins with https:\/\//);
  });

  it("with a password is not repeated", () => {
    const read = () => secureUrl("JWT_KEYS", "https://me:hunter2@id.example.com");
    expect(read).toThrow("one with a password");
    expect(read).not.toThrow("hunter2");
  });

  it("of a GPU server has no path", () => {
    const settings = { GPU_BACKENDS: "a=https://gpu.example.com/?x", GPU_SECRET: "s".repeat(32) };
    expect(() => gpuAddresses(settings as unknown as Env)).toThrow("no path");
  });
});

describe("a webhook's secret", () => {
  const of = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString("base64")}`;

  it("is in the form of Standard Webhooks, or not there", () => {
    for (const bytes of [24, 32, 64]) {
      expect(webhookSecret({ WEBHOOK_SECRET: of(bytes) })).toBe(of(bytes));
    }
    expect(webhookSecret({})).toBeUndefined();
    expect(webhookSecret({ WEBHOOK_SECRET: "" })).toBeUndefined();
  });

  it.each([
    of(23),
    of(65),
    of(32).replace("whsec_", ""),
    of(32).replace("=", ""),
    "hunter2",
    `${of(32)}\n`,
  ])("is not %j, and is not repeated", (secret) => {
    const read = () => webhookSecret({ WEBHOOK_SECRET: secret });
    expect(read).toThrow("openssl rand -base64 32");
    expect(read).not.toThrow(secret);
  });

  it("is needed where there are hosts", () => {
    expect(() => webhookSecret({ WEBHOOK_HOSTS: "hooks.example.com" })).toThrow("needs a WEBHOOK_");
  });
});

describe("words", () => {
  it("are the two that have a meaning", () => {
    const words = ["true", "false"] as const;
    const read = (text?: string) => flag("CACHE_SHARED", text, words);
    expect([read(), read(""), read("false"), read("true")]).toEqual([false, false, false, true]);
    for (const text of ["True", "1", "yes", " true"]) {
      expect(() => read(text)).toThrow(
        `Expected true or false in CACHE_SHARED but received "${text}"`,
      );
    }
  });
});

describe("lists", () => {
  it("of hosts have names only", () => {
    expect(hostNames("URL_HOSTS", " a.example, B.example ,")).toEqual(["a.example", "b.example"]);
    for (const entry of [
      "https://a.example",
      "a.example/x",
      "a.example:8443",
      "*",
      "u@a.example",
    ]) {
      expect(() => hostNames("URL_HOSTS", entry)).toThrow("names of hosts in URL_HOSTS");
    }
  });

  it("of origins have those, or all", () => {
    const origins = ["https://a.example", "http://localhost:3000"];
    expect(webOrigins("ORIGINS", origins.join())).toEqual(origins);
    expect(webOrigins("ORIGINS", "*")).toBe("*");
    for (const entry of ["https://a.example/", "a.example", "https://*.a.example/x", "null"]) {
      expect(() => webOrigins("ORIGINS", entry)).toThrow("Expected origins in ORIGINS");
    }
  });
});

describe("secrets", () => {
  it("are long, or not there, and not repeated", () => {
    expect(longSecret("LINK_SECRET", undefined)).toBeUndefined();
    expect(longSecret("LINK_SECRET", "s".repeat(32))).toBe("s".repeat(32));
    expect(() => longSecret("LINK_SECRET", "hunter2")).toThrow("32 characters or more");
    expect(() => longSecret("LINK_SECRET", "hunter2")).not.toThrow("hunter2");
  });
});

describe("authentication", () => {
  const read = (env: Partial<Env>) => authenticationOf(env as Env, silent);
  const KEY = { hash: "a".repeat(64), id: "k", tenant: "t", scopes: ["read"] };

  it("is off only where nothing says otherwise", () => {
    expect(read({})).toBeUndefined();
    expect(read({ AUTHENTICATION: "off", API_KEY_LIST: JSON.stringify([KEY]) })).toBeUndefined();
    expect(() => read({ API_KEY_LIST: JSON.stringify([KEY]) })).toThrow(
      "AUTHENTICATION is not: set it to keys",
    );
    expect(() => read({ JWT_KEYS: "https://id.example.com" })).toThrow(
      "AUTHENTICATION is not: set it to keys",
    );
  });

  it("by tokens asks for keys that nobody can change on the way", () => {
    const rest = { AUTHENTICATION: "jwt", JWT_ISSUER: "i", JWT_AUDIENCE: "a" };
    expect(read({ ...rest, JWT_KEYS: "https://id.example.com/jwks" })).toBeDefined();
    expect(() => read({ ...rest, JWT_KEYS: "http://id.example.com/jwks" })).toThrow("https://");
  });

  it.each([
    ["cosal_hunter2", "JSON array of {hash, id, tenant, scopes}"],
    [{ ...KEY, hash: "cosal_hunter2" }, "at 0.hash: expected 64 hex digits"],
    [{ ...KEY, hash: "A".repeat(64) }, "at 0.hash: expected 64 hex digits"],
    [{ ...KEY, scopes: ["read", "wirte"] }, "at 0.scopes.1"],
    [{ ...KEY, tenant: "\ud800" }, "at 0.tenant: no Unicode text"],
    [{ ...KEY, tenant: undefined }, "at 0.tenant"],
    [{ ...KEY, limits: { read: "many" } }, "at 0.limits.read"],
    [{ ...KEY, limits: { read: -1 } }, "at 0.limits.read"],
    [{ ...KEY, expires: "soon" }, "at 0.expires: no time"],
  ])("by keys says where the list %j is wrong, and repeats nothing of it", (key, message) => {
    const list = typeof key === "string" ? key : JSON.stringify([key]);
    const settings = { AUTHENTICATION: "keys", API_KEY_LIST: list };
    expect(() => read(settings)).toThrow(message);
    expect(() => read(settings)).not.toThrow("hunter2");
  });
});
