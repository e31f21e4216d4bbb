import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { RoundRobinQueue } from "./round-robin-queue.ts";

describe("the queue", () => {
  it("serves callers by turns, each first come, first served", () => {
    const queue = new RoundRobinQueue<string>(1);
    for (const item of ["a1", "a2", "a3", "b1", "c1", "b2"]) queue.push(item, item.charAt(0));
    const order: string[] = [];
    for (let taken = queue.take(); taken !== undefined; taken = queue.take()) {
      order.push(taken.item);
      taken.release();
    }
    expect(order).toEqual(["a1", "b1", "c1", "a2", "b2", "a3"]);
  });

  it("takes what nobody waits for after all else", () => {
    const queue = new RoundRobinQueue<string>(4);
    queue.push("background", "z", true);
    for (const item of ["a1", "b1"]) queue.push(item, item.charAt(0));
    expect([queue.take()?.item, queue.take()?.item]).toEqual(["a1", "b1"]);
    expect(queue.take()?.item).toBe("background");
  });

  it("begins no more of one caller than an equal share", () => {
    const queue = new RoundRobinQueue<string>(4);
    for (const item of ["a1", "a2", "a3", "b1"]) queue.push(item, item.charAt(0));
    const taken = [queue.take(), queue.take(), queue.take()];
    expect(taken.map((one) => one?.item)).toEqual(["a1", "b1", "a2"]);
    expect(queue.take()).toBeUndefined();
    taken[0]?.release();
    expect(queue.take()?.item).toBe("a3");
  });

  it("keeps the share of who was here a moment ago, and gives all to who is alone", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const queue = new RoundRobinQueue<string>(4);
    queue.push("b1", "b");
    queue.take()?.release();
    for (let i = 0; i < 6; i++) queue.push(`a${i}`, "a");
    const take = () => {
      const taken: string[] = [];
      for (let one = queue.take(); one !== undefined; one = queue.take()) taken.push(one.item);
      return taken;
    };
    expect(take()).toEqual(["a0", "a1"]);
    vi.advanceTimersByTime(11_000);
    expect(take()).toEqual(["a2", "a3"]);
    vi.useRealTimers();
  });

  it("forgets what is removed, and says whether it still waited", () => {
    const queue = new RoundRobinQueue<string>(1);
    queue.push("a1", "a");
    queue.push("a2", "a");
    queue.take();
    expect([queue.remove("a1"), queue.remove("a2")]).toEqual([false, true]);
  });

  it("makes nobody wait for more than one item of each other caller", () => {
    const arrivals = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(arrivals, (callers) => {
        const queue = new RoundRobinQueue<number>(1);
        for (const [i, caller] of callers.entries()) queue.push(i, caller);
        queue.push(-1, "new");
        const before: string[] = [];
        for (;;) {
          const taken = queue.take();
          taken?.release();
          if (taken?.item === -1) break;
          before.push(callers[taken?.item as number] as string);
        }
        expect(new Set(before).size).toBe(before.length);
      }),
    );
  });
});
