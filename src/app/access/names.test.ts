import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { group, problem, setUp } from "../../../test/app-client.ts";
import { memoryStores } from "../../group/index.ts";
import { keyAuthenticator, listedKeys } from "./api-keys.ts";
import { jwtAuthenticator, keysOrJwt } from "./jwt.ts";
import { qualifiedName } from "./names.ts";
import { bearer, identityProvider, keyOf } from "./testing.ts";

describe("a qualified name", () => {
  const authority = fc.constantFrom("key" as const, "jwt" as const);
  const name = fc.string({ unit: "grapheme", maxLength: 400 });

  it("is another for every authority and name, and never long", async () => {
    await fc.assert(
      fc.asyncProperty(authority, name, authority, name, async (a, x, b, y) => {
        const [one, other] = [await qualifiedName(a, x), await qualifiedName(b, y)];
        expect(one === other).toBe(a === b && x === y);
        expect(encodeURIComponent(one).length).toBeLessThan(300);
      }),
    );
  });

  it("is no digest that somebody is called by", async () => {
    const long = await qualifiedName("key", "x".repeat(900));
    expect(long).toMatch(/^key#[0-9a-f]{64}$/);
    expect(await qualifiedName("key", long.slice("key#".length))).not.toBe(long);
    expect(await qualifiedName("key", `#${long.slice("key#".length)}`)).not.toBe(long);
  });
});

describe("names in credentials", () => {
  it("are apart by who gave them: a token's alice is not the key's", async () => {
    const { policy, sign } = await identityProvider();
    const { key, record } = await keyOf("alice", { id: "alice" });
    const authenticate = keysOrJwt(
      keyAuthenticator(listedKeys([record])),
      jwtAuthenticator(policy),
    );
    const subjects: string[] = [];
    const { request, post } = setUp({
      authenticate,
      rates: async ({ subject }) => void subjects.push(subject),
    });
    const body = await group(await post([["a", "image one"]], "", bearer(key)));
    const stranger = bearer(await sign({ sub: "alice" }));
    expect((await request(`/v1/groups/${body.id}`, { headers: stranger })).status).toBe(404);
    expect((await request(`/v1/groups/${body.id}`, { headers: bearer(key) })).status).toBe(200);
    expect(new Set(subjects)).toEqual(new Set(["key:alice", "jwt:alice"]));
  });

  it("are no names of the deployment's own", async () => {
    const { policy, sign } = await identityProvider();
    const tenants = new Set<string>();
    const stores = memoryStores();
    const { request } = setUp({
      stores: (tenant) => {
        tenants.add(tenant);
        return stores(tenant);
      },
      authenticate: jwtAuthenticator(policy),
    });
    for (const sub of ["workers", "workers:", "key:alice", "public"]) {
      const headers = bearer(await sign({ sub }));
      await request(`/v1/groups/${"a".repeat(64)}`, { headers });
    }
    expect([...tenants]).toEqual(["jwt:workers", "jwt:workers:", "jwt:key:alice", "jwt:public"]);
  });

  it("may be long, and in any script", async () => {
    const { policy, sign } = await identityProvider();
    const { post, request } = setUp({ authenticate: jwtAuthenticator(policy) });
    for (const sub of ["x".repeat(900), "語".repeat(300), "\u0000 /..\n"]) {
      const headers = bearer(await sign({ sub }));
      const body = await group(await post([["a", "image one"]], "", headers));
      expect(body.cache).toBe("miss");
      expect((await request(`/v1/groups/${body.id}`, { headers })).status).toBe(200);
    }
  });

  it("are refused where they are no text", async () => {
    const { policy, sign } = await identityProvider();
    const { key, record } = await keyOf("\udc00");
    const byKey = keyAuthenticator(listedKeys([record]));
    const claimed = jwtAuthenticator({ ...policy, tenantClaim: "org" });
    const { request } = setUp({ authenticate: keysOrJwt(byKey, claimed) });
    const tokens = [
      await sign({ sub: "\ud800", org: "a" }),
      await sign({ org: "a\ud800" }),
      await sign({ org: "" }),
      await sign({ org: ["a"] }),
      await sign({ sub: 5, org: "a" }),
      key,
    ];
    for (const token of tokens) {
      const response = await request("/v1/models", { headers: bearer(token) });
      expect([response.status, (await problem(response)).code]).toEqual([
        401,
        "credentials_invalid",
      ]);
    }
  });
});
