import { describe, expect, it } from "vitest";
import { memoize } from "./memoize.ts";

describe("memoize", () => {
  it("loads when first asked, and not again", async () => {
    let loads = 0;
    const load = memoize(async () => ({ n: ++loads }));
    expect(loads).toBe(0);
    expect(await load()).toBe(await load());
    expect(loads).toBe(1);
  });

  it("tries again after a failure", async () => {
    let loads = 0;
    const load = memoize(async () => {
      if (++loads === 1) throw new Error("no");
      return { n: loads };
    });
    await expect(load()).rejects.toThrow("no");
    expect(await load()).toEqual({ n: 2 });
  });

  it("does not wait for a load that never ends", async () => {
    let loads = 0;
    const load = memoize(() =>
      ++loads === 1 ? new Promise<object>(() => {}) : Promise.resolve({ n: loads }),
    );
    void load();
    expect(await load()).toEqual({ n: 2 });
  });

  it("gives the same value to all calls that load at the same time", async () => {
    const load = memoize(async () => ({}));
    const [a, b] = await Promise.all([load(), load()]);
    expect(a).toBe(b);
  });
});
