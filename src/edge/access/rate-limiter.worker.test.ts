import { env } from "cloudflare:workers";
import type { DurableObjectNamespace } from "@cloudflare/workers-types";
import { describe, expect, it } from "vitest";
import config from "../../../wrangler.toml?raw";
import { silent } from "../../app/index.ts";
import { edgeRateLimiter, RATES, type RateBinding } from "./rate-limiter.ts";
import type { Count } from "./rate-object.ts";

const bindings = env as {
  RATE_READ: RateBinding;
  RATE_WRITE: RateBinding;
  RATE_COMPUTE: RateBinding;
  RATES: DurableObjectNamespace;
};
const { RATE_READ: read, RATE_WRITE: write, RATE_COMPUTE: compute } = bindings;
const counterOf = (name: string) =>
  bindings.RATES.get(bindings.RATES.idFromName(name)) as unknown as {
    count(limit: number): Promise<Count>;
  };

describe("rate limits", () => {
  it("equal those of wrangler.toml", () => {
    for (const [kind, limit] of Object.entries(RATES)) {
      const name = `RATE_${kind.toUpperCase()}`;
      expect(config).toMatch(
        new RegExp(
          `name = "${name}"\\nnamespace_id = "\\d+"\\nsimple = { limit = ${limit}, period = 60 }`,
        ),
      );
    }
  });

  it("count each caller and kind separately, by the runtime's binding", async () => {
    const rates = edgeRateLimiter({ bindings: { read, write, compute }, log: silent });
    const of = (subject: string) => rates({ subject, kind: "compute" });
    for (let i = 0; i < RATES.compute; i++) {
      expect(await of("a")).toEqual({ allowed: true, limit: RATES.compute, window: 60 });
    }
    expect((await of("a"))?.allowed).toBe(false);
    expect((await of("b"))?.allowed).toBe(true);
    expect((await rates({ subject: "a", kind: "read" }))?.allowed).toBe(true);
  });

  it("of a single key are counted by an object, which knows how many are left", async () => {
    const rates = edgeRateLimiter({ bindings: {}, counterOf, log: silent });
    const of = (subject: string) => rates({ subject, kind: "read", perMinute: 2 });
    expect(await of("c")).toMatchObject({ allowed: true, limit: 2, remaining: 1, window: 60 });
    expect(await of("c")).toMatchObject({ allowed: true, remaining: 0 });
    const refused = await of("c");
    expect(refused).toMatchObject({ allowed: false, remaining: 0 });
    expect(refused?.reset).toBeGreaterThan(0);
    expect(refused?.reset).toBeLessThanOrEqual(60);
    expect(await of("d")).toMatchObject({ allowed: true, remaining: 1 });
  });

  it("are off without bindings, and when a limiter fails", async () => {
    const broken = { limit: () => Promise.reject(new Error("down")) };
    const request = { subject: "e", kind: "read" } as const;
    expect(await edgeRateLimiter({ bindings: {}, log: silent })(request)).toBeUndefined();
    const failing = edgeRateLimiter({ bindings: { read: broken }, log: silent });
    expect(await failing(request)).toBeUndefined();
  });
});
