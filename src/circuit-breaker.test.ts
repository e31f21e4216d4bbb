import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { BREAKER_POLICY, CircuitBreaker } from "./circuit-breaker.ts";

const { failures, cooldown, maxCooldown, trial } = BREAKER_POLICY;
let now = 0;
let breaker: CircuitBreaker;

beforeEach(() => {
  now = 1e12;
  breaker = new CircuitBreaker(() => now);
});

function open(): void {
  for (let i = 0; i < failures; i++) breaker.enter()!.fail();
}

describe("the circuit breaker", () => {
  it("opens after failures in a row, not after failures between successes", () => {
    for (let i = 0; i < 10; i++) {
      for (let n = 1; n < failures; n++) breaker.enter()!.fail();
      breaker.enter()!.succeed();
    }
    expect(breaker.state).toBe("closed");
    open();
    expect(breaker.state).toBe("open");
    expect(breaker.enter()).toBeUndefined();
    expect(breaker.wait).toBe(cooldown);
  });

  it("lets one request try after a while, and closes when it succeeds", () => {
    open();
    now += cooldown;
    expect(breaker.state).toBe("half-open");
    const permit = breaker.enter()!;
    expect(permit.isTrial).toBe(true);
    expect(breaker.enter()).toBeUndefined();
    permit.succeed();
    expect(breaker.state).toBe("closed");
    expect(breaker.enter()!.isTrial).toBe(false);
  });

  it("stays open for longer after each trial that fails, up to a bound", () => {
    open();
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      now += breaker.wait;
      breaker.enter()!.fail();
      waits.push(breaker.wait);
    }
    expect(waits.slice(0, 2)).toEqual([2 * cooldown, 4 * cooldown]);
    expect(waits.at(-1)).toBe(maxCooldown);
    now += breaker.wait;
    breaker.enter()!.succeed();
    open();
    expect(breaker.wait).toBe(cooldown);
  });

  it("does not wait for a trial that vanished", () => {
    open();
    now += cooldown;
    breaker.enter();
    expect(breaker.enter()).toBeUndefined();
    now += trial;
    expect(breaker.enter()).toBeDefined();
  });

  it("leaves a busy backend alone for as long as it asked", () => {
    breaker.enter()!.postpone(2000);
    expect(breaker.state).toBe("closed");
    expect(breaker.enter()).toBeUndefined();
    now += 2000;
    expect(breaker.enter()).toBeDefined();
  });

  it("hears each outcome once", () => {
    const permit = breaker.enter()!;
    for (let i = 0; i < failures; i++) permit.fail();
    expect(breaker.state).toBe("closed");
  });

  it("never shuts for good, whatever happens", () => {
    const step = fc.record({
      outcome: fc.constantFrom("succeed", "fail", "postpone", "vanish"),
      passes: fc.nat(100_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        now = 1e12;
        breaker = new CircuitBreaker(() => now);
        for (const { outcome, passes } of steps) {
          const permit = breaker.enter();
          if (outcome === "postpone") permit?.postpone(passes);
          else if (outcome !== "vanish") permit?.[outcome as "succeed" | "fail"]();
          now += passes;
        }
        now += Math.max(maxCooldown, trial, 100_000);
        const permit = breaker.enter()!;
        permit.succeed();
        expect(breaker.state).toBe("closed");
      }),
    );
  });
});
