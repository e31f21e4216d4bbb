import { afterEach, describe, expect, it, vi } from "vitest";
import { createMutex } from "./mutex.ts";

/** One caller, who does not disconnect. */
const someone = { caller: "", images: 1, signal: new AbortController().signal };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

afterEach(() => {
  vi.useRealTimers();
});

describe("mutex", () => {
  it("runs one piece of work at a time, in order", async () => {
    const runExclusive = createMutex({ timeout: 1000, pollInterval: 1 });
    const log: string[] = [];
    await Promise.all(
      ["a", "b", "c"].map((name) =>
        runExclusive(async () => {
          log.push(`${name} begins`);
          await pause(5);
          log.push(`${name} ends`);
        }, someone),
      ),
    );
    expect(log).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  it("unlocks when the work throws", async () => {
    const runExclusive = createMutex({ timeout: 1000, pollInterval: 1 });
    const failed = runExclusive(() => Promise.reject(new Error("no")), someone);
    await expect(failed).rejects.toThrow("no");
    expect(await runExclusive(async () => 7, someone)).toBe(7);
  });

  it("passes over work that does not end its piece", async () => {
    const runExclusive = createMutex({ timeout: 30, pollInterval: 1 });
    void runExclusive(() => new Promise(() => {}), someone);
    expect(await runExclusive(async () => 7, someone)).toBe(7);
  });

  it("unlocks at once when a request is aborted, running or waiting", async () => {
    const runExclusive = createMutex({ timeout: 60_000, pollInterval: 1 });
    const [atWork, waiting] = [new AbortController(), new AbortController()];
    void runExclusive(() => new Promise(() => {}), { ...someone, signal: atWork.signal });
    const second = runExclusive(async () => {}, { ...someone, signal: waiting.signal });
    const third = runExclusive(async () => 7, someone);
    waiting.abort(new Error("gone"));
    await expect(second).rejects.toThrow("gone");
    atWork.abort();
    expect(await third).toBe(7);
  });

  it("waits for work that gives way now and then", async () => {
    vi.useFakeTimers();
    const runExclusive = createMutex({ timeout: 30, pollInterval: 1 });
    const log: string[] = [];
    void runExclusive(async (giveWay) => {
      for (let i = 0; i < 10; i++) {
        await pause(10);
        await giveWay();
      }
      log.push("long work");
    }, someone);
    void runExclusive(async () => void log.push("next"), someone);
    await vi.advanceTimersByTimeAsync(90);
    expect(log).toEqual([]);
    await vi.advanceTimersByTimeAsync(60);
    expect(log).toEqual(["long work", "next"]);
  });

  it("does what is in the background when nobody else waits, or after a while", async () => {
    vi.useFakeTimers();
    const runExclusive = createMutex({ pollInterval: 1, maxBackgroundWait: 50 });
    const log: string[] = [];
    const pieces = (name: string, count: number) => async (giveWay: () => Promise<void>) => {
      for (let i = 1; i <= count; i++) {
        await pause(10);
        log.push(`${name} ${i}`);
        if (i < count) await giveWay();
      }
    };
    const background = { ...someone, caller: "batch", isBackground: true };
    void runExclusive(pieces("batch", 3), background);
    void runExclusive(pieces("a", 2), { ...someone, caller: "a" });
    void runExclusive(pieces("b", 8), { ...someone, caller: "b" });
    await vi.advanceTimersByTimeAsync(300);
    const names = log.map((piece) => piece.split(" ")[0]);
    const [first, second, third] = names.flatMap((name, i) => (name === "batch" ? [i] : []));
    expect(first).toBe(0);
    // Four or five pieces of others take as long as it waits at most.
    expect(second).toBeGreaterThan(4);
    expect(second).toBeLessThan(8);
    expect(third).toBe(names.length - 1);
  });

  it("refuses work at once while the queue is full, and takes it again afterwards", async () => {
    const runExclusive = createMutex({ pollInterval: 1, maxWaiting: 2 });
    const running = Promise.withResolvers<void>();
    const queued = [1, 2, 3].map(() => runExclusive(() => running.promise, someone));
    const busy = { code: "backend_unavailable", retryAfter: expect.any(Number) };
    await expect(runExclusive(async () => {}, someone)).rejects.toMatchObject(busy);
    running.resolve();
    await Promise.all(queued);
    expect(await runExclusive(async () => 7, someone)).toBe(7);
  });

  it("refuses work that has waited too long", async () => {
    const runExclusive = createMutex({ pollInterval: 1, maxWait: 20 });
    const running = Promise.withResolvers<number>();
    const first = runExclusive(() => running.promise, someone);
    await expect(runExclusive(async () => {}, someone)).rejects.toMatchObject({
      code: "backend_unavailable",
    });
    running.resolve(1);
    expect(await first).toBe(1);
    expect(await runExclusive(async () => 7, someone)).toBe(7);
  });

  it("does not run the work of a request that is already aborted", async () => {
    const runExclusive = createMutex();
    const signal = AbortSignal.abort(new Error("gone"));
    await expect(runExclusive(async () => {}, { ...someone, signal })).rejects.toThrow("gone");
    expect(await runExclusive(async () => 7, someone)).toBe(7);
  });

  describe("is fair between callers", () => {
    /** Pieces of work, their lengths in milliseconds; for so many photographs. */
    interface Work {
      readonly caller: string;
      readonly pieces: readonly number[];
      readonly images?: number;
      /** Milliseconds after which it comes. */
      readonly at?: number;
    }

    /** Whose pieces are done in which order, and whose work is refused. */
    async function orderOf(
      all: readonly Work[],
      limits: Parameters<typeof createMutex>[0] = {},
    ): Promise<[done: string, refused: string]> {
      vi.useFakeTimers();
      const runExclusive = createMutex({ pollInterval: 1, maxWaiting: 100, ...limits });
      let done = "";
      const refused: string[] = [];
      for (const { caller, pieces, images = 1, at = 0 } of all) {
        const work = async (giveWay: () => Promise<void>) => {
          for (const ms of pieces) {
            await pause(ms);
            done += caller;
            await giveWay();
          }
        };
        setTimeout(() => {
          runExclusive(work, { ...someone, caller, images }).catch((error) => {
            expect(error).toMatchObject({ code: "backend_unavailable", retryAfter: 5 });
            refused.push(caller);
          });
        }, at);
      }
      await vi.advanceTimersByTimeAsync(10_000);
      return [done, refused.sort().join("")];
    }

    const many = (caller: string, count: number, pieces: number[], images = 1): Work[] =>
      Array.from({ length: count }, () => ({ caller, pieces, images }));

    it("between the pieces of a group whoever has had the least goes first", async () => {
      const long = { caller: "a", pieces: [50, 50, 50, 50] };
      const short = { caller: "b", pieces: [25, 25, 25], at: 60 };
      expect((await orderOf([long, short]))[0]).toBe("aabbaba");
    });

    it("whose pieces are long waits for as long as they were", async () => {
      const heavy = { caller: "a", pieces: [400, 400] };
      const light = { caller: "b", pieces: Array<number>(6).fill(50), at: 10 };
      expect((await orderOf([heavy, light]))[0]).toBe("abbbbbba");
    });

    it("a caller that sends much does one after the other, whoever else comes", async () => {
      const sent = [...many("a", 3, [50, 50]), { caller: "b", pieces: [20, 20], at: 110 }];
      expect((await orderOf(sent))[0]).toBe("aaabbaaa");
    });

    it("who has had less may catch up when they come again, and a newcomer may not", async () => {
      const steady = { caller: "a", pieces: Array<number>(8).fill(50) };
      const returning = [0, 260].map((at) => ({ caller: "b", pieces: [50, 50], at }));
      expect((await orderOf([steady, ...returning]))[0]).toBe("ababaabbaaaa");
      const newcomer = { caller: "c", pieces: [50, 50], at: 260 };
      expect((await orderOf([steady, newcomer]))[0]).toBe("aaaaaacaca".slice(0, 10));
    });

    it("but by no more than a second", async () => {
      const steady = { caller: "a", pieces: Array<number>(20).fill(200) };
      const returning = [0, 2050].map((at) => ({
        ...{ caller: "b", pieces: Array<number>(8).fill(200), at },
      }));
      returning[0]!.pieces.length = 1;
      expect((await orderOf([steady, ...returning]))[0]).toMatch(/^aba{9}b{5,6}ab/);
    });

    it("begins no more groups than there is room for", async () => {
      const large = { caller: "a", pieces: [50, 50, 50, 50], images: 64 };
      const small = { caller: "b", pieces: [50, 50], images: 8, at: 10 };
      const other = { caller: "c", pieces: [10, 10], images: 2, at: 20 };
      expect((await orderOf([large, small, other], { maxImages: 72 }))[0]).toBe("ababacca");
    });

    it("a full queue loses the last request of who has most in it", async () => {
      const one = (callers: string) =>
        [...callers].map((caller, i) => ({ caller, pieces: [100], at: i }));
      const limits = { maxWaiting: 2 };
      expect(await orderOf(one("aaaa"), limits)).toEqual(["aaa", "a"]);
      expect(await orderOf(one("aaab"), limits)).toEqual(["aba", "a"]);
      expect(await orderOf(one("aaabc"), limits)).toEqual(["abc", "aa"]);
      expect(await orderOf(one("aaabcd"), limits)).toEqual(["abc", "aad"]);
    });
  });
});
