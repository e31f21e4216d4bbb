import { expect, it } from "vitest";
import { contentDigest, NonceMemory, sign, verify } from "./request-signature.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const NOW = 1_800_000_000_000;

it("reads in workerd what Node's own HMAC has signed", async () => {
  const headers = new Headers({
    "content-digest": "sha-256=:iQVdHSlOjj/6ymeoxsEfEgj3gI0Z3jQhm2fdwYGkXBw=:",
    "cosal-time": "1800000000000",
    "cosal-nonce": "a".repeat(32),
    "cosal-signature": "73b0ce23b1d3e8482679d46dd9c2812d06cbe5cd74b4d1eb62f192d754ddb33a",
  });
  const request = { method: "POST", target: "/v1/groups?output=logits", headers };
  const options = { secret: SECRET, now: NOW, nonces: new NonceMemory() };
  expect(await verify(request, options)).toMatchObject({ ok: true });
});

it("signs in workerd", async () => {
  const digest = await contentDigest(new TextEncoder().encode("photographs"));
  const parts = { method: "POST", target: "/v1/groups?output=logits", digest };
  const headers = new Headers(await sign(parts, SECRET, NOW));
  const options = { secret: SECRET, now: NOW, nonces: new NonceMemory() };
  expect(await verify({ ...parts, headers }, options)).toEqual({ ok: true, digest });
});
