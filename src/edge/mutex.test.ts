import { afterEach, describe, expect, it, vi } from "vitest";
import { createMutex } from "./mutex.ts";

/** One caller, who does not disconnect. */
const someone = { caller: "", signal: new AbortController().signal };
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

  it("passes over work that is no longer renewed", async () => {
    const runExclusive = createMutex({ timeout: 30, pollInterval: 1 });
    void runExclusive(() => new Promise(() => {}), someone);
    expect(await runExclusive(async () => 7, someone)).toBe(7);
  });

  it("unlocks at once when a request is aborted, running or waiting", async () => {
    const runExclusive = createMutex({ timeout: 60_000, pollInterval: 1 });
    const [atWork, waiting] = [new AbortController(), new AbortController()];
    void runExclusive(() => new Promise(() => {}), { caller: "", signal: atWork.signal });
    const second = runExclusive(async () => {}, { caller: "", signal: waiting.signal });
    const third = runExclusive(async () => 7, someone);
    waiting.abort(new Error("gone"));
    await expect(second).rejects.toThrow("gone");
    atWork.abort();
    expect(await third).toBe(7);
  });

  it("waits for work that is renewed", async () => {
    vi.useFakeTimers();
    const runExclusive = createMutex({ timeout: 30, pollInterval: 1 });
    const log: string[] = [];
    void runExclusive(async (renew) => {
      for (let i = 0; i < 10; i++) {
        await pause(10);
        renew();
      }
      log.push("long work");
    }, someone);
    void runExclusive(async () => void log.push("next"), someone);
    await vi.advanceTimersByTimeAsync(90);
    expect(log).toEqual([]);
    await vi.advanceTimersByTimeAsync(20);
    expect(log).toEqual(["long work", "next"]);
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
    await expect(runExclusive(async () => {}, { caller: "", signal })).rejects.toThrow("gone");
    expect(await runExclusive(async () => 7, someone)).toBe(7);
  });

  describe("is fair between callers", () => {
    const { signal } = someone;

    /** Runs what each caller sends, in that order, and says whose work was done in which. */
    async function orderOf(callers: string, maxWaiting = 100): Promise<[string, string]> {
      const runExclusive = createMutex({ pollInterval: 1, maxWaiting });
      let done = "";
      let refused = "";
      const running = Promise.withResolvers<void>();
      const all = [...callers].map(async (caller) => {
        const work = async () => {
          await running.promise;
          done += caller;
        };
        await runExclusive(work, { caller, signal }).catch((error) => {
          expect(error).toMatchObject({ code: "backend_unavailable", retryAfter: 5 });
          refused += caller;
        });
      });
      await pause(20);
      running.resolve();
      await Promise.all(all);
      return [done, [...refused].sort().join("")];
    }

    it("a caller that sends much does not make others wait longer", async () => {
      expect(await orderOf("aaaab")).toEqual(["abaaa", ""]);
      expect(await orderOf("aaabbcb")).toEqual(["abcabab", ""]);
      expect(await orderOf("abc")).toEqual(["abc", ""]);
    });

    it("nor does it fill the queue: it loses the place that others need", async () => {
      expect(await orderOf("aaaa", 2)).toEqual(["aaa", "a"]);
      expect(await orderOf("aaab", 2)).toEqual(["aba", "a"]);
      expect(await orderOf("aaabc", 2)).toEqual(["abc", "aa"]);
      expect(await orderOf("aaabcd", 2)).toEqual(["abc", "aad"]);
    });
  });
});
