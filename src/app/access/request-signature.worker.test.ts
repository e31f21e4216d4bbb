import { expect, it } from "vitest";
import { contentDigest, NonceMemory, sign, verify } from "./request-signature.ts";
import { signedTenant } from "./signed-tenant.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const NOW = 1_800_000_000_000;

it("reads in workerd what Node's own HMAC has signed", async () => {
  const headers = new Headers({
    "content-digest": "sha-256=:iQVdHSlOjj/6ymeoxsEfEgj3gI0Z3jQhm2fdwYGkXBw=:",
    "cosal-tenant": `t-${"ab".repeat(16)};keep=3600`,
    "cosal-time": "1800000000000",
    "cosal-nonce": "a".repeat(32),
    "cosal-signature": "a588bb7bdc1cabeb1f48517b5c6845d44d535e2f2c7f257643743c385b59e99b",
  });
  const request = { method: "POST", target: "/v1/groups?output=logits", headers };
  const options = { secret: SECRET, now: NOW, nonces: new NonceMemory() };
  expect(await verify(request, options)).toMatchObject({ ok: true });
});

it("signs in workerd", async () => {
  const digest = await contentDigest(new TextEncoder().encode("photographs"));
  const tenant = await signedTenant("alice", SECRET, 3600);
  const parts = { method: "POST", target: "/v1/groups?output=logits", digest, tenant };
  const headers = new Headers(await sign(parts, SECRET, NOW));
  const options = { secret: SECRET, now: NOW, nonces: new NonceMemory() };
  expect(await verify({ ...parts, headers }, options)).toMatchObject({
    ok: true,
    digest,
    tenant: { keep: 3600 },
  });
});
