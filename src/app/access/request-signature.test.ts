import { createHash, createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  contentDigest,
  NonceMemory,
  SIGNATURE_WINDOW,
  type SignedParts,
  sign,
  verify,
} from "./request-signature.ts";
import { signedTenant } from "./signed-tenant.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const NOW = 1_800_000_000_000;
const TENANT = `t-${"ab".repeat(16)};keep=3600`;

async function signed(change: Partial<SignedParts> = {}, now = NOW, secret = SECRET) {
  const digest = await contentDigest(new TextEncoder().encode("photographs"));
  const parts = {
    method: "POST",
    target: "/v1/groups?output=logits",
    digest,
    tenant: TENANT,
    ...change,
  };
  return { ...parts, headers: new Headers(await sign(parts, secret, now)) };
}

const options = (change: { now?: number; secret?: string; nonces?: NonceMemory } = {}) => ({
  secret: SECRET,
  now: NOW,
  nonces: new NonceMemory(),
  ...change,
});

describe("a signed request", () => {
  it("is taken, and tells what its body has to be", async () => {
    const request = await signed();
    expect(await verify(request, options())).toEqual({
      ok: true,
      digest: request.digest,
      tenant: { name: `t-${"ab".repeat(16)}`, keep: 3600 },
    });
  });

  it("is what the description says, so that any language can sign", async () => {
    const { headers, method, target } = await signed();
    const digest = `sha-256=:${createHash("sha256").update("photographs").digest("base64")}:`;
    expect(headers.get("content-digest")).toBe(digest);
    const nonce = headers.get("cosal-nonce");
    const text = `cosal-signature/2\n${method}\n${target}\n${digest}\n${TENANT}\n${NOW}\n${nonce}\n`;
    const signature = createHmac("sha256", SECRET).update(text).digest("hex");
    expect(headers.get("cosal-signature")).toBe(signature);
  });

  it("is forged when anything signed is changed", async () => {
    const request = await signed();
    const elsewhere = { ...request, target: "/v1/groups" };
    expect(await verify(elsewhere, options())).toEqual({ ok: false, reason: "forged" });
    expect(await verify({ ...request, method: "PUT" }, options())).toMatchObject({
      reason: "forged",
    });
    for (const [name, value] of [
      ["content-digest", await contentDigest(new Uint8Array())],
      ["cosal-tenant", TENANT.replace("3600", "3601")],
      ["cosal-time", String(NOW + 1)],
      ["cosal-nonce", "0".repeat(32)],
      ["cosal-signature", "0".repeat(64)],
    ] as const) {
      const headers = new Headers(request.headers);
      headers.set(name, value);
      expect(await verify({ ...request, headers }, options())).toMatchObject({ reason: "forged" });
    }
    const other = options({ secret: SECRET.replace("0", "1") });
    expect(await verify(request, other)).toMatchObject({ reason: "forged" });
  });

  it("is told from one that is not signed, and from one that is no signature", async () => {
    const request = await signed();
    const none = { ...request, headers: new Headers() };
    expect(await verify(none, options())).toMatchObject({ reason: "missing" });
    for (const name of ["content-digest", "cosal-tenant", "cosal-time", "cosal-nonce"]) {
      const headers = new Headers(request.headers);
      headers.delete(name);
      expect(await verify({ ...request, headers }, options())).toMatchObject({
        reason: "malformed",
      });
    }
  });

  it("names its tenant to nobody, each differently, and the same to all who share the secret", async () => {
    const names = await Promise.all(
      ["", "alice", "bob"].map((tenant) => signedTenant(tenant, SECRET, 60.9)),
    );
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(name).toMatch(/^t-[0-9a-f]{32};keep=60$/);
    expect(await signedTenant("alice", SECRET, 60)).toBe(names[1]);
    expect(await signedTenant("alice", SECRET.replace("0", "1"), 60)).not.toBe(names[1]);
  });

  it("holds for the window, before and after", async () => {
    const request = await signed();
    for (const apart of [-SIGNATURE_WINDOW, SIGNATURE_WINDOW]) {
      expect(await verify(request, options({ now: NOW + apart }))).toMatchObject({ ok: true });
      const beyond = options({ now: NOW + apart + Math.sign(apart) });
      expect(await verify(request, beyond)).toMatchObject({ reason: "expired" });
    }
  });

  it("is taken once", async () => {
    const nonces = new NonceMemory();
    const request = await signed();
    expect(await verify(request, options({ nonces }))).toMatchObject({ ok: true });
    expect(await verify(request, options({ nonces }))).toMatchObject({ reason: "replayed" });
    expect(await verify(await signed(), options({ nonces }))).toMatchObject({ ok: true });
  });

  it("takes no room unless it is genuine", async () => {
    const nonces = new NonceMemory();
    await verify({ ...(await signed()), method: "PUT" }, options({ nonces }));
    await verify(await signed({}, NOW - 2 * SIGNATURE_WINDOW), options({ nonces }));
    expect(nonces.size).toBe(0);
  });

  it("asks for a secret that cannot be guessed", async () => {
    await expect(signed({}, NOW, "short")).rejects.toThrow("at least 32 characters");
    await expect(verify(await signed(), options({ secret: "" }))).rejects.toThrow(TypeError);
  });
});

describe("the memory of nonces", () => {
  it("takes none beyond its limit, and forgets when a signature could no longer hold", () => {
    const nonces = new NonceMemory(2);
    expect([nonces.take("a", 0), nonces.take("b", 1), nonces.take("c", 2)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(nonces.take("c", 2 * SIGNATURE_WINDOW + 1)).toBe(true);
    expect(nonces.take("b", 2 * SIGNATURE_WINDOW + 1)).toBe(false);
  });

  it("never takes one twice within the window, whatever arrives", () => {
    const arrivals = fc.array(
      fc.record({ nonce: fc.constantFrom("a", "b", "c", "d"), wait: fc.nat(SIGNATURE_WINDOW) }),
    );
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 4 }), (steps, limit) => {
        const nonces = new NonceMemory(limit);
        const taken = new Map<string, number>();
        let now = 0;
        for (const { nonce, wait } of steps) {
          now += wait;
          const isTaken = nonces.take(nonce, now);
          const before = taken.get(nonce);
          if (isTaken && before !== undefined && now - before <= 2 * SIGNATURE_WINDOW) return false;
          if (isTaken) taken.set(nonce, now);
          if (nonces.size > limit) return false;
        }
        return true;
      }),
    );
  });
});
