import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BATCH_SHAPES, BATCHING, type Batching, batchShape, MAX_BATCH } from "./batch-shapes.ts";
import { FairQueue, type Flow, MAX_BACKGROUND_WAIT, MAX_WAIT } from "./fair-queue.ts";

describe("the shape of a batch", () => {
  it("holds at least what it is for, or is full", () => {
    for (let waiting = 1; waiting <= 100; waiting++) {
      for (const pads of [true, false]) {
        const shape = batchShape(waiting, { largest: MAX_BATCH, pads });
        expect(BATCH_SHAPES).toContain(shape);
        const empty = Math.max(0, shape - waiting);
        expect(empty).toBeLessThanOrEqual(pads ? shape / 4 : 0);
        // Never fewer than half of what could be taken.
        expect(2 * shape).toBeGreaterThan(Math.min(waiting, MAX_BATCH));
      }
    }
    const shapes = (batching: Batching) =>
      [1, 2, 3, 5, 6, 9, 12, 40].map((waiting) => batchShape(waiting, batching));
    expect(shapes(BATCHING.webgpu)).toEqual([1, 2, 4, 4, 8, 8, 16, 16]);
    expect(shapes(BATCHING.native)).toEqual([1, 2, 2, 2, 2, 2, 2, 2]);
    expect(shapes(BATCHING.wasm)).toEqual([1, 2, 2, 4, 4, 4, 4, 4]);
  });
});

describe("the queue", () => {
  const flow = (images: number, caller = ""): Flow => ({ images, caller, served: 0 });

  it("lets groups take turns, and the smaller of two end first", () => {
    const queue = new FairQueue<string>();
    const [large, small] = [flow(5), flow(2)];
    for (let i = 0; i < 5; i++) queue.push(`large ${i}`, large, 0);
    for (let i = 0; i < 2; i++) queue.push(`small ${i}`, small, 0);
    expect(queue.take(5, 0)).toEqual(["small 0", "large 0", "small 1", "large 1", "large 2"]);
    expect(queue.take(5, 0)).toEqual(["large 3", "large 4"]);
  });

  it("takes groups that nobody waits for when there are no others, or they have waited for long", () => {
    const queue = new FairQueue<string>();
    const background: Flow = { ...flow(1), isBackground: true };
    queue.push("background 0", background, 0);
    queue.push("background 1", background, 0);
    const large = flow(3);
    for (let i = 0; i < 3; i++) queue.push(`large ${i}`, large, 10);
    expect(queue.take(4, MAX_WAIT + 1)).toEqual(["large 0", "large 1", "large 2", "background 0"]);
    queue.push("late", flow(1), 20);
    expect(queue.take(1, MAX_BACKGROUND_WAIT + 1)).toEqual(["background 1"]);
  });

  /** A large group under a stream of small ones, one batch of 2 each 100 ms: when it is done. */
  function endOfLargeGroup(maxWait: number): number {
    const queue = new FairQueue<Flow>(undefined, maxWait);
    const large = flow(6);
    for (let i = 0; i < 6; i++) queue.push(large, large, 0);
    for (let now = 0; now < 100_000; now += 100) {
      for (let i = 0; i < 2; i++) {
        const small = flow(1);
        queue.push(small, small, now);
      }
      queue.take(2, now);
      if (large.served === 6) return now;
    }
    return Number.POSITIVE_INFINITY;
  }

  it("serves whoever has had the least of the device, however long another's images wait", () => {
    const served: Record<string, number> = { many: 500, one: 100 };
    const queue = new FairQueue<string>((caller) => served[caller] ?? 0);
    for (let i = 0; i < 20; i++) queue.push(`many ${i}`, flow(1, "many"), 0);
    queue.push("one", flow(4, "one"), 2 * MAX_WAIT);
    expect(queue.caller(2 * MAX_WAIT)).toBe("one");
    expect(queue.take(2, 2 * MAX_WAIT)).toEqual(["one", "many 0"]);
    served.many = 0;
    queue.push("one", flow(4, "one"), 2 * MAX_WAIT);
    expect(queue.take(2, 2 * MAX_WAIT)).toEqual(["many 1", "many 2"]);
  });

  it("starves nobody, as it would without a longest wait", () => {
    expect(endOfLargeGroup(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(endOfLargeGroup(MAX_WAIT)).toBeLessThanOrEqual(MAX_WAIT + 400);
  });

  it("keeps nobody for longer than the longest wait and those before them, whoever comes after", () => {
    const BATCH_TIME = 70;
    const arrivals = fc.array(
      fc.record({ wait: fc.nat(120), images: fc.integer({ min: 1, max: 64 }) }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(arrivals, fc.boolean(), (groups, pads) => {
        const queue = new FairQueue<{ arrived: number; before: number }>();
        const joins: { at: number; images: number }[] = [];
        let clock = 0;
        for (const { wait, images } of groups) {
          clock += wait;
          joins.push({ at: clock, images });
        }
        const total = groups.reduce((sum, { images }) => sum + images, 0);
        let served = 0;
        for (let now = 0; joins.length > 0 || queue.length > 0; now += BATCH_TIME) {
          while (joins.length > 0 && joins[0]!.at <= now) {
            const { at, images } = joins.shift()!;
            const own = flow(images);
            for (let i = 0; i < images; i++) {
              queue.push({ arrived: at, before: queue.length }, own, at);
            }
          }
          if (queue.length === 0) continue;
          for (const { arrived, before } of queue.take(
            batchShape(queue.length, { largest: 16, pads }),
            now,
          )) {
            served++;
            // All before go first; the last of them may take one batch of each shape.
            const batches = Math.ceil((before + 1) / MAX_BATCH) + BATCH_SHAPES.length;
            if (now - arrived > MAX_WAIT + batches * BATCH_TIME) return false;
          }
        }
        return served === total;
      }),
    );
  });
});
