import { describe, expect, it } from "vitest";
import { FairShares } from "./fair-shares.ts";

/** Serves whoever has had the least, `ms` at a time; in the order of names where that is equal. */
function serve(shares: FairShares, callers: string, turns: number, ms = 100): string {
  let order = "";
  for (let i = 0; i < turns; i++) {
    const [first = ""] = [...callers].toSorted((a, b) => shares.of(a) - shares.of(b));
    shares.begin(first);
    shares.add(first, ms);
    order += first;
  }
  return order;
}

describe("fair shares", () => {
  it("are equal in time, whatever a turn takes", () => {
    const shares = new FairShares();
    shares.begin("a");
    shares.add("a", 400);
    expect(serve(shares, "ab", 6)).toBe("bbbbab");
  });

  it("let nobody catch up who has not been here before", () => {
    const shares = new FairShares();
    serve(shares, "a", 50);
    expect(serve(shares, "ab", 4)).toBe("baba");
  });

  it("let who has had less catch up, by no more than a second", () => {
    const shares = new FairShares();
    serve(shares, "ab", 2);
    serve(shares, "a", 5);
    expect(serve(shares, "ab", 7)).toBe("bbbbbab");
    serve(shares, "a", 50);
    const order = serve(shares, "ab", 14);
    expect(order.indexOf("a")).toBeGreaterThanOrEqual(10);
    expect(order.indexOf("a")).toBeLessThanOrEqual(11);
  });

  it("forget what was had before all had rested, but for that", () => {
    const shares = new FairShares();
    serve(shares, "a", 50);
    shares.rest();
    expect(shares.of("a")).toBe(shares.of("b"));
  });
});
